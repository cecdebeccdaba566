// Parses YAML into plain values, within limits, and finds the line of each value. faults.ts describes the faults.
import { isAlias, isMap, isNode, isScalar, isSeq, parseDocument, visit, type Document } from 'yaml';
import { faultsOf, orphanFault } from './faults.ts';
import { textOf, type Fault } from './text.ts';

export interface YamlContent {
  readonly value: unknown;
  lineOf(path: readonly PropertyKey[]): number;
  /** How a scalar was written; undefined if there is no scalar at the path. */
  sourceOf(path: readonly PropertyKey[]): string | undefined;
}

type ParsedYaml = YamlContent | { readonly faults: readonly Fault[] };

/** How many values aliases may repeat. 100 is the parser's own default. */
const maximumAliases = 100;
/** Our deepest key has six levels. */
const deepest = 20;

/** Parses YAML 1.2, and so JSON. The caller has limited the length of `text`. */
export function parseYaml(text: string): ParsedYaml {
  try {
    const document = parseDocument(text, {
      prettyErrors: false,
      stringKeys: true,
      // `silent` would also accept a second document (yaml 2.9, public-api.ts).
      logLevel: 'error',
    });
    const faults = faultsOf(document, text);
    if (faults.length > 0) return { faults };
    const orphan = orphanAlias(document);
    if (orphan !== undefined) return { faults: [orphanFault(text, orphan)] };
    const value = tidy(document.toJS({ maxAliasCount: maximumAliases }), deepest);
    const lines = textOf(text);
    return {
      value,
      lineOf: (path) => lines.placeOf(find(document, path).offset).line,
      sourceOf: (path) => {
        const { node } = find(document, path);
        return isScalar(node) ? node.source : undefined;
      },
    };
  } catch (error) {
    const isTooOften = error instanceof ReferenceError && error.message.startsWith('Excessive alias count');
    // Deep nesting overflows the parser's stack.
    if (!isTooOften && !(error instanceof RangeError)) throw error;
    const [message, remedy] = isTooOften
      ? [`aliases (*name) repeat more than ${maximumAliases} values`, 'write them out']
      : ['lists and maps are nested too deeply', 'no key needs more than six levels'];
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

/** Refuses values that are nested too deeply, and makes `__proto__` an ordinary key. */
function tidy(value: unknown, levels: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (levels === 0) throw new RangeError();
  if (Array.isArray(value)) return value.map((entry) => tidy(entry, levels - 1));
  const entries = Object.entries(value);
  // fromEntries defines own properties, even for `__proto__`, which is then an unknown key like any other.
  return Object.fromEntries(entries.map(([key, inner]) => [key, tidy(inner, levels - 1)]));
}

/** The node at `path` and the offset of its key or list entry. If there is no such node: the offset of the last node on the way. */
function find(document: Document.Parsed, path: readonly PropertyKey[]) {
  const resolved = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of path) {
    const collection = resolved(node);
    if (isMap(collection)) {
      const pair = collection.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
      if (!isScalar(pair?.key)) return { offset };
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(collection) && typeof key === 'number') {
      node = collection.items[key];
      offset = (isNode(node) ? node.range?.[0] : undefined) ?? offset;
    } else return { offset };
  }
  return { node: resolved(node), offset };
}
