// The body of a sync, read as Argo CD's Go code does: unknown fields are ignored, null is nothing, a wrong type is
// refused in Go's words.
import type { Info, ResourceFilter, Retry, SyncStrategy } from './application.ts';
import { isObject } from './selection.ts';

export type SyncBody = {
  appNamespace: string;
  project: string;
  revision: string;
  revisions: string[];
  sourcePositions: number[];
  dryRun: boolean;
  prune: boolean;
  infos: Info[];
  syncOptions: string[];
  strategy: SyncStrategy | undefined;
  retryStrategy: Retry | undefined;
  resources: ResourceFilter[] | undefined;
};

class Unreadable extends Error {}

/** Throws nothing: `problem` has Go's words. */
export function readSyncBody(text: string): SyncBody | { problem: string } {
  try {
    return read(text.trim() === '' ? {} : parseJson(text));
  } catch (error) {
    if (error instanceof Unreadable) return { problem: error.message };
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const position = /position (\d+)/.exec(message)?.[1];
    const truncated = position === undefined || Number(position) >= text.trimEnd().length;
    if (truncated && !message.startsWith('Unexpected token')) throw new Unreadable('unexpected EOF');
    const character = /Unexpected token '?(.)/.exec(message)?.[1] ?? text.charAt(Number(position));
    throw new Unreadable(`invalid character '${character}' looking for beginning of value`);
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** Reads members of one Go struct. `path` is what Go puts between the struct's name and the member. */
function reader(value: unknown, struct: string, path: string, goType: string) {
  const object = value ?? {};
  if (!isObject(object)) {
    const where =
      path === '' ? `value of type ${goType}` : `struct field ${struct}.${path} of type ${goType}`;
    throw new Unreadable(`json: cannot unmarshal ${kindOf(value)} into Go ${where}`);
  }
  const wrong = (member: string, found: unknown, type: string): Unreadable => {
    const where = path === '' ? member : `${path}.${member}`;
    return new Unreadable(
      `json: cannot unmarshal ${kindOf(found)} into Go struct field ${struct}.${where} of type ${type}`,
    );
  };
  return {
    has: (member: string): boolean => object[member] !== undefined && object[member] !== null,
    raw: (member: string): unknown => object[member],
    string(member: string): string {
      const found = object[member] ?? '';
      if (typeof found !== 'string') throw wrong(member, found, 'string');
      return found;
    },
    bool(member: string): boolean {
      const found = object[member] ?? false;
      if (typeof found !== 'boolean') throw wrong(member, found, 'bool');
      return found;
    },
    integer(member: string): number {
      const found = object[member] ?? 0;
      if (typeof found !== 'number' || !Number.isInteger(found)) throw wrong(member, found, 'int64');
      return found;
    },
    list(member: string, type: string): unknown[] {
      const found = object[member] ?? [];
      if (!Array.isArray(found)) throw wrong(member, found, type);
      return found;
    },
    strings(member: string): string[] {
      return this.list(member, '[]string').map((each) => {
        if (typeof each !== 'string') throw wrong(member, each, 'string');
        return each;
      });
    },
  };
}

function read(json: unknown): SyncBody {
  const request = 'ApplicationSyncRequest';
  const body = reader(json, request, '', `application.${request}`);
  return {
    appNamespace: body.string('appNamespace'),
    project: body.string('project'),
    revision: body.string('revision'),
    revisions: body.strings('revisions'),
    sourcePositions: body
      .list('sourcePositions', '[]int64')
      .map((each) => (typeof each === 'number' ? each : 0)),
    dryRun: body.bool('dryRun'),
    prune: body.bool('prune'),
    infos: body.list('infos', '[]*v1alpha1.Info').map((each) => {
      const info = reader(each, 'Info', 'infos', 'v1alpha1.Info');
      return { name: info.string('name'), value: info.string('value') };
    }),
    syncOptions: body.has('syncOptions')
      ? reader(body.raw('syncOptions'), request, 'syncOptions', 'application.SyncOptions').strings('items')
      : [],
    strategy: body.has('strategy') ? readStrategy(body.raw('strategy')) : undefined,
    retryStrategy: body.has('retryStrategy') ? readRetry(body.raw('retryStrategy')) : undefined,
    resources: body.has('resources')
      ? readResources(body.list('resources', '[]*v1alpha1.SyncOperationResource'))
      : undefined,
  };
}

function readStrategy(json: unknown): SyncStrategy {
  const strategy = reader(json, 'ApplicationSyncRequest', 'strategy', 'v1alpha1.SyncStrategy');
  const one = (kind: 'apply' | 'hook'): { force?: boolean } => {
    const member = reader(
      strategy.raw(kind),
      'SyncStrategy',
      `strategy.${kind}`,
      'v1alpha1.SyncStrategyApply',
    );
    return member.bool('force') ? { force: true } : {};
  };
  return {
    ...(strategy.has('apply') ? { apply: one('apply') } : {}),
    ...(strategy.has('hook') ? { hook: one('hook') } : {}),
  };
}

function readRetry(json: unknown): Retry {
  const retry = reader(json, 'ApplicationSyncRequest', 'retryStrategy', 'v1alpha1.RetryStrategy');
  const limit = retry.integer('limit');
  if (!retry.has('backoff')) return limit === 0 ? {} : { limit };
  const backoff = reader(retry.raw('backoff'), 'RetryStrategy', 'retryStrategy.backoff', 'v1alpha1.Backoff');
  const factor = backoff.integer('factor');
  const duration = backoff.string('duration');
  const maxDuration = backoff.string('maxDuration');
  return {
    ...(limit === 0 ? {} : { limit }),
    backoff: {
      ...(duration === '' ? {} : { duration }),
      ...(factor === 0 ? {} : { factor }),
      ...(maxDuration === '' ? {} : { maxDuration }),
    },
  };
}

function readResources(list: unknown[]): ResourceFilter[] {
  return list.map((each) => {
    const resource = reader(each, 'SyncOperationResource', 'resources', 'v1alpha1.SyncOperationResource');
    const group = resource.string('group');
    const namespace = resource.string('namespace');
    return {
      ...(group === '' ? {} : { group }),
      kind: resource.string('kind'),
      name: resource.string('name'),
      ...(namespace === '' ? {} : { namespace }),
    };
  });
}
