// Says why a text is not YAML: where, what was expected, and what to write. The parser's own messages quote the text,
// which may be a secret, and often name the line after the mistake.
import type { Document, YAMLError } from 'yaml';
import { misplaced, misplacedEntry } from './indentation.ts';
import { keyIn, nextOf, textOf, type Fault, type Text } from './text.ts';
import { openBracket, openQuote } from './unclosed.ts';

/** Reports at most this many faults, because further ones mostly follow from the first. */
const maximumFaults = 5;

type ParserError = Pick<YAMLError, 'code' | 'message'> & { readonly offset: number };

/** At most one fault per line. An unclosed quote or bracket is the last fault, because all later ones only follow from it. */
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

/** The fault of a `*name` without `&name`. The parser notices only some of these. */
export function orphanFault(whole: string, offset: number): Fault {
  return { ...textOf(whole).placeOf(offset), ...simple('BAD_ALIAS') };
}

function explain(
  document: Document.Parsed,
  text: Text,
  { code, message, offset }: ParserError,
): Fault & { readonly isLast?: true } {
  const line = text.lineAt(offset);
  const character = text.whole[offset] ?? '';
  const here = (words = simple(code)) => ({ ...text.placeOf(offset), ...words });
  if (message.startsWith('Missing closing')) return openQuote(document, text, offset);
  if (message.startsWith('Flow ')) return openBracket(document, text, offset);
  if (/^(All mapping items|Sequence item without)/.test(message)) return misplaced(text, line) ?? here();
  if (message.startsWith('A block sequence may not')) return misplacedEntry(text, line) ?? here();
  if (code === 'BLOCK_AS_IMPLICIT_KEY' || code === 'MULTILINE_IMPLICIT_KEY') {
    // The parser names the line before the one that is indented too far.
    const next = nextOf(text, line);
    const own = keyIn(text.lines[line]);
    const there = next === undefined ? undefined : keyIn(text.lines[next]);
    if (next !== undefined && own && there && !own.hasSecond && there.column > own.column)
      return misplaced(text, next) ?? here();
    if (own === undefined) return here(noColon);
  }
  if (message.startsWith('Implicit map keys need')) return here(noColon);
  if (code === 'DUPLICATE_KEY') return here(duplicate(text, line));
  if (code === 'BAD_SCALAR_START')
    return here({ message: `text cannot begin with \`${character}\``, remedy: 'put the text in quotes' });
  if (/Unexpected flow-(map|seq)-end|^Unexpected [,\]}] /.test(message))
    return here({
      message: `this \`${character}\` is one too many, or a bracket or an entry is missing before it`,
      remedy: 'remove it, or write what is missing',
    });
  if (message.includes('at node end') && /["']$/.test(text.whole.slice(0, offset).trimEnd()))
    return here({
      message: 'the quoted text ends before this',
      remedy: `to write a quote inside quotes, double it ('it''s') or use the other kind of quotes around it ("it's")`,
    });
  return here();
}

const noColon = {
  message: 'a `:` is missing: this is neither a key nor the value of one',
  remedy: 'write a key as `key: value`, or put text that spans several lines in quotes',
};

const otherwise = 'correct the line; the example file config/release-button.example.yaml shows every key';

const sentences: Readonly<Record<string, readonly [message: string, remedy?: string]>> = {
  BAD_ALIAS: [
    'a `*name` refers to no `&name` before it',
    'put text that begins with * or & in quotes, or write out the value',
  ],
  BAD_DQ_ESCAPE: [
    'a backslash sequence inside double quotes is unknown',
    'use single quotes, or write the backslash twice',
  ],
  BAD_INDENT: ['the indentation does not match the lines before it'],
  BLOCK_AS_IMPLICIT_KEY: ['a second `:` in one line', 'put text that contains `: ` in quotes'],
  BLOCK_IN_FLOW: [
    'this cannot be inside [ ] or { }: perhaps a comma is missing before it',
    'separate the entries with commas',
  ],
  MISSING_CHAR: [
    'a character is missing before this, perhaps a quote, a comma, a bracket, or the space after `:`',
  ],
  MULTILINE_IMPLICIT_KEY: ['a key must be on one line', 'perhaps a `:` is missing after it'],
  MULTIPLE_DOCS: ['a second document begins after `---`', 'keep only one document'],
  NON_STRING_KEY: ['a key must be plain text'],
  RESOURCE_EXHAUSTION: ['lists and maps are nested too deeply'],
  TAB_AS_INDENT: ['a tab is used to indent', 'use spaces'],
  TAG_RESOLVE_FAILED: [
    'tags such as `!secret` mean nothing here',
    'for a secret use the key that ends in File; put text that begins with ! in quotes',
  ],
  UNEXPECTED_TOKEN: [
    'this was not expected here; perhaps there is a quote, a comma or a bracket too few or too many',
  ],
};

function simple(code: string): { readonly message: string; readonly remedy: string } {
  const [message = `this is not YAML (${code})`, remedy = otherwise] = sentences[code] ?? [];
  return { message, remedy };
}

function duplicate(text: Text, line: number) {
  const remedy = 'remove one of the two';
  const key = keyIn(text.lines[line]);
  if (key === undefined) return { message: 'this key appears twice', remedy };
  const first = text.lines.slice(0, line).findLastIndex((other) => {
    const above = keyIn(other);
    return above?.name === key.name && above.column === key.column;
  });
  const message = `the key \`${key.name}\` appears twice`;
  return first < 0
    ? { message, remedy }
    : { message: `${message}, first in line ${first + 1}`, remedy, beside: first + 1 };
}
