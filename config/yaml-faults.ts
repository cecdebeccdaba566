// What keeps a text from being YAML, in words for a person: where it is, what was expected and what to write. The
// parser's own words quote the text, which may be a secret, and often name the line after the mistake.
import { visit } from 'yaml';
import type { Document, YAMLError } from 'yaml';

export interface Fault {
  /** From 1, as the column. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly remedy: string;
  /** A line above that the message compares with. */
  readonly beside?: number;
}

/** The rest is mostly the echo of the first. */
const maximumFaults = 5;

interface Text {
  readonly whole: string;
  readonly lines: readonly string[];
  /** From 0. */
  lineAt(offset: number): number;
  columnAt(offset: number): number;
}

type Said = Pick<YAMLError, 'code' | 'message'> & { readonly offset: number };

/** One for each line, and none after a quote or bracket that is not closed: it takes the rest of the file with it. */
export function faultsOf(document: Document.Parsed, whole: string): readonly Fault[] {
  const text = textOf(whole);
  const faults: Fault[] = [];
  for (const { code, message, pos } of [...document.errors, ...document.warnings]) {
    const { isLast, ...fault } = explain(document, text, { code, message, offset: pos[0] });
    if (!faults.some(({ line }) => line === fault.line)) faults.push(fault);
    if (isLast === true || faults.length === maximumFaults) break;
  }
  return faults;
}

/** `*name` without `&name`: the parser notices only some of them. */
export function orphanFault(whole: string, offset: number): Fault {
  return { ...placeOf(textOf(whole), offset), ...simple('BAD_ALIAS') };
}

function textOf(whole: string): Text {
  const starts = [0];
  for (let at = whole.indexOf('\n'); at >= 0; at = whole.indexOf('\n', at + 1)) starts.push(at + 1);
  const lineAt = (offset: number) => {
    const next = starts.findIndex((start) => start > offset);
    return next < 0 ? starts.length - 1 : next - 1;
  };
  return {
    whole,
    lines: whole.split('\n').map((line) => line.replace(/\r$/, '')),
    lineAt,
    columnAt: (offset) => offset - (starts[lineAt(offset)] ?? 0),
  };
}

function placeOf(text: Text, offset: number) {
  return { line: text.lineAt(offset) + 1, column: text.columnAt(offset) + 1 };
}

function explain(document: Document.Parsed, text: Text, said: Said): Fault & { readonly isLast?: true } {
  const { code, message, offset } = said;
  const place = placeOf(text, offset);
  const line = text.lineAt(offset);
  if (message.startsWith('Missing closing')) return openQuote(document, text, offset);
  if (message.startsWith('Flow ')) return openBracket(document, text, offset);
  if (message.startsWith('All mapping items') || message.startsWith('Sequence item without'))
    return misplaced(text, line) ?? { ...place, ...simple(code) };
  if (message.startsWith('A block sequence may not'))
    return misplacedEntry(text, line) ?? { ...place, ...simple(code) };
  if (code === 'BLOCK_AS_IMPLICIT_KEY' || code === 'MULTILINE_IMPLICIT_KEY') {
    // The parser names the line before the one that is indented too far.
    const next = nextOf(text, line);
    const here = keyIn(text.lines[line]);
    const there = next === undefined ? undefined : keyIn(text.lines[next]);
    if (next !== undefined && here && there && !here.hasSecond && there.column > here.column)
      return misplaced(text, next) ?? { ...place, ...simple(code) };
    if (here === undefined) return { ...place, ...noColon };
  }
  if (message.startsWith('Implicit map keys need')) return { ...place, ...noColon };
  if (code === 'DUPLICATE_KEY') return { ...place, ...duplicate(text, offset) };
  if (code === 'BAD_SCALAR_START')
    return {
      ...place,
      message: `text cannot begin with \`${text.whole[offset] ?? ''}\``,
      remedy: 'put the text in quotes',
    };
  if (/Unexpected flow-(map|seq)-end|^Unexpected [,\]}] /.test(message))
    return {
      ...place,
      message: `this \`${text.whole[offset] ?? ''}\` is one too many: nothing is open or missing here`,
      remedy: 'remove it, or write before it what is missing',
    };
  if (message.includes('at node end') && /["']$/.test(text.whole.slice(0, offset).trimEnd()))
    return {
      ...place,
      message: 'the quoted text ends before this',
      remedy: `for a quote inside of quotes write it twice ('it''s'), or use the other kind ("it's")`,
    };
  return { ...place, ...simple(code) };
}

const noColon = {
  message: 'a `:` is missing: this is neither a key nor the value of one',
  remedy: 'write a key as `key: value`, or put text that goes over several lines in quotes',
};

const otherwise = 'correct the line; the example file config/release-button.example.yaml shows every key';

const sentences: Readonly<Record<string, readonly [message: string, remedy?: string]>> = {
  BAD_ALIAS: [
    'a `*name` refers to no `&name` before it',
    'put text that begins with * or & in quotes, or write out what is meant',
  ],
  BAD_DQ_ESCAPE: [
    'a backslash sequence inside double quotes is unknown',
    'use single quotes, or write the backslash twice',
  ],
  BAD_INDENT: ['the indentation does not fit the lines before'],
  BLOCK_AS_IMPLICIT_KEY: ['a second `:` in one line', 'put text that contains `: ` in quotes'],
  BLOCK_IN_FLOW: [
    'this cannot stand inside of [ ] or { }: perhaps a comma is missing before it',
    'separate the entries by commas',
  ],
  MISSING_CHAR: [
    'a character is missing before this, perhaps a quote, a comma, a bracket, or the space after `:`',
  ],
  MULTILINE_IMPLICIT_KEY: ['a key must be on one line', 'perhaps a `:` is missing after it'],
  MULTIPLE_DOCS: ['a second document begins after `---`', 'keep one'],
  NON_STRING_KEY: ['a key must be plain text'],
  RESOURCE_EXHAUSTION: ['lists and maps are nested too deep'],
  TAB_AS_INDENT: ['a tab is used to indent', 'use spaces'],
  TAG_RESOLVE_FAILED: [
    'tags such as `!secret` mean nothing here',
    'for a secret use the key that ends in File; put text that begins with ! in quotes',
  ],
  UNEXPECTED_TOKEN: [
    'this was not expected here; perhaps a quote, a comma or a bracket is missing or too many',
  ],
};

function simple(code: string): { readonly message: string; readonly remedy: string } {
  const [message = `this is not YAML (${code})`, remedy = otherwise] = sentences[code] ?? [];
  return { message, remedy };
}

interface Key {
  readonly name: string;
  /** Of the key itself, from 0. */
  readonly column: number;
  /** Of the first `-` before it. */
  readonly dash?: number;
  /** Another `: ` follows. */
  readonly hasSecond: boolean;
}

function keyIn(line: string | undefined): Key | undefined {
  const [, indent = '', dashes = '', name, rest = ''] =
    /^( *)((?:- +)*)([\w.-]+|"[^"]*"|'[^']*') *:(?: +(.*))?$/.exec(line ?? '') ?? [];
  return name === undefined
    ? undefined
    : {
        name: name.replace(/^["']|["']$/g, ''),
        column: indent.length + dashes.length,
        ...(dashes === '' ? {} : { dash: indent.length }),
        hasSecond: /^[^"'[{#]*: /.test(rest),
      };
}

const isBlank = (line: string) => /^\s*(#.*)?$/.test(line);

function nextOf({ lines }: Text, line: number): number | undefined {
  const next = lines.findIndex((text, index) => index > line && !isBlank(text));
  return next < 0 ? undefined : next;
}

/** The keys above a line that are still open there, the nearest first. */
function openAbove({ lines }: Text, line: number): readonly (Key & { readonly line: number })[] {
  const open: (Key & { readonly line: number })[] = [];
  for (let above = line - 1; above >= 0; above -= 1) {
    const key = keyIn(lines[above]);
    const innermost = open.at(-1);
    if (key && key.column < (innermost?.dash ?? innermost?.column ?? Infinity))
      open.push({ ...key, line: above });
  }
  return open;
}

const spaces = (count: number) => (count === 1 ? 'by 1 space' : `by ${count} spaces`);

/** A key whose indentation is that of no key around it. */
function misplaced(text: Text, line: number): Fault | undefined {
  const key = keyIn(text.lines[line]);
  const open = openAbove(text, line);
  if (key === undefined || key.dash !== undefined) return undefined;
  const away = (other: Key) => Math.abs(other.column - key.column);
  const least = Math.min(...open.map(away));
  const near = open.filter((other) => away(other) === least);
  const [nearest] = near;
  if (nearest === undefined || least === 0) return undefined;
  return {
    line: line + 1,
    column: key.column + 1,
    beside: nearest.line + 1,
    message: `\`${key.name}\` is indented ${spaces(key.column)}, as no key above it; \`${nearest.name}\` in line ${nearest.line + 1} is indented ${spaces(nearest.column)}`,
    remedy: near
      .map((other) => `indent it ${spaces(other.column)} if it belongs beside \`${other.name}\``)
      .join(', or '),
  };
}

/** An entry of a list that does not begin where the others do. */
function misplacedEntry(text: Text, line: number): Fault | undefined {
  const column = /^( *)-(?: |$)/.exec(text.lines[line] ?? '')?.[1]?.length;
  if (column === undefined) return undefined;
  for (let above = line - 1; above >= 0; above -= 1) {
    const other = /^( *)-(?: |$)/.exec(text.lines[above] ?? '')?.[1]?.length;
    if (other !== undefined && other !== column)
      return {
        line: line + 1,
        column: column + 1,
        beside: above + 1,
        message: `the entry is indented ${spaces(column)}, the entry before it in line ${above + 1} ${spaces(other)}`,
        remedy: 'begin all entries of a list in the same column',
      };
    if (other !== undefined) break;
  }
  return {
    line: line + 1,
    column: column + 1,
    message: 'an entry of a list (`- `) cannot stand beside keys',
    remedy: 'indent it below the key whose list it belongs to; that key has no other value',
  };
}

function openQuote(document: Document.Parsed, text: Text, offset: number): Fault & { readonly isLast: true } {
  let start: number | undefined;
  visit(document, {
    Scalar: (_, { type, range }) => {
      if (type?.startsWith('QUOTE') && range && range[0] < offset && range[1] >= offset - 1) start = range[0];
    },
  });
  const at = start ?? offset;
  const quote = start === undefined ? 'a quote' : `the quote ${text.whole[at] === "'" ? "`'`" : '`"`'} here`;
  return {
    ...placeOf(text, at),
    message: `${quote} is not closed`,
    remedy: `close it at the end of the text, or put a text with ' in it in "…"`,
    isLast: true,
  };
}

const closing: Readonly<Record<string, string>> = { '[': ']', '{': '}' };

/** Which bracket it is that is not closed: the parser names the place where it gives up. */
function openBracket(
  document: Document.Parsed,
  text: Text,
  offset: number,
): Fault & { readonly isLast: true } {
  let start = 0;
  visit(document, {
    Collection: (_, node) => {
      const from = node.range?.[0] ?? 0;
      if (node.flow !== true) return undefined;
      if (from <= offset) start = from;
      return visit.SKIP;
    },
  });
  const open: { readonly bracket: string; readonly at: number }[] = [];
  const found = (at: number, message: string, wanted: string): Fault & { readonly isLast: true } => ({
    ...placeOf(text, at),
    message,
    remedy: `write the missing \`${wanted}\``,
    isLast: true,
  });
  // Quotes only count where a value begins: `it's` has none.
  const tokens = /(?<=[\s[{,:])(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|#.*)|[[\]{}]/g;
  tokens.lastIndex = start;
  for (let token = tokens.exec(text.whole); token !== null; token = tokens.exec(text.whole)) {
    const [bracket] = token;
    if (closing[bracket] !== undefined) open.push({ bracket, at: token.index });
    else if (/^[\]}]$/.test(bracket)) {
      const last = open.pop();
      const wanted = closing[last?.bracket ?? ''];
      if (last !== undefined && wanted !== undefined && wanted !== bracket) {
        const { line, column } = placeOf(text, last.at);
        return found(
          token.index,
          `the \`${last.bracket}\` in ${line === text.lineAt(token.index) + 1 ? '' : `line ${line}, `}column ${column} is not closed before this \`${bracket}\``,
          wanted,
        );
      }
      if (open.length === 0) break;
    }
  }
  const last = open.at(-1) ?? { bracket: '[', at: offset };
  return found(last.at, `the \`${last.bracket}\` here is not closed`, closing[last.bracket] ?? ']');
}

function duplicate(text: Text, offset: number) {
  const line = text.lineAt(offset);
  const key = keyIn(text.lines[line]);
  const first =
    key === undefined
      ? -1
      : text.lines.findLastIndex((other, index) => {
          const above = index < line ? keyIn(other) : undefined;
          return above?.name === key.name && above.column === key.column;
        });
  return {
    message: `${key === undefined ? 'this key' : `the key \`${key.name}\``} is there twice${first < 0 ? '' : `, first in line ${first + 1}`}`,
    remedy: 'keep one of the two',
    ...(first < 0 ? {} : { beside: first + 1 }),
  };
}
