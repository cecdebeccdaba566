// Agents, workers and applications, as they could describe themselves.
import * as fc from 'fast-check';
import type { AgentInfo } from '../../../messages/agent.ts';
import { gestures } from '../../../messages/gesture.ts';
import { actions, type WorkerInfo } from '../../../messages/worker.ts';
import type { Announceable } from '../../../home-assistant/wanted.ts';
import type { Application } from '../../../home-assistant/worker-application.ts';
import { id, kubernetesName } from '../../messages/arbitraries.ts';

const at = '2026-01-01T08:30:00.000Z';
const processInfo = {
  version: '0.1.0',
  host: 'here',
  instance: 'one',
  clock: { synchronised: true },
  simulated: false,
  at,
};

export function agentOf(options: Partial<AgentInfo> = {}): AgentInfo {
  return {
    agent: 'main',
    ...processInfo,
    driver: 'rpio',
    buttons: [{ id: 'main', gestures: ['press'], holdMs: 1000 }],
    leds: [{ id: 'main', follows: 'main' }],
    ...options,
  };
}

export function workerOf(options: Partial<WorkerInfo> = {}): WorkerInfo {
  return {
    worker: 'main',
    ...processInfo,
    argocd: { server: 'https://argocd.example', version: 'v3.6.0' },
    buttons: [{ id: 'main', on: { press: 'release' } }],
    ...options,
  };
}

export function applicationOf(name: string, options: Partial<Application> = {}): Application {
  return {
    worker: 'main',
    namespace: 'argocd',
    name,
    project: 'shop',
    labels: {},
    buttons: ['main'],
    ...options,
  };
}

/** Exactly these, and each of them is online. */
export function announceableOf(options: {
  readonly agents?: readonly AgentInfo[];
  readonly workers?: readonly WorkerInfo[];
  readonly applications?: readonly Application[];
  /** `<kind> <id>` of a process that is silent */
  readonly silent?: string | undefined;
  readonly offline?: readonly string[];
}): Announceable {
  const { agents = [], workers = [], applications = [], silent, offline = [] } = options;
  return {
    agents: new Map(agents.map((info) => [info.agent, info])),
    workers: new Map(workers.map((info) => [info.worker, info])),
    applications: (worker) => applications.filter((application) => application.worker === worker),
    isSilent: (kind, id) => silent === `${kind} ${id}`,
    isOnline: (worker) => !offline.includes(worker),
  };
}

/** Titles are for people. They have no control characters and are not empty. */
const title = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 });
const titled = { id, title };
const someGestures = fc.uniqueArray(fc.constantFrom(...gestures), { minLength: 1 });
const byId = { selector: (item: { readonly id: string }) => item.id, maxLength: 4 };

const anyProcess = {
  version: fc.string(),
  host: fc.string(),
  instance: fc.string(),
  clock: fc.constant({ synchronised: true }),
  simulated: fc.boolean(),
  at: fc.constant(at),
};

export const agents: fc.Arbitrary<AgentInfo> = fc.record({
  agent: id,
  ...anyProcess,
  driver: fc.constantFrom('rpio', 'gpiochip', 'simulated'),
  buttons: fc.uniqueArray(
    fc.record(
      { ...titled, gestures: someGestures, holdMs: fc.nat() },
      { requiredKeys: ['id', 'gestures', 'holdMs'] },
    ),
    byId,
  ),
  leds: fc.uniqueArray(fc.record({ id, follows: id }), byId),
});

const buttons = fc.uniqueArray(
  fc.record(
    {
      ...titled,
      on: fc.dictionary(fc.constantFrom(...gestures), fc.constantFrom(...actions), { minKeys: 1 }),
    },
    { requiredKeys: ['id', 'on'] },
  ),
  byId,
);

export const workers: fc.Arbitrary<WorkerInfo> = fc.record({
  worker: id,
  ...anyProcess,
  argocd: fc.record({
    server: fc.constantFrom('https://argocd.example', 'http://127.0.0.1:8081/argo', 'argocd.example:443'),
  }),
  buttons,
});

/** Applications, some of them for each button of these ids. */
export function applicationsFor(
  worker: string,
  buttonIds: readonly string[],
): fc.Arbitrary<readonly Application[]> {
  return fc.uniqueArray(
    fc.record({
      worker: fc.constant(worker),
      namespace: fc.oneof(fc.constant('argocd'), kubernetesName),
      name: kubernetesName,
      project: fc.constant('shop'),
      labels: fc.constant({}),
      buttons: fc.subarray([...buttonIds]),
    }),
    { selector: ({ namespace, name }) => `${namespace}/${name}`, maxLength: 5 },
  );
}
