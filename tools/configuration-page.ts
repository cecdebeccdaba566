// Writes docs/configuration.md from config/sections/: every key with its environment variable, default and meaning.
import { stringify } from 'yaml';
import { isSetting, type Group, type Setting } from '../config/setting.ts';
import { leavesIn, loadSections, sectionNames, type Leaf, type SectionName } from '../config/sections.ts';
import { spokenOf } from '../config/problems/quantities.ts';
import { allowed } from '../config/problems/schema-words.ts';

const intro = `# Configuration

<!-- Made by \`npm run generate\` from the declarations in config/sections/. -->

Write your settings into \`config/release-button.yaml\`. Copy the lines that you need from [config/release-button.example.yaml](../config/release-button.example.yaml), which has every key. Then run \`release-button config\`: it reports every mistake with its place and what to write instead, and warns of settings that are probably not intended. If there is no mistake, it shows each value and where the value came from.

Every key has a default, except the applications that a button releases (\`worker.buttons[].select\`) and the access to Argo CD: \`argocd.server\`, and \`argocd.token\` or \`argocd.username\` with \`argocd.password\`. Without any configuration, \`release-button start\` runs the demo.

Find a key by its section:`;

const rules = `## Where a value comes from

There are four sources. If several set the same key, the last one in this list wins:

1. **The default.**
2. **The file**, in YAML: the one that \`--config FILE\` names; without this flag, the one that \`RELEASE_BUTTON_CONFIG\` names; without either, \`config/release-button.yaml\` in the working directory. An unknown key is an error, and the message suggests a similar key.
3. **Environment variables.** The name is \`RELEASE_BUTTON_\` and the path of the key: \`worker.release.appTimeoutMs\` is \`RELEASE_BUTTON_WORKER_RELEASE_APP_TIMEOUT_MS\`. Write lists and maps as YAML in one line: \`RELEASE_BUTTON_WORKER_BUTTONS='[{id: main, select: {projects: [shop]}}]'\`. \`ARGOCD_SERVER\` and \`ARGOCD_AUTH_TOKEN\` of the argocd command also count, unless the \`RELEASE_BUTTON_\` variable of the same key is set. An empty variable counts as not set. In a file for \`docker --env-file\` and in Kubernetes, write values without quotes. A shell removes quotes, but these two keep them, and a value in quotes is an error.
4. **Flags**, with the same path: \`--worker-release-app-timeout-ms\`.

## Text, secrets and files

**Text** is read as it is written. If a key takes text, quotes make no difference: \`id: 01\`, \`token: 0123\` and \`labels: {version: 1.0, canary: True}\` are the texts \`01\`, \`0123\`, \`1.0\` and \`True\`. A key without a value (\`url:\`) counts as not set. Within a map such as \`select\` or \`labels\` it is an error, because leaving it out would select more applications. Line breaks at the end of secrets and environment variables are ignored.

**Secrets** appear in no log and no output. You can give the name of a file that contains the secret, in place of the secret itself: with \`argocd.tokenFile\` in the configuration file, with \`RELEASE_BUTTON_ARGOCD_TOKEN_FILE\` or \`ARGOCD_AUTH_TOKEN_FILE\` in the environment, or with the flag \`--argocd-token-file\`. A process reads secrets when it starts. The worker reads the files of the section \`argocd\` again while it runs.

**Paths** are relative to the working directory. Files of certificates (\`caFile\`) are checked together with the configuration.

## Which process reads which section

All processes can share one file. Each process checks the keys of its own sections, and only the names of the other sections. \`release-button config release-worker\` reports what the worker would report, and so on. If the configuration has a mistake, a process ends with exit code 2.

| process | sections |
| --- | --- |
| \`start\`, \`doctor\` | all |
| \`broker\` | \`log\`, \`health\`, \`broker\` |
| \`gpio-agent\` | \`mqtt\`, \`log\`, \`health\`, \`agent\` |
| \`gpio-agent --lights-off\` | \`agent\` |
| \`release-worker\` | \`mqtt\`, \`log\`, \`health\`, \`worker\`, \`argocd\` |
| \`home-assistant\` | \`mqtt\`, \`log\`, \`health\`, \`homeAssistant\` |
| \`argocd-simulator\` | \`log\`, \`health\`, \`simulator\` |
| \`press\`, \`rollback\`, \`freeze\`, \`unfreeze\`, \`terminate\`, \`watch\` | \`mqtt\` |
| \`health\` | \`health\` |`;

const about: Readonly<Record<SectionName, string>> = {
  mqtt: 'How a process reaches the broker.',
  log: 'What the processes log. The log always goes to standard output.',
  health: 'The address at which a process answers `/healthz`, `/livez` and `/metrics`.',
  broker:
    'The embedded broker ([broker.md](broker.md)). `start` does not run it if `mqtt.url` names another broker.',
  agent: 'Buttons and lights on GPIO lines. [hardware.md](hardware.md) says how to wire them.',
  worker: 'What each button releases, and how.',
  argocd:
    'The Argo CD that the worker watches and releases through. [argocd.md](argocd.md) says how to connect it.',
  homeAssistant:
    'What is announced to Home Assistant. [home-assistant.md](home-assistant.md) says what appears there.',
  simulator: 'The simulated Argo CD. [argocd-simulator.md](argocd-simulator.md) says what it answers.',
};

export const configurationPagePath = 'docs/configuration.md';

/** The content of docs/configuration.md. */
export async function renderConfigurationPage(): Promise<string> {
  const loaded = await loadSections(sectionNames);
  const leaves = leavesIn(loaded);
  const parts = [...loaded.keys()].map((name) => {
    const own = leaves.filter(({ path }) => path.startsWith(`${name}.`));
    const lists = own.flatMap((leaf) =>
      leaf.setting.items === undefined ? [] : [entriesOf(leaf, leaf.setting.items)],
    );
    return [`## \`${name}\``, about[name], tableOf(own.map(row)), ...lists].join('\n\n');
  });
  const contents = tableOf(
    [...loaded.keys()].map((name) => [`[\`${name}\`](#${name.toLowerCase()})`, about[name]]),
    ['section', 'what it sets'],
  );
  return `${[intro, contents, rules, ...parts].join('\n\n')}\n`;
}

function row({ path, variable, setting }: Leaf): readonly string[] {
  const names = [variable, ...(setting.env === undefined ? [] : [setting.env])];
  return [
    `\`${path}\`${setting.secret ? ', `' + path + 'File`' : ''}`,
    names.map((name) => `\`${name}\`${setting.secret ? ', `' + name + '_FILE`' : ''}`).join(', '),
    ...valueCells(path.replace(/^.*\./, ''), setting),
  ];
}

function valueCells(name: string, setting: Setting): readonly string[] {
  const takes = allowed(setting.schema, name);
  const range = takes === 'text' || takes.startsWith('a map') ? '' : ` Takes ${takes}.`;
  return [defaultOf(name, setting), cell(`${setting.doc}${range}`)];
}

function defaultOf(name: string, setting: Setting): string {
  if (setting.items !== undefined && !(Array.isArray(setting.default) && setting.default.length === 0))
    return 'one entry, see below';
  if (setting.default === undefined) return setting.required ? '**required**' : '–';
  const text = stringify(setting.default, {
    collectionStyle: 'flow',
    flowCollectionPadding: false,
    lineWidth: 0,
  }).trimEnd();
  const spoken = spokenOf(name, Number(setting.default));
  return `\`${text}\`${spoken === undefined ? '' : ` (${spoken})`}`;
}

function entriesOf({ path }: Leaf, items: Group): string {
  const rows = Object.entries(items).flatMap(([name, entry]) =>
    isSetting(entry) ? [[`\`${name}\``, ...valueCells(name, entry)]] : [],
  );
  return `Each entry of \`${path}\`:\n\n${tableOf(rows, ['key', 'default', 'meaning'])}`;
}

function tableOf(
  rows: readonly (readonly string[])[],
  head: readonly string[] = ['key', 'environment variable', 'default', 'meaning'],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
