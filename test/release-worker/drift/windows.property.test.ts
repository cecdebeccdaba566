// Sync windows against their definition, by another implementation of cron: Argo CD compares the wall clock of the
// window's time zone with the times of its schedule.
import { Cron } from 'croner';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { opennessOf } from '../../../release-worker/drift/windows.ts';
import type { SyncWindow } from '../../../release-worker/argocd/sync-window.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const listOf = (min: number, max: number) =>
  fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 3 }).map((values) => values.join(','));
const rangeOf = (min: number, max: number) =>
  fc
    .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
    .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
const schedule = fc
  .tuple(
    listOf(0, 59),
    fc.oneof(fc.constantFrom('*', '*/7', '5-23/9'), listOf(0, 23), rangeOf(0, 23)),
    fc.oneof({ weight: 3, arbitrary: fc.constant('*') }, listOf(1, 28), rangeOf(1, 31)),
    fc.oneof({ weight: 3, arbitrary: fc.constant('*') }, fc.constantFrom('3,10', 'MAR-Nov', '*/2')),
    fc.oneof({ weight: 3, arbitrary: fc.constant('*') }, fc.constantFrom('mon-FRI', '6,0', '2', 'Sun')),
  )
  .map((fields) => fields.join(' '));
const window: fc.Arbitrary<SyncWindow> = fc.record({
  kind: fc.constantFrom('allow', 'deny'),
  schedule,
  duration: fc.constantFrom('10m', '45m', '1h', '1h30m', '7h', '25h', '40h'),
  manualSync: fc.boolean(),
  timeZone: fc.constantFrom(
    '',
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
    'America/Santiago',
  ),
});
/** Around the days on which clocks change, and on some other days. */
const now = fc
  .tuple(
    fc.constantFrom(
      '2026-03-08',
      '2026-03-29',
      '2026-04-05',
      '2026-10-25',
      '2026-11-01',
      '2027-02-10',
      '2028-02-29',
    ),
    fc.integer({ min: -3 * 24 * 60, max: 24 * 60 }),
  )
  .map(([day, minutes]) => Date.parse(day) + minutes * minuteMs);

/** The wall clock's time, as `Date.UTC` would encode it. */
function wallClock(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: timeZone === '' ? 'UTC' : timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  return (at) => Date.parse(`${format.format(at).replace(' ', 'T')}Z`);
}

const hours = (duration: string) =>
  Number(/(\d+)h/.exec(duration)?.[1] ?? 0) + Number(/(\d+)m/.exec(duration)?.[1] ?? 0) / 60;

/** Whether a window is open, at any time from `now` on. */
function opening({ schedule, duration, timeZone }: SyncWindow, now: number, days: number) {
  const show = wallClock(timeZone);
  const durationMs = hours(duration) * hourMs;
  const cron = new Cron(schedule, { mode: '5-part', timezone: 'UTC' });
  const times: number[] = [];
  let time: Date | null = new Date(show(now) - durationMs - hourMs * 2);
  while (time !== null && time.getTime() < show(now) + (days + 1) * dayMs) {
    time = cron.nextRun(time);
    if (time !== null) times.push(time.getTime());
  }
  return (at: number) => {
    const shown = show(at);
    return times.some((time) => time <= shown && shown < time + durationMs);
  };
}

test('whatever the windows and the time zone, what is said of now and of the change is what the wall clock says', () => {
  fc.assert(
    fc.property(fc.array(window, { maxLength: 4 }), now, (windows, now) => {
      const days = 3;
      const all = windows.map((window) => ({ ...window, isOpen: opening(window, now, days) }));
      const letsThrough = (at: number) => {
        const denying = all.filter(({ kind, isOpen }) => kind === 'deny' && isOpen(at));
        if (denying.length > 0) return denying.every(({ manualSync }) => manualSync);
        const allowing = all.filter(({ kind }) => kind === 'allow');
        if (allowing.length === 0 || allowing.some(({ isOpen }) => isOpen(at))) return true;
        return allowing.every(({ manualSync }) => manualSync);
      };
      const said = opennessOf(windows, now);
      expect(said?.open).toBe(letsThrough(now));
      const end = Math.min(said?.until ?? Infinity, now + days * dayMs);
      for (let at = now; at < end; at += 5 * minuteMs) expect(letsThrough(at)).toBe(said?.open);
      if (said?.until === undefined || said.until > now + days * dayMs) return;
      expect(letsThrough(said.until - 1_000)).toBe(said.open);
      expect(letsThrough(said.until)).toBe(!said.open);
    }),
    { numRuns: 40 },
  );
});
