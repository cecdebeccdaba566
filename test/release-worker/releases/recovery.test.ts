import { describe, expect, it } from 'vitest';
import type { JournalLine } from '../../../release-worker/releases/journal-lines.ts';
import { createRecovery } from '../../../release-worker/releases/recovery.ts';
import { linesOf, planned, pressLine, releaseOf, startedAt } from '../support/releases.ts';

function recovered(lines: readonly JournalLine[], pressIdsMax = 10_000) {
  const recovery = createRecovery(pressIdsMax);
  for (const line of lines) recovery.add(line);
  return recovery.result();
}

const release = releaseOf([planned('a'), planned('b')]);
const good = { outcome: 'in-sync', message: 'in sync', good: true } as const;

describe('a worker that died after line', () => {
  it.each<[number, string, { fates?: Record<string, unknown>; answered: boolean; finished: boolean }]>([
    [0, 'none', { answered: true, finished: false }],
    [1, 'the press', { fates: {}, answered: false, finished: false }],
    [2, 'its answer', { fates: {}, answered: true, finished: false }],
    [3, 'the first POST comes', { fates: { a: { sent: true } }, answered: true, finished: false }],
    [4, 'the first has ended', { fates: { a: { sent: true, end: good } }, answered: true, finished: false }],
    [
      5,
      'the second POST comes',
      { fates: { a: { sent: true, end: good }, b: { sent: true } }, answered: true, finished: false },
    ],
    [
      6,
      'both have ended',
      {
        fates: { a: { sent: true, end: good }, b: { sent: true, end: good } },
        answered: true,
        finished: false,
      },
    ],
    [7, 'the release has finished', { answered: true, finished: true }],
  ])('%i (%s) goes on right', (count, _, { fates, answered, finished }) => {
    const { unfinished, unanswered, last, failed } = recovered(linesOf(release).slice(0, count));

    expect(unanswered.map(({ pressId }) => pressId)).toEqual(answered ? [] : ['p1']);
    expect(last?.outcome).toBe(finished ? 'succeeded' : undefined);
    expect(failed).toEqual([]);
    if (fates === undefined) {
      expect(unfinished).toEqual([]);
      return;
    }
    expect(unfinished.map((one) => one.release)).toEqual([release]);
    expect(Object.fromEntries(unfinished[0]?.fates ?? [])).toEqual(
      Object.fromEntries(Object.entries(fates).map(([name, fate]) => [`argocd/${name}`, fate])),
    );
  });
});

it('keeps releases apart that ran at the same time', () => {
  const other = releaseOf([planned('c')], { id: 'r2', pressId: 'p2', button: 'side' });
  const lines = linesOf(release);
  const { unfinished, last } = recovered([...lines.slice(0, 3), ...linesOf(other), ...lines.slice(3, 5)]);

  expect(unfinished.map((one) => one.release.id)).toEqual(['r1']);
  expect(last?.release.id).toBe('r2');
});

describe('a release that did not succeed', () => {
  const finished = (outcome: 'failed' | 'succeeded', releaseId: string): JournalLine => ({
    type: 'finished',
    at: startedAt,
    releaseId,
    outcome,
  });
  const failedOnce = [...linesOf(release).slice(0, -1), finished('failed', 'r1')];
  const failed = (lines: readonly JournalLine[]) =>
    recovered(lines).failed.map((one) => [one.release.id, one.outcome]);

  it('is reported until a press of its button is accepted', () => {
    const again = releaseOf([planned('a')], { id: 'r2', pressId: 'p2' });
    const other = releaseOf([planned('c')], { id: 'r3', pressId: 'p3', button: 'side' });
    expect(failed(failedOnce)).toEqual([['r1', 'failed']]);
    expect(failed([...failedOnce, ...linesOf(again).slice(0, 1)])).toEqual([]);
    expect(failed([...failedOnce, ...linesOf(again)])).toEqual([]);
    expect(failed([...failedOnce, ...linesOf(other)])).toEqual([['r1', 'failed']]);
  });

  it('is reported for each of several concurrent releases, however the last of them ended', () => {
    const beside = releaseOf([planned('c')], { id: 'r2', pressId: 'p2' });
    const [press, ...rest] = linesOf(beside);
    if (press === undefined) throw new Error('a release begins with its press');
    expect(failed([...failedOnce.slice(0, 1), press, ...failedOnce.slice(1), ...rest])).toEqual([
      ['r1', 'failed'],
    ]);
  });

  it('is still reported if the next press was refused because the journal could not be written', () => {
    const again = releaseOf([planned('a')], { id: 'r2', pressId: 'p2' });
    const refused = pressLine({ pressId: 'p2', outcome: 'rejected', reason: 'journal-unwritable' });
    expect(failed([...failedOnce, ...linesOf(again).slice(0, 1), refused])).toEqual([['r1', 'failed']]);
  });

  it('is no longer reported once it is resolved', () => {
    const over: JournalLine = { type: 'over', at: startedAt, releaseId: 'r1' };
    expect(failed([...failedOnce, over])).toEqual([]);
    const later = [
      ...linesOf({ ...release, id: 'r2', pressId: 'p2' }).slice(0, -1),
      finished('failed', 'r2'),
    ];
    expect(failed([...failedOnce, ...later, over])).toEqual([['r2', 'failed']]);
  });
});

it('restores the applications that were out of sync and could no longer be compared', () => {
  const compared = (minute: number, lost: readonly string[], found: readonly string[]): JournalLine => ({
    type: 'compared',
    at: `2026-01-01T00:0${minute}:00.000Z`,
    lost,
    found,
  });
  const { lost } = recovered([
    compared(1, ['argocd/a', 'argocd/b'], []),
    compared(2, ['argocd/c'], ['argocd/a']),
  ]);
  expect([...lost]).toEqual([
    ['argocd/b', Date.parse('2026-01-01T00:01:00.000Z')],
    ['argocd/c', Date.parse('2026-01-01T00:02:00.000Z')],
  ]);
});

describe('a sync that timed out', () => {
  const timeOut = { outcome: 'timed-out', message: 'not over in time', good: false } as const;
  const done = (app: string, over: Partial<Extract<JournalLine, { type: 'app' }>> = {}): JournalLine => ({
    type: 'app',
    at: startedAt,
    releaseId: 'r1',
    app: `argocd/${app}`,
    step: 'done',
    ...over,
  });
  const lines: readonly JournalLine[] = [
    ...linesOf(release).slice(0, 2),
    done('a', timeOut),
    done('b', timeOut),
    { type: 'finished', at: startedAt, releaseId: 'r1', outcome: 'timed-out' },
  ];
  const late = (app: string, whole: 'partly' | 'succeeded' | 'failed', good = true): JournalLine => ({
    type: 'late',
    at: '2026-01-01T01:00:00.000Z',
    releaseId: 'r1',
    app: `argocd/${app}`,
    outcome: good ? 'in-sync' : 'failed',
    message: 'late',
    good,
    release: whole,
  });

  it('is followed after the next start', () => {
    expect(recovered(lines).timedOut).toMatchObject([{ release: { id: 'r1' }, outcome: 'timed-out' }]);
  });

  it('corrects the outcome of its release when it ends, one application after the other', () => {
    const once = recovered([...lines, late('a', 'partly')]);
    expect(once.timedOut).toMatchObject([{ release: { id: 'r1' }, outcome: 'partly' }]);
    expect(once.timedOut[0]?.fates.get('argocd/a')?.end).toMatchObject({ outcome: 'in-sync', good: true });
    expect(once.timedOut[0]?.fates.get('argocd/b')?.end).toMatchObject({ outcome: 'timed-out' });
    expect(once.failed).toMatchObject([{ outcome: 'partly' }]);

    const twice = recovered([...lines, late('a', 'partly'), late('b', 'succeeded')]);
    expect(twice).toMatchObject({
      timedOut: [],
      failed: [],
      last: { outcome: 'succeeded', at: '2026-01-01T01:00:00.000Z' },
      deployed: [{ release: { id: 'r1' } }],
    });
  });

  it('that has failed leaves the failure', () => {
    expect(recovered([...lines, late('a', 'failed', false), late('b', 'failed', false)])).toMatchObject({
      timedOut: [],
      failed: [{ outcome: 'failed' }],
      deployed: [],
    });
  });

  it('is no longer followed once another sync has been sent', () => {
    const sent = done('a', { releaseId: 'r2', step: 'sending' });
    const { timedOut } = recovered([...lines, sent, done('b', { releaseId: 'r2', step: 'sending' })]);
    expect(timedOut).toEqual([]);
    expect(recovered([...lines, sent, late('a', 'partly')]).last?.outcome).toBe('timed-out');
  });
});

it('remembers the newest press ids and accepted presses, up to the limit', () => {
  const at = (minute: number) => `2026-01-01T00:0${minute}:00.000Z`;
  const { pressIds, acceptedAt } = recovered(
    [
      pressLine({ pressId: 'a', at: at(1) }),
      pressLine({ pressId: 'b', at: at(2), outcome: 'accepted', release }),
      pressLine({ pressId: 'a', at: at(3), outcome: 'rejected', reason: 'duplicate' }),
      pressLine({ pressId: 'c', at: at(4), outcome: 'rejected', reason: 'cool-down' }),
    ],
    2,
  );

  expect(pressIds).toEqual([
    ['a', Date.parse(at(3))],
    ['c', Date.parse(at(4))],
  ]);
  expect([...acceptedAt]).toEqual([['main', new Map([['', Date.parse(at(2))]])]]);
});

it('ignores lines that belong to no known release or press', () => {
  expect(
    recovered([
      { type: 'answered', at: startedAt, pressId: 'never-heard-of' },
      { type: 'app', at: startedAt, releaseId: 'r9', app: 'argocd/a', step: 'sending' },
      { type: 'finished', at: startedAt, releaseId: 'r9', outcome: 'failed' },
    ]),
  ).toMatchObject({ unfinished: [], unanswered: [], pressIds: [] });
});
