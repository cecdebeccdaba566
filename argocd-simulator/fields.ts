// `fields=`: a list knows a fixed set of names, but a stream filters any path by string prefix.
import { withoutResourceHealth, type ApplicationObject } from './application.ts';

export type Fields = { names: string[]; exclude: boolean };

/** A leading minus excludes the named fields. An empty parameter selects everything. */
export function parseFields(text: string | null): Fields | undefined {
  if (!text) return undefined;
  const exclude = text.startsWith('-');
  return { names: (exclude ? text.slice(1) : text).split(','), exclude };
}

/** What a list can select. `undefined` is left out, `null` is shown. */
const listFields: Record<string, (app: ApplicationObject) => unknown> = {
  'metadata.name': (app) => app.metadata.name,
  'metadata.namespace': (app) => app.metadata.namespace,
  'metadata.annotations': (app) => app.metadata.annotations ?? null,
  'metadata.labels': (app) => app.metadata.labels ?? null,
  'metadata.creationTimestamp': (app) => app.metadata.creationTimestamp,
  'metadata.deletionTimestamp': (app) => app.metadata.deletionTimestamp ?? null,
  spec: (app) => app.spec,
  'spec.destination': (app) => app.spec.destination,
  'spec.project': (app) => app.spec.project,
  'spec.source': (app) => app.spec.source ?? null,
  'spec.sources': (app) => app.spec.sources ?? null,
  'spec.sourceHydrator': () => null,
  'spec.syncPolicy': (app) => app.spec.syncPolicy ?? null,
  'status.summary': (app) => app.status.summary,
  'status.sourceHydrator': (app) => app.status.sourceHydrator,
  'status.health': (app) => app.status.health,
  'status.resources': (app) => withoutResourceHealth(app).status.resources ?? null,
  'status.sync.status': (app) => app.status.sync.status,
  'status.sync.revision': (app) => app.status.sync.revision ?? '',
  'status.operationState.phase': (app) => app.status.operationState?.['phase'],
  'status.operationState.startedAt': (app) => app.status.operationState?.['startedAt'],
  'status.operationState.finishedAt': (app) =>
    app.status.operationState && (app.status.operationState['finishedAt'] ?? null),
  // Argo CD uses this name, but shows the result of the operation.
  'status.operationState.operation.sync': (app) =>
    app.status.operationState && (app.status.operationState['syncResult'] ?? null),
  'operation.sync': (app) => app.operation?.sync,
};

/** One item of a list, for this selection. */
export function listSelection(fields: Fields): (app: ApplicationObject) => Record<string, unknown> {
  const wanted = Object.entries(listFields).filter(
    ([name]) => fields.names.includes(`items.${name}`) !== fields.exclude,
  );
  const names = wanted.map(([name]) => name);
  const parts = wanted
    .filter(([name]) => !names.some((other) => name.startsWith(`${other}.`)))
    .map(([name, read]) => ({ path: name.split('.'), read }));
  return (app) => {
    const item: Record<string, unknown> = {};
    for (const { path, read } of parts) {
      const value = read(app);
      if (value !== undefined) put(item, path, value);
    }
    return item;
  };
}

function put(target: Record<string, unknown>, [key = '', ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const within = target[key];
  const next: Record<string, unknown> = isObject(within) ? within : {};
  target[key] = next;
  put(next, rest, value);
}

/** The selected part of a stream's message. Argo CD then sends the members in alphabetical order. */
export function streamSelection(message: Record<string, unknown>, fields: Fields): Record<string, unknown> {
  return select(message, '', fields);
}

function select(value: Record<string, unknown>, prefix: string, fields: Fields): Record<string, unknown> {
  const kept: [string, unknown][] = [];
  for (const [key, member] of Object.entries(value)) {
    const path = `${prefix}${key}`;
    const whole = fields.names.some((name) => path === name || path.startsWith(`${name}.`));
    if (fields.exclude) {
      if (!whole) kept.push([key, isObject(member) ? select(member, `${path}.`, fields) : member]);
    } else if (whole) {
      kept.push([key, sorted(member)]);
    } else if (fields.names.some((name) => name.startsWith(path))) {
      kept.push([key, isObject(member) ? select(member, `${path}.`, fields) : member]);
    }
  }
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([key, member]) => [key, sorted(member)]));
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
