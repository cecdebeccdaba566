// The verbs by name, each loaded only when it is asked for.
import type { Command } from 'commander';

export interface Verb {
  readonly name: string;
  readonly summary: string;
  /** arguments behind the name, as commander writes them */
  readonly usage?: string;
  readonly load: () => Promise<{ configure(command: Command): Promise<void> | void }>;
}

export const verbs: readonly Verb[] = [
  {
    name: 'start',
    summary: 'everything in one process; without a configuration file the demo with a simulated Argo CD',
    load: () => import('./verbs/start.ts'),
  },
  {
    name: 'broker',
    summary: 'only the embedded MQTT broker',
    load: () => import('./verbs/broker.ts'),
  },
  {
    name: 'gpio-agent',
    summary: 'only the agent: buttons to presses, lights from signals',
    load: () => import('./verbs/gpio-agent.ts'),
  },
  {
    name: 'release-worker',
    summary: 'only the worker: presses to releases, Argo CD to drift',
    load: () => import('./verbs/release-worker.ts'),
  },
  {
    name: 'home-assistant',
    usage: ' [action]',
    summary: 'only what announces all this to Home Assistant; `clean` takes the announcements away',
    load: () => import('./verbs/home-assistant.ts'),
  },
  {
    name: 'argocd-simulator',
    summary: 'only the simulated Argo CD, for trying things out',
    load: () => import('./verbs/argocd-simulator.ts'),
  },
  {
    name: 'press',
    usage: ' [button]',
    summary: 'press a button and say what came of it',
    load: () => import('./verbs/press.ts'),
  },
  {
    name: 'freeze',
    summary: 'release nothing until further notice, or for a while: all buttons or one',
    load: () => import('./verbs/freeze.ts'),
  },
  {
    name: 'unfreeze',
    summary: 'end every freeze, or that of one button',
    load: () => import('./verbs/unfreeze.ts'),
  },
  {
    name: 'terminate',
    summary: 'end what is being released, or one application of it',
    load: () => import('./verbs/terminate.ts'),
  },
  {
    name: 'rollback',
    usage: ' [button]',
    summary: 'undo what the last release of a button deployed, and say what came of it',
    load: () => import('./verbs/rollback.ts'),
  },
  {
    name: 'watch',
    summary: 'show presses, results, releases, signals and lights as they happen',
    load: () => import('./verbs/watch.ts'),
  },
  {
    name: 'config',
    usage: ' [verb]',
    summary: 'check the configuration (of start, or of another verb) and show where each value came from',
    load: () => import('./verbs/config.ts'),
  },
  {
    name: 'health',
    usage: ' [verb]',
    summary: 'ask a process on this machine (start, or another verb) how it is; exit code 0 when well',
    load: () => import('./verbs/health.ts'),
  },
  {
    name: 'doctor',
    usage: ' [verb]',
    summary:
      'look at configuration, broker, Argo CD, rights, clocks and disk (of start, or of another verb), and say what to do; exit code 0 when all is well',
    load: () => import('./verbs/doctor.ts'),
  },
];
