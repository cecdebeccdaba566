// Parses a list of thousands of applications piece by piece. Parsed as a whole, it would block the event loop for hundreds
// of milliseconds, and delay presses and the light.
import { setImmediate as turn } from 'node:timers/promises';
import * as z from 'zod/mini';
import { parseJson } from '../../messages/codec.ts';

/** A shorter answer is parsed as a whole in a few milliseconds. In characters. */
const shortest = 200_000;
/** Characters between two turns of the event loop: about 100 applications. */
const pieceLength = 50_000;

const outerSchema = z.object({ items: z.array(z.unknown()) });

/** @returns undefined when the text is short, or not a list that this function can read: then parse it as a whole */
export async function listInPieces<Item>(
  text: string,
  itemSchema: z.ZodMiniType<Item>,
): Promise<{ readonly items: Item[] } | undefined> {
  if (text.length < shortest) return undefined;
  const begin = beginOfItems(text);
  if (begin === undefined) return undefined;
  const items: Item[] = [];
  let at = begin;
  let turnAt = at + pieceLength;
  for (;;) {
    at = afterSpace(text, at);
    const end = text[at] === '{' ? endOfObject(text, at) : undefined;
    if (end === undefined) return undefined;
    const item = parseJson(text.slice(at, end), itemSchema);
    if (!item.ok) return undefined;
    items.push(item.value);
    at = afterSpace(text, end);
    if (text[at] === ']') break;
    if (text[at] !== ',') return undefined;
    at += 1;
    if (at < turnAt) continue;
    await turn();
    turnAt = at + pieceLength;
  }
  // The text around the items must be JSON too, and the end of the answer may be missing.
  return parseJson(`${text.slice(0, begin)}${text.slice(at)}`, outerSchema).ok ? { items } : undefined;
}

/** @returns the position after the opening bracket of the outermost object's member `items` */
function beginOfItems(text: string): number | undefined {
  let at = afterSpace(text, 0);
  if (text[at] !== '{') return undefined;
  at = afterSpace(text, at + 1);
  while (text[at] === '"') {
    const name = endOfString(text, at);
    if (name === undefined) return undefined;
    const isItems = text.slice(at, name) === '"items"';
    at = afterSpace(text, name);
    if (text[at] !== ':') return undefined;
    at = afterSpace(text, at + 1);
    if (isItems) return text[at] === '[' ? at + 1 : undefined;
    const end =
      text[at] === '{' ? endOfObject(text, at) : text[at] === '"' ? endOfString(text, at) : undefined;
    if (end === undefined) return undefined;
    at = afterSpace(text, end);
    if (text[at] !== ',') return undefined;
    at = afterSpace(text, at + 1);
  }
  return undefined;
}

function afterSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \n\r\t'.includes(text[at] ?? '')) at += 1;
  return at;
}

/** @param from position of the opening quotation mark */
function endOfString(text: string, from: number): number | undefined {
  for (let at = text.indexOf('"', from + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text[at - 1 - escapes] === '\\') escapes += 1;
    if (escapes % 2 === 0) return at + 1;
  }
  return undefined;
}

const [quote, open, close] = [0x22, 0x7b, 0x7d];

/** @param from position of the opening brace */
function endOfObject(text: string, from: number): number | undefined {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = endOfString(text, at);
      if (end === undefined) return undefined;
      at = end - 1;
    } else if (code === open) depth += 1;
    else if (code === close) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}
