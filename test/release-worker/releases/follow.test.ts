// Following a sync on a manual clock: what the stream brings, what a GET returns, and which of them counts.
import { describe, expect, it } from 'vitest';
import type { AppRecord } from '../../../release-worker/argocd/application.ts';
import { ArgoCdError } from '../../../release-worker/argocd/errors.ts';
import { viewOf } from '../../../release-worker/releases/follow.ts';
import { following, inSync, others, ours, running, succeeded } from '../support/following.ts';
import { detailOf, drifted, listed, oldCommit, whole } from '../support/records.ts';
import { settle } from '../support/settle.ts';

describe('the last operation looks', () => {
  it.each([
    ['unclear', undefined],
    ['unclear', listed()],
    ['not-ours', others()],
    ['not-ours', whole()],
    ['pending', whole({ phase: 'Pending', detail: detailOf(ours) })],
    ['running', running],
    // Between two attempts there is an end time although the operation continues (`stream-failed-sync-with-retry`).
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
  it('is enough, without a single GET', async () => {
    const { event, end, progress, gets } = following();
    await event(running);
    await event(succeeded);
    expect(end()).toBe('open');
    await event(inSync);

    expect(end()).toEqual({ outcome: 'in-sync', message: 'in sync at 2222222', good: true });
    expect(progress).toEqual([{ phase: 'running', message: 'applying' }, { phase: 'verifying' }]);
    expect(gets).toEqual([]);
  });

  it('wins over an older GET that is answered later', async () => {
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

describe('an operation that Argo CD does not start', () => {
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

  it('is followed by the result of the refresh', async () => {
    const { event, pass, gets, answerWith, end } = following();
    answerWith(() => Promise.resolve(gets.includes('normal') ? inSync : pending));
    await event(pending);
    await pass(5_000);
    expect(end()).toMatchObject({ outcome: 'in-sync' });
  });

  it('is followed although the refresh is not answered', async () => {
    const { event, pass, gets, answerWith, end } = following();
    answerWith(() => (gets.at(-1) === 'normal' ? new Promise(() => {}) : Promise.resolve(pending)));
    await event(pending);
    await pass(6_000);
    await event(inSync);
    expect(end()).toMatchObject({ outcome: 'in-sync' });
  });

  it('that is pending for a moment only gets none', async () => {
    const { event, pass, gets } = following();
    await event(pending);
    await pass(2_000);
    await event(running);
    await pass(10_000);
    expect(refreshes(gets)).toEqual([]);
  });
});

describe('an end that the stream brings during a GET', () => {
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

  it('is seen at once when the GET fails', async () => {
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

  it('is seen at once when a GET for health fails', async () => {
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

describe('without updates', () => {
  it('it sends GETs at growing intervals', async () => {
    const { pass, gets } = following();
    await pass(59_000);
    expect(gets.length).toBeGreaterThan(4);
    expect(gets.length).toBeLessThan(10);
  });

  it("it times out with Argo CD's last message", async () => {
    const { pass, end, event } = following();
    await event(running);
    await pass(60_000);
    expect(end()).toEqual({
      outcome: 'timed-out',
      message: expect.stringMatching(
        /^not finished within worker\.release\.appTimeoutMs; the last message was: applying\. .*terminate --app argocd\/shop/,
      ),
      good: false,
    });
  });

  it('it tolerates that Argo CD does not answer for a while', async () => {
    const { pass, end, answerWith } = following();
    answerWith(() => Promise.reject(new ArgoCdError({ kind: 'unavailable', message: 'not now' })));
    await pass(10_000);
    answerWith(() => Promise.resolve(inSync));
    await pass(15_000);
    expect(end()).toMatchObject({ outcome: 'in-sync' });
  });

  it('a GET follows at once when the stream says that it is deleted', async () => {
    const { pass, end, event, remove, answerWith, gets } = following();
    await event(running);
    await pass(30_000);
    const looks = gets.length;
    answerWith(() => Promise.reject(new ArgoCdError({ kind: 'not-found', message: 'HTTP 404' })));
    await remove();
    expect(gets.length).toBe(looks + 1);
    expect(end()).toEqual({ outcome: 'failed', message: 'the application is gone', good: false });
  });

  it('another GET follows soon if a cache still has it', async () => {
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

it('ends without a result when it is aborted at any point', async () => {
  for (const record of [running, succeeded]) {
    const { event, end, abort } = following();
    await event(record);
    abort.abort();
    await settle();
    expect(end()).toBeUndefined();
  }
});
