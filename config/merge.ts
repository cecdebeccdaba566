// Convict declares the settings and merges the layers. It gets values, not texts: its own coercion turns `abc`
// into NaN, and its reading of variables and arguments knows no origins (convict 6.2, src/main.js).
import convict from 'convict';
import { isMap, isSetting, type Group, type Section } from './declare.ts';
import type { Layer } from './layers.ts';
import type { Leaf, SectionName } from './sections.ts';

interface Tree {
  [name: string]: unknown;
}

/** One object a section, defaults filled in, unset leaves absent; not yet parsed. Later layers win. */
export function merge(
  sections: ReadonlyMap<SectionName, Section>,
  leaves: readonly Leaf[],
  layers: readonly Layer[],
): Tree {
  const variables = new Map(leaves.map(({ path, variable }) => [path, variable]));
  const schema: Record<string, object> = {};
  for (const [name, { settings }] of sections) schema[name] = declarations(settings, name, variables);
  // Without these two convict reads process.env and process.argv.
  const store = convict<Tree>(schema, { args: [], env: {} });
  // Convict takes a map for a group, also where a value is wanted.
  const maps = new Map<string, unknown>();
  for (const { given } of layers) {
    const tree: Tree = {};
    for (const [path, { value }] of given) {
      maps.delete(path);
      if (isMap(value)) maps.set(path, value);
      else put(tree, path.split('.'), value);
    }
    store.load(tree);
  }
  const merged = withoutUnset(store.getProperties());
  for (const [path, value] of maps) put(merged, path.split('.'), value);
  return merged;
}

function declarations(
  group: Group,
  above: string,
  variables: ReadonlyMap<string, string>,
): Record<string, object> {
  return Object.fromEntries(
    Object.entries(group).map(([name, entry]): [string, object] => {
      const path = `${above}.${name}`;
      if (!isSetting(entry)) return [name, declarations(entry, path, variables)];
      const { doc, secret } = entry;
      // Format `*`: no coercion and no judgement; the one parse by zod comes after.
      return [
        name,
        { doc, default: entry.default, format: '*', env: variables.get(path), sensitive: secret },
      ];
    }),
  );
}

function put(tree: Tree, path: readonly string[], value: unknown): void {
  const [name, ...rest] = path;
  if (name === undefined) return;
  if (rest.length === 0) {
    tree[name] = value;
    return;
  }
  const inner: Tree = isTree(tree[name]) ? tree[name] : {};
  tree[name] = inner;
  put(inner, rest, value);
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutUnset(tree: Tree): Tree {
  const entries = Object.entries(tree).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, isTree(value) ? withoutUnset(value) : value]),
  );
}
