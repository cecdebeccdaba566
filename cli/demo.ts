// The demo: `start` without a configuration file and without --argocd. It never touches a real Argo CD.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadConfig } from '../config/load.ts';
import type { LoadResult } from '../config/load.ts';
import type { GivenFlags } from './flags.ts';
import { processSections } from './processes.ts';

type Section = (typeof processSections.start)[number];
type Loaded = LoadResult<Section, 'argocd.server'>;

export interface Start {
  readonly demo: boolean;
  readonly loaded: Loaded;
}

const origin = 'the demo';

/** Whether `start` would be the demo. @param argocd whether --argocd was given */
export function isDemo(given: GivenFlags, argocd: boolean, cwd: string): boolean {
  const hasFile = given.configFile !== undefined || existsSync(resolve(cwd, 'config/release-button.yaml'));
  const namesServer = Object.keys(given.flags).some((key) => key.startsWith('argocd.'));
  return !hasFile && !argocd && !namesServer;
}

/** @throws ConfigError */
export async function loadStart(
  given: GivenFlags,
  argocd: boolean,
  surroundings: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Start> {
  const demo = isDemo(given, argocd, surroundings.cwd);
  const options = {
    ...surroundings,
    ...given,
    sections: processSections.start,
    required: ['argocd.server'],
    oneOf: [['argocd.token', 'argocd.username']],
  } as const;
  if (!demo) return { demo, loaded: await loadConfig(options) };

  // The simulator's own section says where it listens and with which token: known only after loading.
  const simulator = (await loadConfig({ ...surroundings, ...given, sections: ['simulator'] })).config
    .simulator;
  const loaded = await loadConfig({
    ...options,
    defaults: {
      origin,
      values: {
        // Both ways can be tried: what is pressed for, and back.
        'worker.buttons': [{ select: { all: true }, on: { press: 'release', hold: 'rollback' } }],
        'agent.buttons': [{ gestures: ['press', 'hold'] }],
        'worker.stateDir': './state/demo',
        'homeAssistant.stateDir': './state/demo',
      },
    },
    forced: {
      origin,
      values: {
        'argocd.server': `http://${simulator.host}:${simulator.port}`,
        'argocd.token': simulator.token,
        'argocd.username': undefined,
        'argocd.password': undefined,
        'argocd.headers': undefined,
        'argocd.caFile': undefined,
        'argocd.insecure': false,
        'argocd.externalUrl': undefined,
      },
    },
  });
  return { demo, loaded };
}
