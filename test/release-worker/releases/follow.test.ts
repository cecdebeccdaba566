// Following on a hand-moved clock: what the stream tells, what a GET tells, and who is right.
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AppDetail, AppRecord } from '../../../release-worker/argocd/application.ts';
import { ArgoCdError } from '../../../release-worker/argocd/errors.ts';
import type { SyncDetail } from '../../../release-worker/argocd/sync-detail.ts';
import { createRegistry } from '../../../release-worker/drift/registry.ts';
import { followSync, viewOf } from '../../../release-worker/releases/follow.ts';
import type { AppEnd, AppProgress } from '../../../release-worker/releases/release.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { scriptedArgoCd } from '../support/argocd.ts';
import { detailOf, drifted, listed, newCommit, newestCommit, oldCommit, whole } from '../support/records.ts';
import { planned } from '../support/releases.ts';
import { settle } from '../support/settle.ts';

const ours = { operation: { releaseId: 'r1' } };
const running = drifted('shop', {
  phase: 'Running',
  detail: detailOf({ deployed: oldCommit, message: 'applying', ...ours }),
});
const succeeded = drifted('shop', { detail: detailOf({ ...ours }) });
const inSync = whole({ detail: detailOf({ ...ours }) });
const others = (over: Partial<AppRecord> = {}) =>
  whole({ detail: detailOf({ operation: { releaseId: 'another' } }), ...over });

const plainDetail: SyncDetail = {
  releaseId: 'r1',
  revision: newCommit,
  before: oldCommit,
  failed: [],
  toPrune: 0,
  kept: 0,
  changed: 1,
  undone: 0,
};

function following(
  options: {
    app?: Partial<ReturnType<typeof planned>>;
    newer?: string;
    waitHealthy?: boolean;
    how?: 'release' | 'rollback';
    /** what the operation did, as the whole object tells; without it the look for that fails */
    detail?: Partial<SyncDetail>;
    /** what Argo CD answers to the request to end the operation */
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
    pass: async (ms: number) => {
      await settle();
      for (let left = ms; left > 0; left -= 500) {
        clock.advance(Math.min(500, left));
        await settle();
      }
    },
  };
}

describe('the last operation looks', () => {
  it.each([
    ['unclear', undefined],
    ['unclear', listed()],
    ['not-ours', others()],
    ['not-ours', whole()],
    ['pending', whole({ phase: 'Pending', detail: detailOf(ours) })],
    ['running', running],
    // Between two attempts an end stands there although it goes on (`stream-failed-sync-with-retry`).
    ['running', whole({ phase: 'Running', finishedAt: '2026-01-01T00:00:01Z', detail: detailOf(ours) })],
    ['running', whole({ phase: 'Terminating', detail: detailOf(ours) })],
    ['succeeded', inSync],
    ['failed', whole({ phase: 'Failed', detail: detailOf(ours) })],
    ['failed', whole({ phase: 'Error', detail: detailOf(ours) })],
  ])('%s', (state, record) => {
    expect(viewOf(record, 'r1').state).toBe(state);
  });
});

describe('the stream', () => {
  it('alone tells everything, without a single GET', async () => {
    const { event, end, progress, gets } = following();
    await event(running);
    await event(succeeded);
    expect(end()).toBe('open');
    await event(inSync);

    expect(end()).toEqual({ outcome: 'in-sync', message: 'in sync at 2222222', good: true });
    expect(progress).toEqual([{ phase: 'running', message: 'applying' }, { phase: 'verifying' }]);
    expect(gets).toEqual([]);
  });

  it('is right where an older GET is answered after it', async () => {
    let answered: (record: AppRecord) => void = () => {};
    const { event, end, pass, answerWith } = following();
    answerWith(
      () =>
        new Promise((resolve) => {
          answered = resolve;
        }),
    );
    await event(running);
    await pass(2_000);
    await event(succeeded);
    await event(inSync);
    answered(running);
    await settle();
    expect(end()).toMatchObject({ outcome: 'in-sync' });
  });
});

describe('an operation that Argo CD does not begin', () => {
  const pending = drifted('shop', {
    phase: 'Pending',
    detail: detailOf({ deployed: oldCommit, ...ours }),
  });
  const refreshes = (gets: readonly (string | undefined)[]) => gets.filter((kind) => kind === 'normal');

  it('gets one refresh after 5 s, and no second one', async () => {
    const { event, pass, gets, answerWith, end } = following();
    answerWith(() => Promise.resolve(pending));
    await event(pending);
    await pass(4_500);
    expect(refreshes(gets)).toEqual([]);
    await pass(500);
    expect(refreshes(gets)).toEqual(['normal']);
    await pass(40_000);
    expect(refreshes(gets)).toEqual(['normal']);
    expect(end()).toBe('open');
  });

  it('is followed on by what the refresh brings', async () => {
    const { event, pass, gets, answerWith, end } = following();
    answerWith(() => Promise.resolve(gets.includes('normal') ? inSync : pending));
    await event(pending);
    await pass(5_000);
    expect(end()).toMatchObject({ outcome: 'in-sync' });
  });

  it('is followed on although the refresh is not answered', async () => {
    const { event, pass, gets, answerWith, end } = following();
    answerWith(() => (gets.at(-1) === 'normal' ? new Promise(() => {}) : Promise.resolve(pending)));
    await event(pending);
    await pass(6_000);
    await event(inSync);
    expect(end()).toMatchObject({ outcome: 'in-sync' });
  });

  it('in no more than a moment gets none', async () => {
    const { event, pass, gets } = following();
    await event(pending);
    await pass(2_000);
    await event(running);
    await pass(10_000);
    expect(refreshes(gets)).toEqual([]);
  });
});

describe('an end that the stream tells while Argo CD is asked for something else', () => {
  const terminated = drifted('shop', {
    phase: 'Failed',
    detail: detailOf({ ...ours, message: 'Operation terminated' }),
  });

  it.each([
    ['answered', (answered: () => void) => answered()],
    ['refused', (_: () => void, refused: () => void) => refused()],
  ])('is seen at once when the request to terminate is %s', async (_, answer) => {
    let answered = () => {};
    let refused = () => {};
    const { event, end, termination, gets } = following({
      terminate: () =>
        new Promise((resolve, reject) => {
          answered = resolve;
          refused = () =>
            reject(new ArgoCdError({ kind: 'invalid', message: 'No operation is in progress' }));
        }),
    });
    await event(running);
    termination.abort();
    await settle();
    await event(terminated);
    expect(end()).toBe('open');
    answer(answered, refused);
    await settle();
    expect(end()).toMatchObject({ outcome: 'terminated' });
    expect(gets).toEqual([]);
  });

  it('is seen at once when a look that was under way fails', async () => {
    let fail = () => {};
    const { event, end, pass, answerWith } = following();
    answerWith(
      () =>
        new Promise((_, reject) => {
          fail = () => reject(new ArgoCdError({ kind: 'unavailable', message: 'not now' }));
        }),
    );
    await event(running);
    await pass(2_000);
    await event(succeeded);
    await event(inSync);
    fail();
    await settle();
    expect(end()).toMatchObject({ outcome: 'in-sync' });
  });

  it('is seen at once when a look for health that was under way fails', async () => {
    let fail = () => {};
    const progressing = whole({ health: 'Progressing', detail: detailOf(ours) });
    const { event, end, pass, answerWith } = following({ waitHealthy: true });
    answerWith(
      () =>
        new Promise((_, reject) => {
          fail = () => reject(new ArgoCdError({ kind: 'unavailable', message: 'not now' }));
        }),
    );
    await event(progressing);
    await pass(2_000);
    await event({ ...progressing, health: 'Healthy' });
    fail();
    await settle();
    expect(end()).toMatchObject({ outcome: 'in-sync' });
  });
});

describe('without news', () => {
  it('it looks, less and less often', async () => {
    const { pass, gets } = following();
    await pass(59_000);
    expect(gets.length).toBeGreaterThan(4);
    expect(gets.length).toBeLessThan(10);
  });

  it('it ends as timed out, with what was said last', async () => {
    const { pass, end, event } = following();
    await event(running);
    await pass(60_000);
    expect(end()).toEqual({
      outcome: 'timed-out',
      message: expect.stringMatching(
        /^not over within worker\.release\.appTimeoutMs; Argo CD said last: applying; .*terminate --app argocd\/shop/,
      ),
      good: false,
    });
  });

  it('it bears that Argo CD does not answer for a while', async () => {
    const { pass, end, answerWith } = following();
    answerWith(() => Promise.reject(new ArgoCdError({ kind: 'unavailable', message: 'not now' })));
    await pass(10_000);
    answerWith(() => Promise.resolve(inSync));
    await pass(15_000);
    expect(end()).toMatchObject({ outcome: 'in-sync' });
  });

  it('it is looked for at once where the stream says that it is deleted', async () => {
    const { pass, end, event, remove, answerWith, gets } = following();
    await event(running);
    await pass(30_000);
    const looks = gets.length;
    answerWith(() => Promise.reject(new ArgoCdError({ kind: 'not-found', message: 'HTTP 404' })));
    await remove();
    expect(gets.length).toBe(looks + 1);
    expect(end()).toEqual({ outcome: 'failed', message: 'the application is gone', good: false });
  });

  it('it is looked for again soon where a cache still has it', async () => {
    const { pass, end, event, remove, answerWith, gets } = following();
    await event(running);
    await pass(30_000);
    await remove();
    expect(end()).toBe('open');
    const looks = gets.length;
    answerWith(() => Promise.reject(new ArgoCdError({ kind: 'not-found', message: 'HTTP 404' })));
    await pass(2_000);
    expect(gets.length).toBe(looks + 1);
    expect(end()).toMatchObject({ message: 'the application is gone' });
  });

  it('a 403 is not the end, a missing application is', async () => {
    const { pass, end, answerWith } = following();
    answerWith(() => Promise.reject(new ArgoCdError({ kind: 'forbidden-or-missing', message: 'HTTP 403' })));
    await pass(10_000);
    expect(end()).toBe('open');
    answerWith(() => Promise.reject(new ArgoCdError({ kind: 'not-found', message: 'HTTP 404' })));
    await pass(15_000);
    expect(end()).toEqual({ outcome: 'failed', message: 'the application is gone', good: false });
  });
});

describe('another operation in its place', () => {
  it('is believed only after several looks', async () => {
    const { pass, end, answerWith } = following();
    answerWith(() =>
      Promise.resolve(others({ sync: 'OutOfSync', detail: detailOf({ deployed: oldCommit }) })),
    );
    await pass(6_000);
    expect(end()).toBe('open');
    await pass(10_000);
    expect(end()).toMatchObject({ outcome: 'failed', good: false });
  });

  const elses = { releaseId: 'another', changed: 0 };
  it.each<[string, Partial<AppEnd>, AppRecord, Partial<ReturnType<typeof planned>>]>([
    ['is good where ours is deployed and in sync', { outcome: 'in-sync', good: true }, others(), {}],
    [
      'is good where ours is deployed and something newer is there',
      { outcome: 'still-out-of-sync', good: true },
      others({ sync: 'OutOfSync', target: newestCommit }),
      {},
    ],
    [
      'is no success where ours is deployed and the same target still differs',
      { outcome: 'failed', good: false },
      others({ sync: 'OutOfSync' }),
      {},
    ],
    [
      'is no success where it was deployed before and still differs',
      { outcome: 'failed', good: false },
      others({ sync: 'OutOfSync' }),
      { from: newCommit },
    ],
  ])('%s', async (_, expected, record, app) => {
    const { pass, end, answerWith } = following({ app, detail: elses });
    answerWith(() => Promise.resolve(record));
    await pass(20_000);
    expect(end()).toMatchObject(expected);
  });

  const deploying = (deploys: string, over: Partial<AppDetail> = {}) =>
    others({
      sync: 'OutOfSync',
      phase: 'Running',
      detail: detailOf({ deployed: oldCommit, operation: { automated: true, deploys }, ...over }),
    });

  it('is waited for where it deploys what was shown', async () => {
    const { pass, end, event, progress, answerWith } = following();
    answerWith(() => Promise.resolve(deploying(newCommit)));
    await event(deploying(newCommit));
    await pass(20_000);
    expect(end()).toBe('open');
    expect(progress.at(-1)?.message).toContain("Argo CD's automated sync to 2222222 is running");
    await event(others());
    expect(end()).toMatchObject({ outcome: 'in-sync', good: true });
  });

  it.each<[string, Partial<AppEnd>, AppRecord]>([
    [
      'ends at once where it deploys something else',
      {
        outcome: 'failed',
        good: false,
        message: expect.stringMatching(/automated sync to 3333333 is in progress/),
      },
      deploying(newestCommit),
    ],
    [
      'is good where it deploys something newer after ours',
      { outcome: 'still-out-of-sync', good: true },
      deploying(newestCommit, { deployed: newCommit }),
    ],
    [
      'is good where it has deployed something newer after ours',
      { outcome: 'in-sync', good: true, message: expect.stringMatching(/2222222 was deployed.*3333333/) },
      others({ target: newestCommit, detail: detailOf({ deployed: newestCommit, previous: newCommit }) }),
    ],
    [
      'is no success where ours was never deployed',
      {
        outcome: 'failed',
        good: false,
        message: expect.stringMatching(/3333333 is deployed instead of 2222222/),
      },
      others({ target: newestCommit, detail: detailOf({ deployed: newestCommit, previous: oldCommit }) }),
    ],
  ])('%s', async (_, expected, record) => {
    const { pass, end, answerWith } = following({ detail: elses, app: {} });
    answerWith(() => Promise.resolve({ ...record, target: newestCommit }));
    await pass(20_000);
    expect(end()).toMatchObject(expected);
  });
});

describe('a newer target', () => {
  it('is waited for: pinned to the shown one, it is in sync for a moment only', async () => {
    const { event, end } = following({ newer: newestCommit });
    await event(running);
    await event(inSync);
    expect(end()).toBe('open');
    await event(drifted('shop', { target: newestCommit, detail: detailOf(ours) }));
    expect(end()).toMatchObject({ outcome: 'still-out-of-sync', good: true });
    expect(JSON.stringify(end())).toContain('3333333');
  });

  it('that makes no difference leaves it in sync', async () => {
    const { event, end } = following({ newer: newestCommit });
    await event(inSync);
    await event(whole({ target: newestCommit, detail: detailOf(ours) }));
    expect(end()).toMatchObject({ outcome: 'in-sync', good: true });
  });

  it('is asked for where the stream does not tell', async () => {
    const { event, end, pass, gets, answerWith } = following({ newer: newestCommit });
    answerWith(() => Promise.resolve(drifted('shop', { target: newestCommit, detail: detailOf(ours) })));
    await event(inSync);
    await pass(3_000);
    expect(gets).toEqual(['normal']);
    expect(end()).toMatchObject({ outcome: 'still-out-of-sync', good: true });
  });
});

describe('a sync that succeeded, after which the branch has moved on', () => {
  const movedOn = drifted('shop', { target: newestCommit, detail: detailOf(ours) });
  const edited = { from: newCommit };
  const left = { changed: 0, toPrune: 1 };
  const back = { ...plainDetail, revision: newCommit };

  it.each<[string, boolean, RegExp, Parameters<typeof following>[0]]>([
    ['changed something', true, /as shown; the target is 3333333/, { detail: {} }],
    ['changed nothing', false, /the sync changed no resource/, { detail: { changed: 0 } }],
    [
      'was sent after somebody else had deployed it',
      true,
      /as shown/,
      { detail: { changed: 0, before: newCommit } },
    ],
    ['repaired an edit', true, /as shown/, { app: edited, detail: { before: newCommit } }],
    [
      'repaired nothing',
      false,
      /changed no resource/,
      { app: edited, detail: { before: newCommit, changed: 0 } },
    ],
    ['was undone', false, /changes again/, { app: edited, detail: { undone: 1 } }],
    ['changed what the newer commit changes too', true, /as shown/, { detail: { undone: 1 } }],
    [
      'left something to prune',
      false,
      /as shown, but a resource is no longer in Git.*prune: true/,
      { detail: { toPrune: 1 } },
    ],
    [
      'kept what forbids to be pruned',
      false,
      /2 resources are no longer in Git.*Prune=false/,
      { detail: { kept: 2 } },
    ],
    [
      'rolled back and left what would have to be pruned',
      true,
      /rolled back/,
      { how: 'rollback', detail: { toPrune: 1 } },
    ],
    [
      'was to roll back and changed nothing',
      false,
      /pruned/,
      { how: 'rollback', detail: { ...back, ...left } },
    ],
    ['is not the last one', true, /another operation has followed/, { detail: { releaseId: 'another' } }],
    [
      'is not the last one, which left something to prune',
      false,
      /another operation/,
      { detail: { releaseId: 'another', toPrune: 1 } },
    ],
    ['cannot be looked at', false, /could not be seen whether it helped/, {}],
  ])('is judged by what it did: one that %s', async (_, good, message, options) => {
    const { event, end, pass, answerWith } = following(options);
    answerWith(() => Promise.resolve(movedOn));
    await event(running);
    await event(movedOn);
    await pass(3_000);
    expect(end()).toMatchObject({
      outcome: 'still-out-of-sync',
      good,
      message: expect.stringMatching(message),
    });
  });

  it('is good also unpinned, where it deployed something newer than was shown', async () => {
    const target = '4'.repeat(40);
    const newer = drifted('shop', { target, detail: detailOf({ deployed: newestCommit, ...ours }) });
    const { event, end, pass, answerWith } = following({ detail: { revision: newestCommit } });
    answerWith(() => Promise.resolve(newer));
    await event(newer);
    await pass(3_000);
    expect(end()).toMatchObject({
      good: true,
      message: expect.stringMatching(/released 3333333; the target is 4444444/),
    });
  });

  it('is in sync where that is told while Argo CD is asked what the sync did', async () => {
    const { event, end, pass, registry, answerWith } = following({
      get detail() {
        registry.event('changed', inSync);
        return {};
      },
    });
    answerWith(() => Promise.resolve(succeeded));
    await event(succeeded);
    await pass(3_000);
    expect(end()).toMatchObject({ outcome: 'in-sync', good: true });
  });

  it('is no success where Argo CD cannot compare any more', async () => {
    const unknown = { ...movedOn, sync: 'Unknown', target: 'main' } as const;
    const { event, end, pass, answerWith } = following({ detail: {} });
    answerWith(() => Promise.resolve(unknown));
    await event(unknown);
    await pass(3_000);
    expect(end()).toMatchObject({ good: false, message: expect.stringContaining('cannot compare') });
  });
});

describe('health', () => {
  const progressing = whole({ health: 'Progressing', detail: detailOf(ours) });

  it('is not waited for unless that is wanted', async () => {
    const { event, end } = following();
    await event(progressing);
    expect(end()).toMatchObject({ outcome: 'in-sync' });
  });

  it.each([['Healthy', { outcome: 'in-sync', good: true }]])(
    'is waited for: %s',
    async (health, expected) => {
      const { event, end } = following({ waitHealthy: true });
      await event(progressing);
      expect(end()).toBe('open');
      await event({ ...progressing, health });
      expect(end()).toMatchObject(expected);
    },
  );

  it('that was bad before has 30 s to become good', async () => {
    const { event, end, pass, answerWith } = following({ waitHealthy: true });
    const degraded = { ...progressing, health: 'Degraded' };
    answerWith(() => Promise.resolve(degraded));
    await event(degraded);
    await pass(29_000);
    expect(end()).toBe('open');
    await pass(2_000);
    expect(end()).toMatchObject({
      outcome: 'failed',
      good: false,
      message: expect.stringMatching(/Degraded/),
    });
  });

  it('is waited for also where the branch has moved on', async () => {
    const { event, end } = following({ waitHealthy: true, newer: newestCommit });
    const movedOn = drifted('shop', { target: newestCommit, detail: detailOf(ours), health: 'Progressing' });
    await event(inSync);
    await event(movedOn);
    expect(end()).toBe('open');
    await event({ ...movedOn, health: 'Healthy' });
    expect(end()).toMatchObject({ outcome: 'still-out-of-sync', good: true });
  });

  it('that never comes ends as timed out', async () => {
    const { event, end, pass, answerWith } = following({ waitHealthy: true });
    answerWith(() => Promise.resolve(progressing));
    await event(progressing);
    await pass(60_000);
    expect(end()).toMatchObject({ outcome: 'timed-out', good: false });
  });
});

it('ends without a verdict when it is told to, in the middle of anything', async () => {
  for (const record of [running, succeeded]) {
    const { event, end, abort } = following();
    await event(record);
    abort.abort();
    await settle();
    expect(end()).toBeUndefined();
  }
});
