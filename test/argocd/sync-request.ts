// Reads the body of a sync.
import {
  controlPlaneNamespace,
  type ResourceFilter,
  type Retry,
  type SyncStrategy,
} from '../../argocd-simulator/application.ts';
import type { SyncBody } from '../../argocd-simulator/sync.ts';
import { readAs, reader } from './go-json.ts';

export interface WholeSyncBody extends SyncBody {
  readonly project: string;
  readonly dryRun: boolean;
  readonly strategy: SyncStrategy | undefined;
  readonly resources: ResourceFilter[] | undefined;
}

/** Never throws: `problem` has Go's words. */
export function readWholeSyncBody(text: string): WholeSyncBody | { problem: string } {
  return readAs(text, read);
}

function read(json: unknown): WholeSyncBody {
  const request = 'ApplicationSyncRequest';
  const body = reader(json, request, '', `application.${request}`);
  return {
    appNamespace: body.string('appNamespace') || controlPlaneNamespace,
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
      : undefined,
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
  const refresh = retry.bool('refresh') ? { refresh: true } : {};
  if (!retry.has('backoff')) return { ...(limit === 0 ? {} : { limit }), ...refresh };
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
    ...refresh,
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
