// After a successful sync: what it did, and whether the target has moved on in the meantime.
import { describe, expect, it } from 'vitest';
import { following, inSync, ours, plainDetail, running, succeeded } from '../support/following.ts';
import { detailOf, drifted, newCommit, newestCommit, whole } from '../support/records.ts';

describe('a newer target', () => {
  it('is waited for: a pinned sync is in sync for a moment only', async () => {
    const { event, end } = following({ newer: newestCommit });
    await event(running);
    await event(inSync);
    expect(end()).toBe('open');
    await event(drifted('shop', { target: newestCommit, detail: detailOf(ours) }));
    expect(end()).toMatchObject({ outcome: 'still-out-of-sync', good: true });
    expect(JSON.stringify(end())).toContain('3333333');
  });

  it('that changes nothing in the application leaves it in sync', async () => {
    const { event, end } = following({ newer: newestCommit });
    await event(inSync);
    await event(whole({ target: newestCommit, detail: detailOf(ours) }));
    expect(end()).toMatchObject({ outcome: 'in-sync', good: true });
  });

  it('is requested if the stream does not bring it', async () => {
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
    ['changed something', true, /as shown; the target is now 3333333/, { detail: {} }],
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
    ['was undone', false, /reverts what the sync changed/, { app: edited, detail: { undone: 1 } }],
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
    ['cannot be looked at', false, /the new state could not be read/, {}],
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

  it('succeeds unpinned, even if it deployed something newer than was shown', async () => {
    const target = '4'.repeat(40);
    const newer = drifted('shop', { target, detail: detailOf({ deployed: newestCommit, ...ours }) });
    const { event, end, pass, answerWith } = following({ detail: { revision: newestCommit } });
    answerWith(() => Promise.resolve(newer));
    await event(newer);
    await pass(3_000);
    expect(end()).toMatchObject({
      good: true,
      message: expect.stringMatching(/released 3333333; the target is now 4444444/),
    });
  });

  it('is in sync if that arrives while Argo CD is asked what the sync did', async () => {
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

  it('is no success if Argo CD can no longer compare the application', async () => {
    const unknown = { ...movedOn, sync: 'Unknown', target: 'main' } as const;
    const { event, end, pass, answerWith } = following({ detail: {} });
    answerWith(() => Promise.resolve(unknown));
    await event(unknown);
    await pass(3_000);
    expect(end()).toMatchObject({ good: false, message: expect.stringContaining('cannot compare') });
  });
});
