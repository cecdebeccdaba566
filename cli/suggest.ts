// Suggestions for an unknown name on the command line.
import { nearest, whatThereIs } from '../messages/nearest.ts';

/** What other programs call similar commands. */
const otherWords: ReadonlyMap<string, string> = new Map(
  Object.entries({
    status:
      '`watch` shows presses, releases and lights as they happen, `doctor` checks everything once, `health` asks one process',
    state: '`watch` shows presses, releases and lights as they happen, `doctor` checks everything once',
    info: '`watch` shows presses, releases and lights as they happen, `config` shows every setting',
    list: '`doctor` lists the buttons and what each selects',
    ls: '`doctor` lists the buttons and what each selects',
    buttons: '`doctor` lists the buttons and what each selects',
    logs: '`watch` shows presses, releases and lights as they happen',
    events: '`watch` shows presses, releases and lights as they happen',
    listen: '`watch` shows presses, releases and lights as they happen',
    test: '`doctor` checks everything, `gpio-agent --check` tests the wiring',
    check: '`doctor` checks everything, `gpio-agent --check` tests the wiring',
    verify: '`doctor` checks everything, `config` checks only the configuration',
    validate: '`config` checks the configuration, `doctor` checks everything',
    lint: '`config` checks the configuration, `doctor` checks everything',
    show: '`config` shows every setting, `watch` shows what happens',
    release: '`press` releases the applications of a button, `release-worker` runs the worker',
    deploy: '`press` releases the applications of a button',
    sync: '`press` releases the applications of a button',
    push: '`press` releases the applications of a button',
    run: '`start` runs everything in one process',
    up: '`start` runs everything in one process',
    serve: '`start` runs everything in one process',
    demo: '`start` runs the demo if there is no configuration file',
    stop: 'Ctrl+C or SIGTERM stops a process, `terminate` ends a release, `freeze` refuses all further presses',
    abort: '`terminate` ends the running release',
    cancel: '`terminate` ends the running release',
    pause: '`freeze` refuses all presses until `unfreeze`',
    lock: '`freeze` refuses all presses until `unfreeze`',
    resume: '`unfreeze` ends a freeze',
    unlock: '`unfreeze` ends a freeze',
    undo: '`rollback` undoes the last release of a button',
    revert: '`rollback` undoes the last release of a button',
    version: '`release-button --version` prints the version',
    worker: '`release-worker` runs the worker, `watch` shows what it does',
    agent: '`gpio-agent` runs the agent',
    gpio: '`gpio-agent` runs the agent',
    mqtt: '`broker` runs the embedded MQTT broker',
    simulator: '`argocd-simulator` runs the simulated Argo CD',
    argocd: '`argocd-simulator` runs a simulated Argo CD, `doctor` checks the real one',
    clean: '`home-assistant clean` removes what was announced to Home Assistant',
  }),
);

/** @param commands names of all commands */
export function unknownCommand(name: string, commands: readonly string[]): string {
  const word = name.toLowerCase();
  const near = nearest(word, [...otherWords.keys(), ...commands]);
  const hint =
    otherWords.get(word) ??
    (near === undefined || commands.includes(near) ? undefined : otherWords.get(near)) ??
    (near === undefined ? undefined : `did you mean \`${near}\`?`);
  return `there is no command ${JSON.stringify(name)}${hint === undefined ? `. The commands are: ${commands.join(', ')}` : `: ${hint}`}${hint?.endsWith('?') === true ? '' : '.'} \`release-button --help\` explains each command`;
}

/** @param cannot the beginning of the message: `doctor cannot check the process` */
export function unknownProcess(cannot: string, name: string, processes: readonly string[]): string {
  // `worker` is a part of `release-worker`, but the comparison by letters would not find it similar.
  const part = name === '' ? undefined : processes.find((known) => known.split('-').includes(name));
  return `${cannot} ${JSON.stringify(name)}. ${part === undefined ? '' : `Did you mean ${part}? Known: ${processes.join(', ')}`}${part === undefined ? whatThereIs(name, processes) : ''}`;
}
