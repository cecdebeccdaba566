// An operation of somebody else that replaces the sync that is followed.
import { describe, expect, it } from 'vitest';
import type { AppDetail, AppRecord } from '../../../release-worker/argocd/application.ts';
import type { AppEnd } from '../../../release-worker/releases/release.ts';
import { following, others } from '../support/following.ts';
import { detailOf, newCommit, newestCommit, oldCommit } from '../support/records.ts';
import type { planned } from '../support/releases.ts';

describe('another operation that replaced it', () => {
  it('is believed only after several GETs', async () => {
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

  it('is waited for if it deploys what was shown', async () => {
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
