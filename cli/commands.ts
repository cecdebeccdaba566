// The list of commands. A command is loaded only when it is called.
import type { Command } from 'commander';

interface ListedCommand {
  readonly name: string;
  readonly summary: string;
  /** heading of the list in `--help` */
  readonly group: string;
  /** the arguments after the name, in commander's notation */
  readonly usage?: string;
  readonly load: () => Promise<{ configure(command: Command): Promise<void> | void }>;
}

const everyDay = 'Press and watch:';
export const checks = 'Check, and get help:';
export const processes = 'Run a process (until Ctrl+C or a signal stops it):';

export const commands: readonly ListedCommand[] = [
  {
    name: 'start',
    group: processes,
    summary:
      'run broker, agent, worker and the Home Assistant part in one process; without a configuration file, run the demo',
    load: () => import('./commands/start.ts'),
  },
  {
    name: 'broker',
    group: processes,
    summary: 'run only the embedded MQTT broker',
    load: () => import('./commands/broker.ts'),
  },
  {
    name: 'gpio-agent',
    group: processes,
    summary: 'run only the agent, which reads the buttons and switches the LEDs',
    load: () => import('./commands/gpio-agent.ts'),
  },
  {
    name: 'release-worker',
    group: processes,
    summary: 'run only the worker, which watches Argo CD and turns presses into releases',
    load: () => import('./commands/release-worker.ts'),
  },
  {
    name: 'home-assistant',
    group: processes,
    usage: ' [action]',
    summary:
      'run only the Home Assistant part, which announces everything to Home Assistant; the action `clean` removes the announcements',
    load: () => import('./commands/home-assistant.ts'),
  },
  {
    name: 'argocd-simulator',
    group: processes,
    summary: 'run only the simulated Argo CD, to try things out',
    load: () => import('./commands/argocd-simulator.ts'),
  },
  {
    name: 'press',
    group: everyDay,
    usage: ' [button]',
    summary: 'press a button and print the result; --wait also prints how the release ended',
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
    summary: 'refuse all presses, or those of one button, for a while or until `unfreeze`',
    load: () => import('./commands/freeze.ts'),
  },
  {
    name: 'unfreeze',
    group: everyDay,
    summary: 'allow presses again: end all freezes, or those of one button',
    load: () => import('./commands/unfreeze.ts'),
  },
  {
    name: 'terminate',
    group: everyDay,
    summary: 'end the running release, or the sync of one application in it',
    load: () => import('./commands/terminate.ts'),
  },
  {
    name: 'rollback',
    group: everyDay,
    usage: ' [button]',
    summary: 'undo the last release of a button, and print the result',
    load: () => import('./commands/rollback.ts'),
  },
  {
    name: 'doctor',
    group: checks,
    usage: ' [process]',
    summary:
      'check configuration, broker, Argo CD, rights, clocks and disk, and say how to repair what is wrong',
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'config',
    group: checks,
    usage: ' [process]',
    summary: 'check the configuration, and show every setting and where its value came from',
    load: () => import('./commands/config.ts'),
  },
  {
    name: 'health',
    group: checks,
    usage: ' [process]',
    summary: 'show the health status of a process on this machine',
    load: () => import('./commands/health.ts'),
  },
];
