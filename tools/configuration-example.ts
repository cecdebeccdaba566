// Writes the example file from config/sections/: every key with its meaning, default and range.
import { stringify } from 'yaml';
import { isSetting, type Group, type Setting } from '../config/setting.ts';
import { loadSections, sectionNames } from '../config/sections.ts';
import { allowed } from '../config/problems/schema-words.ts';

const width = 100;

const preface = `release-button: every key with its default and its meaning.

Copy this file to config/release-button.yaml (or to any other file, and name that with --config). Keep what you
change, and remove the "#" before each such key and before the line of its section. A key that is left out has
its default.

Environment variables override this file: RELEASE_BUTTON_MQTT_URL for mqtt.url, lists as YAML in one line;
ARGOCD_SERVER and ARGOCD_AUTH_TOKEN too. Flags (--mqtt-url) override both. A secret can also be in a file of its
own: mqtt.passwordFile here, RELEASE_BUTTON_MQTT_PASSWORD_FILE in the environment. \`release-button config\`
shows each value and where it came from.`;

export const examplePath = 'config/release-button.example.yaml';

/** The content of config/release-button.example.yaml. All keys are comments. Without the "#", the file is valid. */
export async function renderExample(): Promise<string> {
  const sections = await loadSections(sectionNames);
  const parts = [...sections].map(([name, { settings }]) => [`#${name}:`, ...renderGroup(settings, 1)]);
  return [preface.replace(/^/gm, '## ').replace(/^## $/gm, '##'), ...parts.map((part) => part.join('\n')), '']
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

function renderGroup(group: Group, depth: number): string[] {
  return Object.entries(group).flatMap(([name, entry]) => {
    if (!isSetting(entry)) return [key(depth, `${name}:`), ...renderGroup(entry, depth + 1)];
    if (entry.items && entry.example === undefined)
      return [...about(name, entry, depth), key(depth, `${name}:`), ...renderEntry(entry.items, depth + 1)];
    return renderSetting(name, entry, depth);
  });
}

function renderSetting(name: string, entry: Setting, depth: number): string[] {
  if (entry.secret) {
    return [
      ...about(name, entry, depth),
      key(depth, `${name}: ${entry.example === undefined ? 'secret' : flow(entry.example)}`),
      ...words(depth, `Or a file that contains it, relative to the working directory. Do not set both.`),
      key(depth, `${name}File: /run/secrets/${name}`),
    ];
  }
  return [
    ...about(name, entry, depth),
    key(depth, `${name}: ${flow(entry.items ? entry.example : (entry.default ?? entry.example))}`),
  ];
}

/** The default entry of a list: its keys, the first one after a dash. */
function renderEntry(items: Group, depth: number): string[] {
  const lines = Object.entries(items).flatMap(([name, entry]) =>
    isSetting(entry) ? renderSetting(name, entry, depth + 1) : [],
  );
  const first = lines.findIndex((line) => !line.startsWith('##'));
  return lines.map((line, index) =>
    index === first ? line.replace('  ', '- ').replace(/^#- ( *)/, '#$1- ') : line,
  );
}

function about(name: string, entry: Setting, depth: number): string[] {
  const takes = allowed(entry.schema, name);
  // The range of unlimited text, of a list and of a map would add nothing.
  const range =
    takes === 'text' || takes.startsWith('a list') || takes.startsWith('a map') ? '' : ` Takes ${takes}.`;
  const unset = entry.optional && !entry.doc.includes('Not set:') ? ' Not set by default.' : '';
  return words(depth, `${entry.doc}${range}${unset}`);
}

function words(depth: number, text: string): string[] {
  const indent = `## ${'  '.repeat(depth)}`;
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(`${indent}${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

function key(depth: number, text: string): string {
  return `#${'  '.repeat(depth)}${text}`;
}

function flow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 }).trimEnd();
}
