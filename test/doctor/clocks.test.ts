import { describe, expect, it } from 'vitest';
import type { Present } from '../../doctor/broker.ts';
import { argocdClockRow, ownClockRow, processClockRows } from '../../doctor/clocks.ts';
import { skewOf } from '../../doctor/skew.ts';

const now = Date.parse('2026-03-01T12:00:00Z');

describe('the difference of a clock that read a time between two moments of ours', () => {
  it.each([
    ['after the latest moment', 2_500, 500],
    ['at the latest moment', 2_000, 0],
    ['between the two', 1_500, 0],
    ['before the earliest moment, but within its rounding', 1, 0],
    ['before the earliest moment', -500, -500],
  ])('is found if that time is %s', (_, said, skew) => {
    expect(skewOf({ said, earliest: 1_000, latest: 2_000, resolution: 1_000 })).toBe(skew);
  });
});

describe('the clock of an agent or a worker', () => {
  const rowOf = (
    aheadMs: number,
    { synchronised = 'unknown', availability = 'online', maxPressAgeMs = 10_000 } = {},
  ) => {
    const present: Present = {
      kind: 'worker',
      id: 'main',
      availability: availability === 'online' ? 'online' : 'offline',
      info: {
        version: '1',
        host: 'pi',
        clock: { synchronised: synchronised === 'no' ? false : 'unknown' },
        at: new Date(now + aheadMs).toISOString(),
      },
    };
    return processClockRows([present], now, maxPressAgeMs)[0];
  };

  it('may be ahead by half the maximum age of a press', () => {
    expect(rowOf(5_000)?.status).toBe('ok');
    expect(rowOf(5_001)).toMatchObject({ status: 'failed', details: { skewMs: 5_001 } });
    expect(rowOf(5_001, { maxPressAgeMs: 20_000 })?.status).toBe('ok');
  });

  it('is not called slow because its info is old, as long as an info may be that old', () => {
    expect(rowOf(-65_000)?.status).toBe('ok');
    expect(rowOf(-71_000)?.found).toContain('behind this machine');
  });

  it('causes a warning if the process says that its clock is not synchronized', () => {
    expect(rowOf(0, { synchronised: 'no' })?.status).toBe('warning');
  });

  it('is not judged by the info of a process that has ended', () => {
    expect(rowOf(3_600_000, { availability: 'offline' })).toBeUndefined();
  });
});

describe('the clock of the server of Argo CD', () => {
  const rowOf = (date: number) => argocdClockRow({ date, sentAt: now, receivedAt: now + 200 }, 10_000);

  it('agrees if the whole second in its answer fits our clock', () => {
    expect(rowOf(now - 1_000)).toMatchObject({ status: 'ok', details: { skewMs: 0 } });
    expect(rowOf(now)).toMatchObject({ status: 'ok', details: { skewMs: 0 } });
  });

  it('fails beyond the tolerance in both directions', () => {
    expect(rowOf(now + 6_000)).toMatchObject({ status: 'failed', details: { skewMs: 5_800 } });
    expect(rowOf(now - 7_000)).toMatchObject({ status: 'failed', details: { skewMs: -6_000 } });
  });
});

it('an unsynchronized clock of this machine causes a warning', () => {
  expect(
    [true, 'unknown', false].map((state) => ownClockRow(state === 'unknown' ? state : state === true).status),
  ).toEqual(['ok', 'ok', 'warning']);
});
