// The command blocks of a page, in their order, with the marks that tell the test how to run them. A mark is a comment just
// above the block, so that readers of the page do not see it:
//
//   <!-- test: exit 2 -->                     the last command ends with this code
//   <!-- test: until "ready" -->              Ctrl+C is pressed once this has been printed
//   <!-- test: background until "ready" -->   it goes on in a terminal of its own until the page ends
//   <!-- test: terminals until "ready" -->    the same, with a terminal for each line
//   <!-- test: types "secret" -->             typed into the terminal, then Enter and Ctrl+D
//   <!-- test: then "LED: off" -->            after the block, a terminal in the background shows this
//   <!-- test: needs docker: the reason -->   not run
//   <!-- test: given exit 1                   commands that the page does not show, for what it takes for granted
//   rm token -->
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

export const pages: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...['docs', 'deploy/systemd', 'deploy/kubernetes'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
];

interface Marks {
  readonly exit?: number;
  readonly until?: string;
  readonly types?: string;
  readonly afterwards?: string;
  readonly keepsRunning?: 'in one terminal' | 'in a terminal for each line';
  readonly needs?: { readonly program: string; readonly reason: string };
}

export interface Block extends Marks {
  /** page and line of the block */
  readonly at: string;
  readonly commands: string;
  /** the `text` block after it, in the same section */
  readonly shows?: string;
}

const markStart = /^\s*<!-- test: /;
const commandLanguages = new Set(['sh', 'bash', 'console']);

/** @throws Error if a mark or a fence cannot be read */
export function blocksOf(page: string, text = readFileSync(join(root, page), 'utf8')): readonly Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  let marks: Marks = {};
  /** Whether a `text` block belongs to the last command block: until the next heading or command block. */
  let mayShow = false;
  for (let index = 0; index < lines.length; index += 1) {
    const at = `${page}:${index + 1}`;
    const line = lines[index] ?? '';
    if (markStart.test(line)) {
      const end = lines.findIndex((candidate, row) => row >= index && candidate.trimEnd().endsWith('-->'));
      const comment = lines.slice(index, end + 1).join('\n');
      const [, first = '', commands] = /<!-- test: ([^\n]*?)(?:\n([^]*?))?\s*-->/.exec(comment) ?? [];
      if (first.startsWith('given')) {
        if (commands === undefined) throw new Error(`${at}: the mark has no commands`);
        blocks.push({ at, commands: outdented(commands), ...marksOf(at, first.slice('given'.length)) });
      } else marks = { ...marks, ...marksOf(at, first) };
      index = end;
    } else if (/^\s*```/.test(line)) {
      const language = line.trim().slice(3);
      const end = lines.findIndex((candidate, row) => row > index && /^\s*```\s*$/.test(candidate));
      if (language === '')
        throw new Error(`${at}: the block has no language: write sh for commands, otherwise text`);
      const content = outdented(lines.slice(index + 1, end).join('\n'));
      const last = blocks.at(-1);
      if (commandLanguages.has(language)) {
        blocks.push({ at, commands: content, ...marks });
        mayShow = true;
      } else if (Object.keys(marks).length > 0)
        throw new Error(`${at}: the mark is not for a block of commands`);
      else if (language === 'text' && mayShow && last !== undefined) {
        blocks.splice(-1, 1, { ...last, shows: content });
        mayShow = false;
      }
      marks = {};
      index = end;
    } else if (line.startsWith('#')) mayShow = false;
    else if (line.trim() !== '' && Object.keys(marks).length > 0)
      throw new Error(`${at}: the mark is not directly above a block`);
  }
  return blocks;
}

function marksOf(at: string, text: string): Marks {
  const needs = /^needs ([^:]+): (\S.*)$/.exec(text.trim());
  if (needs !== null) return { needs: { program: needs[1] ?? '', reason: needs[2] ?? '' } };
  const part = /\s*(?:(background|terminals)|exit (\d+)|until "([^"]+)"|types "([^"]+)"|then "([^"]+)")\s*/y;
  let marks: Marks = {};
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (match === null) throw new Error(`${at}: cannot read the mark "${text}"`);
    const [, terminals, exit, until, types, afterwards] = match;
    if (terminals !== undefined)
      marks = {
        ...marks,
        keepsRunning: terminals === 'background' ? 'in one terminal' : 'in a terminal for each line',
      };
    if (exit !== undefined) marks = { ...marks, exit: Number(exit) };
    if (until !== undefined) marks = { ...marks, until };
    if (types !== undefined) marks = { ...marks, types };
    if (afterwards !== undefined) marks = { ...marks, afterwards };
  }
  if (marks.keepsRunning !== undefined && marks.until === undefined)
    throw new Error(
      `${at}: what runs in the background needs an until "…", so that the test knows when to go on`,
    );
  return marks;
}

function outdented(text: string): string {
  const lines = text.split('\n');
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/));
  const indent = Math.min(...indents, 80);
  return lines.map((line) => line.slice(indent)).join('\n');
}

/**
 * An expression for the output that a page shows: its lines in this order, with other lines between them. Times, ids,
 * numbers and versions may differ, and `…` stands for any text.
 */
export function loosely(shownOutput: string): RegExp {
  const lines = shownOutput
    .trim()
    .split('\n')
    .filter((line) => line.trim() !== '' && line.trim() !== '…');
  return new RegExp(lines.map(looseLine).join('[^]*?'));
}

const variable =
  /(?<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z| ?[+-]\d\d:\d\d)?)|(?<id>\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b(?=[a-f]*\d)[0-9a-f]{7,40}\b)|(?<number>\d+)|(?<anything>…)|(?<space>\s+)/g;

function looseLine(line: string): string {
  let expression = '';
  let copied = 0;
  for (const match of line.trim().matchAll(variable)) {
    const { time, id, number, anything } = match.groups ?? {};
    expression += escaped(line.trim().slice(copied, match.index));
    copied = match.index + match[0].length;
    if (time !== undefined) expression += String.raw`\d{4}-\d\d-\d\d[T ][\d:.+ -]+Z?`;
    else if (id !== undefined) expression += '[0-9a-f-]+';
    else if (number !== undefined) expression += String.raw`\d+`;
    else if (anything !== undefined) expression += '.*';
    else expression += String.raw`\s+`;
  }
  return expression + escaped(line.trim().slice(copied));
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
