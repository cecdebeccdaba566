// Finds the beginning of an unclosed quote or bracket. The parser only names the place where it gives up.
import { visit, type Document } from 'yaml';
import type { Fault, Text } from './text.ts';

export function openQuote(
  document: Document.Parsed,
  text: Text,
  offset: number,
): Fault & { readonly isLast: true } {
  let start: number | undefined;
  visit(document, {
    Scalar: (_, { type, range }) => {
      if (type?.startsWith('QUOTE') && range && range[0] < offset && range[1] >= offset - 1) start = range[0];
    },
  });
  const at = start ?? offset;
  const quote = start === undefined ? 'a quote' : `the quote ${text.whole[at] === "'" ? "`'`" : '`"`'} here`;
  return {
    ...text.placeOf(at),
    message: `${quote} is not closed`,
    remedy: `close it at the end of the text, or put a text that contains ' in "…"`,
    isLast: true,
  };
}

const closing: Readonly<Record<string, string>> = { '[': ']', '{': '}' };

export function openBracket(
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
    ...text.placeOf(at),
    message,
    remedy: `write the missing \`${wanted}\``,
    isLast: true,
  });
  // A quote counts only where a value can begin, so not in `it's`.
  const tokens = /(?<=[\s[{,:])(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|#.*)|[[\]{}]/g;
  tokens.lastIndex = start;
  for (let token = tokens.exec(text.whole); token !== null; token = tokens.exec(text.whole)) {
    const [bracket] = token;
    if (closing[bracket] !== undefined) open.push({ bracket, at: token.index });
    else if (/^[\]}]$/.test(bracket)) {
      const last = open.pop();
      const wanted = closing[last?.bracket ?? ''];
      if (last !== undefined && wanted !== undefined && wanted !== bracket) {
        const { line, column } = text.placeOf(last.at);
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
