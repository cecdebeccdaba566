// The list of commands. Each is loaded only when it is called.
import type { Command } from 'commander';

interface ListedCommand {
  readonly name: string;
  readonly summary: string;
  /** heading of the list in `--help` */
  readonly group: string;
  /** arguments after the name, in commander's notation */
  readonly usage?: string;
  readonly load: () => Promise<{ configure(command: Command): Promise<void> | void }>;
}

const everyDay = 'Press and watch:';
export const checks = 'Check, and get help:';
export const processes = 'Run (each is a process that lives until a signal):';

export const commands: readonly ListedCommand[] = [
  {
    name: 'start',
    group: processes,
    summary: 'broker, agent and worker in one process; without a configuration file the demo',
    load: () => import('./commands/start.ts'),
  },
  {
    name: 'broker',
    group: processes,
    summary: 'only the embedded MQTT broker',
    load: () => import('./commands/broker.ts'),
  },
  {
    name: 'gpio-agent',
    group: processes,
    summary: 'only the agent: buttons send presses, lights show signals',
    load: () => import('./commands/gpio-agent.ts'),
  },
  {
    name: 'release-worker',
    group: processes,
    summary: 'only the worker: watches Argo CD, turns presses into releases',
    load: () => import('./commands/release-worker.ts'),
  },
  {
    name: 'home-assistant',
    group: processes,
    usage: ' [action]',
    summary: 'announce everything to Home Assistant; the action `clean` removes the announcements',
    load: () => import('./commands/home-assistant.ts'),
  },
  {
    name: 'argocd-simulator',
    group: processes,
    summary: 'only the simulated Argo CD, for trying things out',
    load: () => import('./commands/argocd-simulator.ts'),
  },
  {
    name: 'press',
    group: everyDay,
    usage: ' [button]',
    summary: 'press a button and print the answer; with --wait also how the release ended',
    load: () => import('./commands/press.ts'),
  },
  {
    name: 'watch',
    group: everyDay,
    summary: 'show presses, results, releases, signals and lights as they happen',
    load: () => import('./commands/watch.ts'),
  },
  {
    name: 'freeze',
    group: everyDay,
    summary: 'release nothing until further notice, or for a while: all buttons or one',
    load: () => import('./commands/freeze.ts'),
  },
  {
    name: 'unfreeze',
    group: everyDay,
    summary: 'end every freeze, or that of one button',
    load: () => import('./commands/unfreeze.ts'),
  },
  {
    name: 'terminate',
    group: everyDay,
    summary: 'end what is being released, or one application of it',
    load: () => import('./commands/terminate.ts'),
  },
  {
    name: 'rollback',
    group: everyDay,
    usage: ' [button]',
    summary: 'undo what the last release of a button deployed, and print the answer',
    load: () => import('./commands/rollback.ts'),
  },
  {
    name: 'doctor',
    group: checks,
    usage: ' [process]',
    summary: 'check configuration, broker, Argo CD, rights, clocks and disk, and say what to do',
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'config',
    group: checks,
    usage: ' [process]',
    summary: 'check the configuration, and show every setting in force and where it came from',
    load: () => import('./commands/config.ts'),
  },
  {
    name: 'health',
    group: checks,
    usage: ' [process]',
    summary: 'ask a process on this machine for its health status',
    load: () => import('./commands/health.ts'),
  },
];
