// What a signal publisher publishes as time passes and releases end.
import { describe, expect, it } from 'vitest';
import type { Ending } from '../../../release-worker/drift/ending.ts';
import { publishingSignals } from '../support/signal-publisher.ts';
import { detailOf, drifted, listed, newCommit, newestCommit, whole } from '../support/records.ts';

const automated = { automated: true } as const;

describe('an automated application', () => {
  it('that Argo CD syncs within the grace is never said to be out of sync', () => {
    const { put, clock, signals, drift } = publishingSignals({ apps: [whole(automated)] });
    put(drifted('shop', automated));
    expect(drift()).toMatchObject({ state: 'clear', outOfSync: 0, apps: [] });
    clock.advance(360);
    put(whole(automated));
    clock.advance(60_000);
    expect(signals()).toEqual(['clear']);
  });

  it('is said to be when the grace is over, although nothing more has happened', () => {
    const { put, clock, signal, drift } = publishingSignals({ apps: [whole(automated)] });
    put(drifted('shop', automated));
    clock.advance(9_700);
    expect(signal()).toMatchObject({ signal: 'clear' });
    clock.advance(400);
    expect(signal()).toMatchObject({ signal: 'drifted', outOfSync: 1 });
    expect(drift()).toMatchObject({
      state: 'drifted',
      outOfSync: 1,
      oldestDriftAt: '2026-01-01T00:00:00.000Z',
      apps: [{ name: 'shop' }],
    });
  });

  it('without a grace is said to be at once', () => {
    const { put, signal } = publishingSignals({ apps: [whole(automated)], automatedGraceMs: 0 });
    put(drifted('shop', automated));
    expect(signal()).toMatchObject({ signal: 'drifted' });
  });
});

describe('of releases that ended', () => {
  const start = Date.parse('2026-01-01T00:00:00Z');
  const ending = (over: Partial<Ending> = {}, app = 'shop'): Ending => ({
    button: 'main',
    releaseId: 'r1',
    action: 'release',
    outcome: 'failed',
    at: start,
    missed: [{ key: `argocd/${app}`, targets: [newCommit], message: 'why' }],
    ...over,
  });
  const succeeded = (releaseId: string, at = start) =>
    ending({ releaseId, outcome: 'succeeded', at, missed: [] });

  it('a failure stays beside the success of another that ran at the same time', () => {
    const { finished, clock, signal } = publishingSignals({
      apps: [drifted('shop'), whole({ name: 'desk' })],
    });
    finished(ending());
    finished(succeeded('r2'));
    expect(signal()).toMatchObject({ signal: 'failed' });
    clock.advance(60_000);
    expect(signal()).toMatchObject({ signal: 'failed', reason: expect.stringContaining('argocd/shop: why') });
  });

  it('of two failures each stays until it is over', () => {
    const { finished, clock, put, signal, over } = publishingSignals({
      apps: [drifted('shop'), drifted('desk')],
    });
    finished(ending());
    finished(ending({ releaseId: 'r2' }, 'desk'));
    clock.advance(60_000);
    put(whole({ name: 'desk' }));
    expect(signal()).toMatchObject({ signal: 'failed', reason: expect.stringContaining('argocd/shop') });
    expect(over).toEqual(['r2']);
    put(whole());
    expect(signal()).toMatchObject({ signal: 'clear' });
    expect(over).toEqual(['r2', 'r1']);
  });

  it('a failure of which a later end is heard is corrected by it', () => {
    const { finished, clock, signal, over } = publishingSignals({ apps: [drifted('shop')] });
    finished(ending({ outcome: 'timed-out' }));
    clock.advance(60_000);
    expect(signal()).toMatchObject({ signal: 'failed', reason: expect.stringContaining('timed out') });
    finished(succeeded('r1', start + 60_000));
    expect(signal()).toMatchObject({ signal: 'succeeded' });
    clock.advance(5_000);
    expect(signal()).toMatchObject({ signal: 'drifted' });
    expect(over).toEqual([]);
  });

  it('a success of a former run is news for what is left of its 5 s', () => {
    const { finished, clock, signal } = publishingSignals({ apps: [whole()] });
    clock.advance(60_000);
    finished(succeeded('r1', start + 57_000));
    expect(signal()).toMatchObject({ signal: 'succeeded' });
    clock.advance(2_000);
    expect(signal()).toMatchObject({ signal: 'clear' });
  });

  it('a failure is not over while nothing is known of Argo CD, or an account sees nothing', () => {
    const { finished, clock, put, setFreshUntil, signal, over } = publishingSignals();
    finished(ending());
    clock.advance(60_000);
    expect([signal(), over]).toMatchObject([{ signal: 'unknown' }, []]);
    setFreshUntil(0);
    put(whole());
    expect([signal(), over]).toMatchObject([{ signal: 'unknown' }, []]);
    setFreshUntil(Infinity);
    expect([signal(), over]).toMatchObject([{ signal: 'clear' }, ['r1']]);
  });

  it('the fix is drift that tells of the failure, until it is in sync', () => {
    const { finished, clock, put, signal, over } = publishingSignals({ apps: [drifted('shop')] });
    finished(ending());
    put(drifted('shop', { target: newestCommit }));
    expect(signal()).toMatchObject({ signal: 'failed' });
    clock.advance(5_000);
    expect(signal()).toMatchObject({
      signal: 'drifted',
      reason: expect.stringContaining('argocd/shop: why'),
    });
    put(drifted('shop'));
    expect(signal()).toMatchObject({ signal: 'failed' });
    put(whole());
    expect([signal(), over]).toMatchObject([{ signal: 'clear' }, ['r1']]);
  });

  it('a press that was accepted makes it old news', () => {
    const { signalPublisher, finished, setReleasing, clock, signal } = publishingSignals({
      apps: [drifted('shop')],
    });
    finished(ending());
    signalPublisher.started('main');
    setReleasing(1);
    expect(signal()).toMatchObject({ signal: 'releasing' });
    setReleasing(0);
    clock.advance(60_000);
    expect(signal()).toMatchObject({ signal: 'drifted' });
  });
});

it('what cannot be written down is no longer shown as ready, and is when it can be', () => {
  const { put, setUnwritable, signal } = publishingSignals({ apps: [whole()] });
  setUnwritable('nothing is released: the disk is full');
  expect(signal()).toMatchObject({ signal: 'clear' });
  put(drifted('shop'));
  expect(signal()).toMatchObject({ signal: 'blocked', reason: 'nothing is released: the disk is full' });
  setUnwritable(undefined);
  expect(signal()).toMatchObject({ signal: 'drifted' });
});

it('why Argo CD cannot compare an application is said as soon as it is known', () => {
  const { put, signal } = publishingSignals({ apps: [whole(), listed({ name: 'odd', sync: 'Unknown' })] });
  expect(signal()).toMatchObject({ signal: 'clear', reason: '1 of 2 applications cannot be compared' });
  put(
    whole({ name: 'odd', sync: 'Unknown', detail: detailOf({ condition: 'ComparisonError: no such path' }) }),
  );
  expect(signal()).toMatchObject({
    signal: 'clear',
    reason: '1 of 2 applications cannot be compared (argocd/odd: ComparisonError: no such path)',
  });
});
