// YAML text to plain values, bounded, with the line of every value. Errors are in our own
// words (yaml-faults.ts).
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Pair,
  type YAMLMap,
} from 'yaml';
import { faultsOf, orphanFault } from './faults.ts';
import type { Fault } from './text.ts';

export interface YamlContent {
  readonly value: unknown;
  lineOf(path: readonly PropertyKey[]): number;
  /** How a scalar was written; undefined where the path leads to none. */
  sourceOf(path: readonly PropertyKey[]): string | undefined;
}

type ParsedYaml = YamlContent | { readonly faults: readonly Fault[] };

/** Aliases may multiply what a file says at most this often; 100 is the parser's own default. */
const maximumAliases = 100;
/** Our deepest key has six levels; a label or two more would still do. */
const deepest = 20;
/** Parses YAML 1.2 (and so JSON). The caller has bounded the length of `text`. */
export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter();
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      // Not `silent`, which also lets a second document pass (yaml 2.9, public-api.ts).
      logLevel: 'error',
    });
    const faults = faultsOf(document, text);
    if (faults.length > 0) return { faults };
    const orphan = orphanAlias(document);
    if (orphan !== undefined) return { faults: [orphanFault(text, orphan)] };
    const value = tidy(document.toJS({ maxAliasCount: maximumAliases }), deepest);
    return {
      value,
      lineOf: (path) => at(offsetOf(document, path)).line,
      sourceOf: (path) => sourceOf(document, path),
    };
  } catch (error) {
    // toJS throws ReferenceError for aliases that multiply; deep nesting overflows the parser's stack.
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    const [message, remedy] =
      error instanceof ReferenceError
        ? [`aliases (*name) repeat more than ${maximumAliases} values`, 'write them out']
        : ['lists and maps are nested too deep', 'no key needs more than six levels'];
    return { faults: [{ line: 1, column: 1, message, remedy }] };
  }
}

/** The offset of the first alias without an anchor before it. */
function orphanAlias(document: Document.Parsed): number | undefined {
  const anchors = new Set<string>();
  let orphan: number | undefined;
  visit(document, {
    Value: (_, node) => {
      if (node.anchor !== undefined) anchors.add(node.anchor);
    },
    Alias: (_, node) => {
      if (anchors.has(node.source)) return undefined;
      orphan = node.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return orphan;
}

/** Refuses what is nested too deep, and keeps `__proto__` from meaning anything. */
function tidy(value: unknown, levels: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (levels === 0) throw new RangeError();
  if (Array.isArray(value)) return value.map((entry) => tidy(entry, levels - 1));
  const entries = Object.entries(value);
  // fromEntries defines own properties, also for `__proto__`, which then is an unknown key like any other.
  return Object.fromEntries(entries.map(([key, inner]) => [key, tidy(inner, levels - 1)]));
}

function sourceOf(document: Document.Parsed, path: readonly PropertyKey[]): string | undefined {
  let node: unknown = document.contents;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) node = pairOf(node, key)?.value;
    else node = isSeq(node) && typeof key === 'number' ? node.items[key] : undefined;
  }
  if (isAlias(node)) node = node.resolve(document);
  return isScalar(node) ? node.source : undefined;
}

function pairOf(map: YAMLMap, key: PropertyKey): Pair | undefined {
  return map.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
}

/** The offset of the key or list entry that `path` leads to, as far as it leads. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = pairOf(node, key);
      if (!pair || !isScalar(pair.key)) break;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof key === 'number') {
      node = node.items[key];
      offset = startOf(node) ?? offset;
    } else break;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? node.range?.[0] : undefined;
}
