// Waiting for health after a sync.
import { describe, expect, it } from 'vitest';
import { following, inSync, ours } from '../support/following.ts';
import { detailOf, drifted, newestCommit, whole } from '../support/records.ts';

describe('health', () => {
  const progressing = whole({ health: 'Progressing', detail: detailOf(ours) });

  it('is not waited for unless configured', async () => {
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

  it('that was degraded before has 30 s to recover', async () => {
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

  it('is waited for even if the branch has moved on', async () => {
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
