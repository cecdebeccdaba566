// When sync windows open and close, compared with a check at every minute.
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { opennessOf } from '../../../release-worker/drift/windows.ts';
import type { SyncWindow } from '../../../release-worker/argocd/sync-window.ts';

const at = (text: string) => Date.parse(text);
const deny = (schedule: string, duration: string, over: Partial<SyncWindow> = {}): SyncWindow => ({
  kind: 'deny',
  schedule,
  duration,
  manualSync: false,
  timeZone: '',
  ...over,
});
const allow = (schedule: string, duration: string, over: Partial<SyncWindow> = {}) =>
  deny(schedule, duration, { kind: 'allow', ...over });

describe('a manual sync', () => {
  it.each<[string, SyncWindow[], string, boolean, string | undefined]>([
    ['without windows', [], '2026-01-05T12:00:00Z', true, undefined],
    [
      'before a deny window',
      [deny('0 22 * * *', '1h')],
      '2026-01-05T12:00:00Z',
      true,
      '2026-01-05T22:00:00Z',
    ],
    ['within it', [deny('0 22 * * *', '1h30m')], '2026-01-05T22:10:00Z', false, '2026-01-05T23:30:00Z'],
    [
      'at its first moment',
      [deny('0 22 * * *', '1h')],
      '2026-01-05T22:00:00Z',
      false,
      '2026-01-05T23:00:00Z',
    ],
    ['at its last', [deny('0 22 * * *', '1h')], '2026-01-05T23:00:00Z', true, '2026-01-06T22:00:00Z'],
    [
      'within one that opens again before it ends',
      [deny('* * * * *', '1h')],
      '2026-01-05T12:00:30Z',
      false,
      undefined,
    ],
    [
      'within one that allows manual syncs',
      [deny('0 22 * * *', '1h', { manualSync: true })],
      '2026-01-05T22:10:00Z',
      true,
      undefined,
    ],
    [
      'before an allow window',
      [allow('0 8 * * 1-5', '8h')],
      '2026-01-10T12:00:00Z',
      false,
      '2026-01-12T08:00:00Z',
    ],
    ['within it', [allow('0 8 * * MON-FRI', '8h')], '2026-01-12T09:00:00Z', true, '2026-01-12T16:00:00Z'],
    [
      'outside one that allows manual syncs',
      [allow('0 8 * * *', '1h', { manualSync: true })],
      '2026-01-12T12:00:00Z',
      true,
      undefined,
    ],
    [
      'where both are open',
      [allow('0 8 * * *', '8h'), deny('0 9 * * *', '1h')],
      '2026-01-12T09:30:00Z',
      false,
      '2026-01-12T10:00:00Z',
    ],
    [
      'where the deny window ends after the allow window',
      [allow('0 8 * * *', '1h'), deny('30 8 * * *', '2h')],
      '2026-01-12T08:45:00Z',
      false,
      '2026-01-13T08:00:00Z',
    ],
    [
      'in another time zone',
      [deny('0 22 * * *', '1h', { timeZone: 'America/New_York' })],
      '2026-01-05T22:10:00Z',
      true,
      '2026-01-06T03:00:00Z',
    ],
    [
      'in that time zone in summer',
      [deny('0 22 * * *', '1h', { timeZone: 'America/New_York' })],
      '2026-07-05T22:10:00Z',
      true,
      '2026-07-06T02:00:00Z',
    ],
    [
      'where one of two allow windows, none of them open, allows manual syncs',
      [allow('0 8 * * *', '1h', { manualSync: true }), allow('0 10 * * *', '1h')],
      '2026-01-12T12:00:00Z',
      false,
      '2026-01-13T08:00:00Z',
    ],
    [
      'where both of them do',
      [allow('0 8 * * *', '1h', { manualSync: true }), allow('0 10 * * *', '1h', { manualSync: true })],
      '2026-01-12T12:00:00Z',
      true,
      undefined,
    ],
    [
      'where no allow window is open, and a deny window that allows manual syncs is',
      [allow('0 8 * * *', '1h'), deny('0 12 * * *', '1h', { manualSync: true })],
      '2026-01-12T12:30:00Z',
      true,
      '2026-01-12T13:00:00Z',
    ],
    [
      'within one that the change to summer time cuts short, as Argo CD compares what the wall clock shows',
      [deny('30 1 * * *', '2h', { timeZone: 'Europe/Berlin' })],
      '2026-03-29T00:45:00Z',
      false,
      '2026-03-29T01:30:00Z',
    ],
    [
      'within one that the change to winter time opens twice',
      [deny('0 2 * * *', '30m', { timeZone: 'Europe/Berlin' })],
      '2026-10-25T00:40:00Z',
      true,
      '2026-10-25T01:00:00Z',
    ],
    [
      'before one at every ninth hour from five on, as the cron of Argo CD reads it',
      [deny('0 5/9 * * *', '1h')],
      '2026-01-03T06:00:00Z',
      true,
      '2026-01-03T14:00:00Z',
    ],
    [
      'on the second day of the month or a Monday, where both fields are set',
      [deny('0 0 2 * MON', '1h')],
      '2026-01-03T12:00:00Z',
      true,
      '2026-01-05T00:00:00Z',
    ],
  ])('%s', (_, windows, now, open, until) => {
    expect(opennessOf(windows, at(now))).toEqual({
      open,
      ...(until === undefined ? {} : { until: at(until) }),
    });
  });

  it.each<[string, Partial<SyncWindow>]>([
    ['a schedule with seconds', { schedule: '0 0 22 * * *' }],
    ['a schedule that is none', { schedule: 'at noon' }],
    ["a schedule in a cron of more than Argo CD's", { schedule: '0 0 L * *' }],
    ['a schedule out of range', { schedule: '99 22 * * *' }],
    ['a duration that is none', { duration: 'long' }],
    ['a duration of nothing', { duration: '0h' }],
    ['a duration of a century', { duration: '900000h' }],
    ['a schedule that never comes', { schedule: '0 0 30 2 *' }],
    ['a weekday that only other crons know', { schedule: '0 0 * * 7' }],
    ['a schedule with its time zone inside', { schedule: 'TZ=UTC 0 0 * * *' }],
    ['a step of nothing', { schedule: '*/0 * * * *' }],
    ['an unknown time zone', { timeZone: 'Middle/Earth' }],
    ['an unknown kind', { kind: 'maybe' }],
  ])('is not guessed with %s', (_, over) => {
    expect(opennessOf([deny('0 22 * * *', '1h', over)], at('2026-01-05T12:00:00Z'))).toBeUndefined();
  });
});

const window = fc.record({
  kind: fc.constantFrom('allow', 'deny'),
  hour: fc.integer({ min: 0, max: 23 }),
  minute: fc.constantFrom(0, 30),
  day: fc.constantFrom('*', '1-5', '6,0'),
  hours: fc.integer({ min: 1, max: 30 }),
  manualSync: fc.boolean(),
});

/** Steps through the days minute by minute: the definition, slowly. */
function isOpenAt(windows: readonly SyncWindow[], when: number): boolean {
  const open = ({ schedule, duration }: SyncWindow) => {
    const [minute, hour, , , day = ''] = schedule.split(' ');
    const days = { '*': [0, 1, 2, 3, 4, 5, 6], '1-5': [1, 2, 3, 4, 5], '6,0': [6, 0] }[day] ?? [];
    for (let start = when; start > when - Number.parseInt(duration, 10) * 3_600_000; start -= 60_000) {
      const date = new Date(start);
      if (
        date.getUTCMinutes() === Number(minute) &&
        date.getUTCHours() === Number(hour) &&
        days.includes(date.getUTCDay())
      )
        return true;
    }
    return false;
  };
  const denying = windows.filter((one) => one.kind === 'deny' && open(one));
  if (denying.length > 0) return denying.every(({ manualSync }) => manualSync);
  const allowing = windows.filter(({ kind }) => kind === 'allow');
  return allowing.length === 0 || allowing.some(open) || allowing.every(({ manualSync }) => manualSync);
}

test('whatever the windows, what is said of now and of the change is what a look at each half hour finds', () => {
  fc.assert(
    fc.property(
      fc.array(window, { maxLength: 3 }),
      fc.integer({ min: 0, max: 400 }),
      (described, halfHours) => {
        const windows = described.map(({ kind, hour, minute, day, hours, manualSync }) => ({
          ...deny(`${minute} ${hour} * * ${day}`, `${hours}h`, { kind, manualSync }),
        }));
        const now = at('2026-01-05T00:00:00Z') + halfHours * 1_800_000;
        const said = opennessOf(windows, now);
        expect(said?.open).toBe(isOpenAt(windows, now));
        const end = said?.until ?? now + 8 * 86_400_000;
        for (let when = now; when < end; when += 1_800_000) expect(isOpenAt(windows, when)).toBe(said?.open);
        if (said?.until !== undefined) expect(isOpenAt(windows, said.until)).toBe(!said.open);
      },
    ),
    { numRuns: 30 },
  );
});
