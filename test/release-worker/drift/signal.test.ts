import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signals } from '../../../messages/button.ts';
import { releaseOutcomes, type ReleaseOutcome } from '../../../messages/release.ts';
import { toLocalTime } from '../../../messages/time.ts';
import {
  endShownMs,
  signalOf,
  type LastRelease,
  type SignalInput,
} from '../../../release-worker/drift/signal.ts';
import type { DriftCounts, Obstacle } from '../../../release-worker/drift/drifted.ts';

const now = 1_000_000;

function counts(over: Partial<DriftCounts> = {}): DriftCounts {
  return {
    total: 5,
    outOfSync: 0,
    blocked: 0,
    obstacles: new Set(),
    unknown: 0,
    wereOutOfSync: 0,
    unhealthy: 0,
    ...over,
  };
}

function input(over: Partial<SignalInput> = {}): SignalInput {
  return { drift: counts(), freshUntil: now + 60_000, releasing: 0, ...over };
}

/** @param left what a failure has left */
function ended(outcome: ReleaseOutcome, at: number, left: LastRelease['left'] = 'failed'): LastRelease {
  return { outcome, at, left, inWords: `the last release ${outcome}: why` };
}

const drifted = counts({ outOfSync: 2 });
const lost = counts({ unknown: 1, wereOutOfSync: 1 });
const lostInWords = 'argocd/shop was out of sync';
/** of the holiday, as people read it */
const end = toLocalTime(Date.parse('2026-01-02T00:00:00Z'));
const holiday = { reason: 'holiday', by: 'ops', until: '2026-01-02T00:00:00Z', at: '2026-01-01T00:00:00Z' };

describe('a button says', () => {
  it.each<[string, string, Partial<SignalInput>]>([
    ['clear', 'nothing is out of sync', {}],
    ['clear', 'some applications cannot be compared', { drift: counts({ unknown: 4 }) }],
    ['drifted', 'something is out of sync', { drift: drifted }],
    [
      'drifted',
      'only a part of it is blocked',
      { drift: counts({ outOfSync: 2, blocked: 1, obstacles: new Set<Obstacle>(['not-permitted']) }) },
    ],
    [
      'blocked',
      'all of it is blocked',
      { drift: counts({ outOfSync: 2, blocked: 2, obstacles: new Set<Obstacle>(['not-permitted']) }) },
    ],
    ['blocked', 'releases are frozen', { drift: drifted, frozen: [holiday] }],
    ['clear', 'releases are frozen and nothing is out of sync', { frozen: [holiday] }],
    ['succeeded', 'a release has just succeeded', { last: ended('succeeded', now - 4_999) }],
    ['clear', 'it succeeded five seconds ago', { last: ended('succeeded', now - 5_000) }],
    [
      'failed',
      'a release failed, and what failed is still to be released',
      { drift: drifted, last: ended('failed', now - 1e9) },
    ],
    ['failed', 'it succeeded in part', { drift: drifted, last: ended('partly', now) }],
    ['failed', 'what failed cannot be compared now', { drift: lost, last: ended('failed', now - 1e9) }],
    [
      'failed',
      'what failed cannot be compared now, and nothing else either',
      { drift: counts({ unknown: 5, wereOutOfSync: 1 }), last: ended('failed', now - 1e9) },
    ],
    [
      'failed',
      'a release has just failed, although nothing is left to release',
      { last: ended('failed', now, 'over') },
    ],
    [
      'failed',
      'a release has just failed, although there is a fix already',
      { drift: drifted, last: ended('failed', now, 'new-target') },
    ],
    ['drifted', 'there is a fix', { drift: drifted, last: ended('failed', now - 5_000, 'new-target') }],
    [
      'drifted',
      'nothing is left of what failed, and something else is out of sync',
      { drift: drifted, last: ended('failed', now - 5_000, 'over') },
    ],
    ['clear', 'nothing is left of what failed', { last: ended('failed', now - 5_000, 'over') }],
    ['unknown', 'what was out of sync cannot be compared', { drift: lost }],
    [
      'drifted',
      'something is out of sync, and more was that cannot be compared',
      { drift: counts({ outOfSync: 1, unknown: 1, wereOutOfSync: 1 }) },
    ],
    [
      'failed',
      'a release failed and what is left is blocked',
      {
        drift: counts({ outOfSync: 1, blocked: 1, obstacles: new Set<Obstacle>(['blocked-by-sync-window']) }),
        last: ended('failed', now),
      },
    ],
    ['releasing', 'a release runs', { drift: drifted, releasing: 1, last: ended('failed', now) }],
    ['unknown', 'what is known is too old', { drift: drifted, releasing: 1, freshUntil: now }],
    ['unknown', 'no application is visible', { drift: counts({ total: 0 }) }],
    ['unknown', 'none can be compared', { drift: counts({ unknown: 5 }) }],
  ])('%s: %s', (signal, _, over) => {
    expect(signalOf(input(over), now).signal).toBe(signal);
  });

  it('why it is unknown, in the words of the problem', () => {
    expect(signalOf(input({ freshUntil: 0, problem: 'no answer' }), now)).toEqual({
      signal: 'unknown',
      reason: 'no answer',
    });
  });

  it('every cause of a freeze, and the end of the one that lasts longest', () => {
    const frozen = [
      holiday,
      { ...holiday, reason: 'the evening', by: 'a schedule', until: '2026-01-01T20:00:00Z' },
    ];
    expect(signalOf(input({ drift: drifted, frozen }), now)).toMatchObject({
      reason: expect.stringMatching(
        /^frozen: holiday, by ops, until .*; also the evening, by a schedule, until /,
      ),
      until: '2026-01-02T00:00:00Z',
    });
  });

  it('why it is frozen, by whom and until when', () => {
    expect(signalOf(input({ drift: drifted, frozen: [holiday] }), now)).toMatchObject({
      signal: 'blocked',
      reason: `frozen: holiday, by ops, until ${end}`,
      until: '2026-01-02T00:00:00Z',
    });
  });

  it('what keeps Argo CD from comparing', () => {
    const cause = () => 'argocd/shop: ComparisonError: no such path';
    expect(signalOf(input({ drift: counts({ unknown: 1 }), cause }), now)).toMatchObject({
      signal: 'clear',
      reason: '1 of 5 applications cannot be compared (argocd/shop: ComparisonError: no such path)',
    });
    expect(signalOf(input({ drift: counts({ unknown: 5 }), cause }), now)).toMatchObject({
      signal: 'unknown',
      reason: 'Argo CD can compare none of the applications (argocd/shop: ComparisonError: no such path)',
    });
    expect(signalOf(input({ drift: counts({ unknown: 5 }) }), now).reason).toBe(
      'Argo CD can compare none of the applications',
    );
  });

  it('what was out of sync and cannot be compared now', () => {
    expect(signalOf(input({ drift: lost, lost: () => lostInWords }), now).reason).toBe(lostInWords);
    expect(
      signalOf(
        input({ drift: counts({ outOfSync: 1, unknown: 1, wereOutOfSync: 1 }), lost: () => lostInWords }),
        now,
      ).reason,
    ).toBe(lostInWords);
  });

  it('what failed, also beside a fix that may not be released yet', () => {
    const last = ended('failed', now - 5_000, 'new-target');
    expect(signalOf(input({ drift: drifted, last }), now)).toMatchObject({
      signal: 'drifted',
      reason: 'the last release failed: why',
    });
    expect(signalOf(input({ drift: drifted, last, frozen: [holiday] }), now)).toMatchObject({
      signal: 'blocked',
      reason: `frozen: holiday, by ops, until ${end}; the last release failed: why`,
    });
    expect(
      signalOf(input({ drift: drifted, last: ended('failed', now - 5_000, 'over') }), now).reason,
    ).toBeUndefined();
  });

  it('every obstacle', () => {
    const obstacles = new Set<Obstacle>(['not-permitted', 'blocked-by-sync-window']);
    const drift = counts({ outOfSync: 2, blocked: 2, obstacles });
    expect(signalOf(input({ drift }), now).reason).toBe(
      '2 of 2 out of sync cannot be released: a sync window of Argo CD forbids it; the account of the token may not sync them',
    );
  });

  it('until when a window is closed', () => {
    const obstacles = new Set<Obstacle>(['blocked-by-sync-window']);
    const drift = counts({ outOfSync: 2, blocked: 2, obstacles });
    const windows = () => ({ until: Date.parse('2026-01-01T09:00:00Z') });
    expect(signalOf(input({ drift, windows }), now)).toMatchObject({
      signal: 'blocked',
      until: '2026-01-01T09:00:00.000Z',
    });
  });

  it('what is written down about the window', () => {
    const obstacles = new Set<Obstacle>(['blocked-by-sync-window']);
    const drift = counts({ outOfSync: 2, blocked: 2, obstacles });
    const windows = () => ({ description: 'Stock-taking, ask Kim' });
    expect(signalOf(input({ drift, windows }), now)).toMatchObject({
      signal: 'blocked',
      reason:
        '2 of 2 out of sync cannot be released: a sync window of Argo CD forbids it (Stock-taking, ask Kim)',
    });
  });

  it('that some of what is out of sync cannot be released, although the others can', () => {
    const obstacles = new Set<Obstacle>(['not-permitted']);
    const drift = counts({ outOfSync: 3, blocked: 1, obstacles });
    expect(signalOf(input({ drift }), now)).toMatchObject({
      signal: 'drifted',
      reason: '1 of 3 out of sync cannot be released: the account of the token may not sync them',
    });
  });
});

const driftCounts = fc
  .record({
    total: fc.nat(6),
    outOfSync: fc.nat(6),
    blocked: fc.nat(6),
    unknown: fc.nat(6),
    wereOutOfSync: fc.nat(6),
  })
  .map(({ total, outOfSync, blocked, unknown, wereOutOfSync }): DriftCounts => {
    const drifted = Math.min(outOfSync, total);
    const obstructed = Math.min(blocked, drifted);
    const notCompared = Math.min(unknown, total - drifted);
    return {
      total,
      outOfSync: drifted,
      blocked: obstructed,
      obstacles: new Set<Obstacle>(obstructed > 0 ? ['not-permitted'] : []),
      unknown: notCompared,
      wereOutOfSync: Math.min(wereOutOfSync, notCompared),
      unhealthy: 0,
    };
  });
const around = fc.integer({ min: now - 10_000, max: now + 10_000 });
const anyInput: fc.Arbitrary<SignalInput> = fc.record(
  {
    drift: driftCounts,
    freshUntil: around,
    releasing: fc.nat(1),
    last: fc.record({
      outcome: fc.constantFrom(...releaseOutcomes),
      at: around.map((at) => Math.min(at, now)),
      left: fc.constantFrom('failed', 'new-target', 'over'),
      inWords: fc.constant('how it ended'),
    }),
    frozen: fc.constant([holiday]),
    problem: fc.constant('a problem'),
  },
  { requiredKeys: ['drift', 'freshUntil', 'releasing'] },
);

/** Everything that may hold, one by one, from the table of the signals. The strongest must be shown. */
function holds(given: SignalInput, at: number): ReadonlySet<string> {
  const { drift, freshUntil, releasing, last, frozen } = given;
  const found = new Set<string>();
  if (at >= freshUntil) return new Set(['unknown']);
  if (releasing > 0) return new Set(['releasing']);
  if (drift.total === 0) return new Set(['unknown']);
  const isFailure = last !== undefined && last.outcome !== 'succeeded';
  if (isFailure && (last.left === 'failed' || at - last.at < endShownMs)) found.add('failed');
  // A failure outranks that nothing can be compared.
  if (drift.unknown === drift.total || (drift.outOfSync === 0 && drift.wereOutOfSync > 0))
    return found.size > 0 ? found : new Set(['unknown']);
  if (last?.outcome === 'succeeded' && at - last.at < endShownMs) found.add('succeeded');
  if (drift.outOfSync > 0 && (frozen !== undefined || drift.blocked === drift.outOfSync))
    found.add('blocked');
  found.add(drift.outOfSync > 0 ? 'drifted' : 'clear');
  return found;
}

describe('whatever is given', () => {
  it('the strongest signal that holds is chosen', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const holding = holds(given, now);
        expect(signalOf(given, now).signal).toBe(signals.find((signal) => holding.has(signal)));
      }),
    );
  });

  it('nextAt lies in the future, and until then the choice stays', () => {
    fc.assert(
      fc.property(anyInput, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (given, share) => {
        const choice = signalOf(given, now);
        if (choice.nextAt === undefined) {
          expect(now).toBeGreaterThanOrEqual(given.freshUntil);
          return;
        }
        expect(choice.nextAt).toBeGreaterThan(now);
        const between = now + Math.floor((choice.nextAt - now) * share);
        expect(signalOf(given, between).signal).toBe(choice.signal);
      }),
    );
  });

  it('drifted and clear are never said of what is too old', () => {
    fc.assert(
      fc.property(anyInput, fc.nat(1_000_000), (given, late) => {
        expect(signalOf(given, given.freshUntil + late).signal).toBe('unknown');
      }),
    );
  });
});
