// Suggestions for an unknown name on the command line.
import { nearest, whatThereIs } from '../messages/nearest.ts';

/** Names of similar commands in other programs. */
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
    verify: '`doctor` checks everything, `config` only the configuration',
    validate: '`config` checks the configuration, `doctor` everything',
    lint: '`config` checks the configuration, `doctor` everything',
    show: '`config` shows every setting, `watch` what happens',
    release: '`press` releases what a button selects, `release-worker` is the process that does it',
    deploy: '`press` releases what a button selects',
    sync: '`press` releases what a button selects',
    push: '`press` releases what a button selects',
    run: '`start` runs everything in one process',
    up: '`start` runs everything in one process',
    serve: '`start` runs everything in one process',
    demo: '`start` is the demo where there is no configuration file',
    stop: 'Ctrl-C or SIGTERM stops a process, `terminate` a release, `freeze` all further ones',
    abort: '`terminate` ends what is being released',
    cancel: '`terminate` ends what is being released',
    pause: '`freeze` stops all releases until `unfreeze`',
    lock: '`freeze` stops all releases until `unfreeze`',
    resume: '`unfreeze` ends a freeze',
    unlock: '`unfreeze` ends a freeze',
    undo: '`rollback` undoes the last release of a button',
    revert: '`rollback` undoes the last release of a button',
    version: '`release-button --version` prints the version',
    worker: '`release-worker` is the process, `watch` shows what it does',
    agent: '`gpio-agent` is the process',
    gpio: '`gpio-agent` is the process',
    mqtt: '`broker` is the embedded MQTT broker',
    simulator: '`argocd-simulator` is the process',
    argocd: '`argocd-simulator` is the simulated Argo CD; `doctor` checks the real one',
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
  return `there is no command ${JSON.stringify(name)}${hint === undefined ? `. There are: ${commands.join(', ')}` : `: ${hint}`}${hint?.endsWith('?') === true ? '' : '.'} \`release-button --help\` says what each does`;
}

/** @param cannot `doctor cannot check` */
export function unknownProcess(cannot: string, name: string, processes: readonly string[]): string {
  // `worker` is a part of `release-worker`, but too different for the comparison by letters.
  const part = name === '' ? undefined : processes.find((known) => known.split('-').includes(name));
  return `${cannot} ${JSON.stringify(name)}. ${part === undefined ? '' : `Did you mean ${part}? There are: ${processes.join(', ')}`}${part === undefined ? whatThereIs(name, processes) : ''}`;
}
