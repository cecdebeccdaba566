// The demo: `start` without a configuration file and without --argocd. It never touches a real Argo CD.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { namedFile } from '../config/file.ts';
import { reachedAt } from '../config/host.ts';
import { loadConfig, type LoadResult } from '../config/load.ts';
import { ConfigError } from '../config/problems/problem.ts';
import type { Config } from '../config/sections.ts';
import { argocdNeeds } from './argocd-needs.ts';
import type { GivenFlags } from './flags.ts';
import { processSections } from './processes.ts';

type Section = (typeof processSections.start)[number];
type Loaded = LoadResult<Section, 'argocd.server'>;

export interface Start {
  readonly demo: boolean;
  readonly loaded: Loaded;
}

const origin = 'the demo';

/** Whether `start` runs the demo. @param argocd whether --argocd was given */
export function isDemo(given: GivenFlags, argocd: boolean): boolean {
  const hasFile =
    namedFile(given) !== undefined || existsSync(resolve(given.cwd, 'config/release-button.yaml'));
  const namesServer = Object.keys(given.flags).some((key) => key.startsWith('argocd.'));
  return !hasFile && !argocd && !namesServer;
}

/** @throws ConfigError */
export async function loadStart(given: GivenFlags, argocd: boolean): Promise<Start> {
  const demo = isDemo(given, argocd);
  const options = {
    ...given,
    ...argocdNeeds,
    sections: processSections.start,
  } as const;
  if (!demo) return { demo, loaded: await loadConfig(options) };

  const simulator = await simulatorOf(given);
  const loaded = await loadConfig({
    ...options,
    defaults: {
      origin,
      values: {
        // People should be able to try both a release and a rollback.
        'worker.buttons': [{ select: { all: true }, on: { press: 'release', hold: 'rollback' } }],
        'agent.buttons': [{ gestures: ['press', 'hold'] }],
        'worker.stateDir': './state/demo',
        'homeAssistant.stateDir': './state/demo',
      },
    },
    forced: {
      origin,
      values: {
        'argocd.server':
          simulator === undefined
            ? 'http://127.0.0.1'
            : `http://${reachedAt(simulator.host)}:${simulator.port}`,
        'argocd.token': simulator?.token ?? 'unknown',
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

/**
 * Loads the section `simulator` first, because the demo takes the address and the token of Argo CD from it. Undefined if the
 * section is invalid: loading all sections then reports this together with all other problems.
 */
async function simulatorOf(given: GivenFlags): Promise<Config['simulator'] | undefined> {
  try {
    return (await loadConfig({ ...given, sections: ['simulator'] })).config.simulator;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}
