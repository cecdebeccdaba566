// Makes docs/configuration.md from config/sections/: every key with its environment variable, default and meaning.
import { stringify } from 'yaml';
import { isSetting, type Group, type Setting } from '../config/setting.ts';
import { leavesIn, loadSections, sectionNames, type Leaf, type SectionName } from '../config/sections.ts';
import { spokenOf } from '../config/problems/quantities.ts';
import { allowed } from '../config/problems/schema-words.ts';

const intro = `# Configuration

<!-- Made by \`npm run generate\` from the declarations in config/sections/. -->

Everything has a default but the applications that a button releases (\`worker.buttons[].select\`) and the Argo CD (\`argocd.server\`, and \`argocd.token\` or \`argocd.username\` with \`argocd.password\`). Without any configuration \`release-button start\` is the demo.

A value comes from, the later the stronger:

1. its default;
2. the file: \`config/release-button.yaml\` in the working directory, or what \`--config FILE\` names, or, where there is no such flag, the variable \`RELEASE_BUTTON_CONFIG\`. YAML; unknown keys are errors, with the name that was probably meant;
3. variables: \`ARGOCD_SERVER\` and \`ARGOCD_AUTH_TOKEN\`, shared with the argocd command, and, stronger, \`RELEASE_BUTTON_\` with the path of the key: \`worker.release.appTimeoutMs\` is \`RELEASE_BUTTON_WORKER_RELEASE_APP_TIMEOUT_MS\`. Lists and maps are YAML in one line: \`RELEASE_BUTTON_WORKER_BUTTONS='[{id: main, select: {projects: [shop]}}]'\`. An empty variable counts as not set. Write values without the quotes that a shell would take away: \`docker --env-file\` and Kubernetes keep them, and a value in quotes is an error;
4. flags: the same path, \`--worker-release-app-timeout-ms\`.

**Text as it is written.** Where a key takes text, quotes make no difference: \`id: 01\`, \`token: 0123\` and \`labels: {version: 1.0, canary: True}\` are the texts \`01\`, \`0123\`, \`1.0\` and \`True\`. A key without a value (\`url:\`) is not set; within a map such as \`select\` or \`labels\` it is an error, since leaving it out would select more. Line breaks at the end of secrets and variables do not count.

**Secrets** are in no log and in no output. Each also comes from a file that contains it: \`argocd.tokenFile\` in the file, \`RELEASE_BUTTON_ARGOCD_TOKEN_FILE\` or \`ARGOCD_AUTH_TOKEN_FILE\` as a variable, \`--argocd-token-file\` as a flag. Paths are relative to the working directory. Files of certificates (\`caFile\`) are checked with the configuration. Secrets are read at the start, and those of the section \`argocd\` again while the worker runs.

\`release-button config\` (\`release-button config release-worker\` and so on) checks everything, reports all that is wrong at once, each with its place and what to write, warns of what may not be meant, and shows what is in force and where each value came from. Wrong configuration ends a process with exit code 2. One file may serve all processes: each checks the keys of the sections that it uses, and the names of the others. [config/release-button.example.yaml](../config/release-button.example.yaml) has the same keys, to copy from.

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
  log: 'What is logged. Always to standard output.',
  health: 'Where a process answers `/healthz`, `/livez` and `/metrics`.',
  broker: 'The embedded broker. Not used where `mqtt.url` names another.',
  agent: 'Buttons and lights on pins. [hardware.md](hardware.md) has the wires.',
  worker: 'What each button releases, and how carefully.',
  argocd:
    'The Argo CD that the worker watches and releases through. [argocd.md](argocd.md) says how to connect it.',
  homeAssistant:
    'What is announced to Home Assistant. [home-assistant.md](home-assistant.md) says what appears there.',
  simulator: 'The simulated Argo CD. [argocd-simulator.md](argocd-simulator.md) says what it answers.',
};

export const configurationPagePath = 'docs/configuration.md';

/** The content of docs/configuration.md, as Markdown that is formatted as a person would. */
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
  return `${[intro, ...parts].join('\n\n')}\n`;
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
  head: readonly string[] = ['key', 'variable', 'default', 'meaning'],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
