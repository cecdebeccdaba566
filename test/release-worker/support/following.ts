// Follows one sync on a hand-moved clock; the test supplies the answers of the stream and of GET.
import { expect, onTestFinished } from 'vitest';
import type { AppRecord } from '../../../release-worker/argocd/application.ts';
import { ArgoCdError } from '../../../release-worker/argocd/errors.ts';
import type { SyncDetail } from '../../../release-worker/argocd/sync-detail.ts';
import { createRegistry } from '../../../release-worker/drift/registry.ts';
import { followSync } from '../../../release-worker/releases/follow.ts';
import type { AppEnd, AppProgress } from '../../../release-worker/releases/release.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { scriptedArgoCd } from './argocd.ts';
import { detailOf, drifted, newCommit, oldCommit, whole } from './records.ts';
import { planned } from './releases.ts';
import { passTime, settle } from './settle.ts';

export const ours = { operation: { releaseId: 'r1' } };
export const running = drifted('shop', {
  phase: 'Running',
  detail: detailOf({ deployed: oldCommit, message: 'applying', ...ours }),
});
export const succeeded = drifted('shop', { detail: detailOf({ ...ours }) });
export const inSync = whole({ detail: detailOf({ ...ours }) });
export const others = (over: Partial<AppRecord> = {}) =>
  whole({ detail: detailOf({ operation: { releaseId: 'another' } }), ...over });

export const plainDetail: SyncDetail = {
  releaseId: 'r1',
  revision: newCommit,
  before: oldCommit,
  failed: [],
  toPrune: 0,
  kept: 0,
  changed: 1,
  undone: 0,
};

/** A sync of ours that is followed; `end()` is 'open' until it has ended. */
export function following(
  options: {
    app?: Partial<ReturnType<typeof planned>>;
    newer?: string;
    waitHealthy?: boolean;
    how?: 'release' | 'rollback';
    /** what the operation did, as the whole object shows it; without it the request for that fails */
    detail?: Partial<SyncDetail>;
    /** Argo CD's answer to the request to end the operation */
    terminate?: () => Promise<void>;
  } = {},
) {
  const clock = createFakeClock();
  const registry = createRegistry();
  const abort = new AbortController();
  const termination = new AbortController();
  const progress: AppProgress[] = [];
  const gets: (string | undefined)[] = [];
  let answer: () => Promise<AppRecord> = () => Promise.resolve(running);
  let end: AppEnd | undefined | 'open' = 'open';
  registry.event('changed', drifted('shop'));
  const followed = followSync({
    argocd: scriptedArgoCd({
      get: (_, refresh) => {
        gets.push(refresh);
        return answer();
      },
      syncDetail: () =>
        options.detail === undefined
          ? Promise.reject(new ArgoCdError({ kind: 'unavailable', message: 'not now' }))
          : Promise.resolve({ ...plainDetail, ...options.detail }),
      ...(options.terminate === undefined ? {} : { terminate: options.terminate }),
    }),
    registry,
    clock,
    app: planned('shop', options.app),
    releaseId: 'r1',
    deadline: 60_000,
    refreshTimeoutMs: 15_000,
    waitHealthy: options.waitHealthy ?? false,
    how: options.how ?? 'release',
    signal: abort.signal,
    terminate: termination.signal,
    onProgress: (next) => void progress.push(next),
    ...(options.newer === undefined ? {} : { newer: options.newer }),
  }).then((found) => {
    end = found;
  });
  onTestFinished(async () => {
    abort.abort();
    await followed;
    expect(clock.pendingTimers()).toBe(0);
  });
  return {
    clock,
    registry,
    abort,
    termination,
    progress,
    gets,
    end: () => end,
    answerWith: (next: () => Promise<AppRecord>) => {
      answer = next;
    },
    event: async (record: AppRecord) => {
      registry.event('changed', record);
      await settle();
    },
    remove: async () => {
      registry.event('deleted', running);
      await settle();
    },
    pass: (ms: number) => passTime(clock, ms),
  };
}
