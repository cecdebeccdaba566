// When sync windows allow a manual sync. Pure. Argo CD reports whether they do now, but not until when.
//
// The rules are those of Argo CD (`CanSync`, `active` and `scheduleOffsetByTimeZone` of `SyncWindows` in its source):
// - An open deny window blocks, unless all open ones allow manual syncs.
// - Otherwise an open allow window allows.
// - If there are allow windows and none is open, a manual sync is allowed only if every one of them has `manualSync`.
// - A window is open while the wall clock of its time zone shows less than its duration after a time of its schedule.
import type { SyncWindow } from '../argocd/sync-window.ts';
import { parseSchedule, spanAt } from './cron.ts';
import type { Schedule } from './cron.ts';
import { zonesAt } from './zone.ts';
import type { Offsets } from './zone.ts';

export interface Openness {
  readonly open: boolean;
  /** In milliseconds since the epoch. Absent: not within the next days, or not known */
  readonly until?: number;
}

/**
 * Limits for the windows of a project: how many are evaluated, how far ahead, at how many moments, and how many in all. If
 * they do not suffice, the end is not known.
 */
const windowsMax = 500;
const horizonMs = 14 * 86_400_000;
const momentsMax = 300;
const checksMax = 600;
/** A longer window is always open. */
const longestMs = 366 * 86_400_000;

/**
 * Tells whether a manual sync is allowed, and until when that stays so.
 * @param now milliseconds since the epoch
 * @returns undefined if a schedule, a duration or a time zone cannot be read, or there are too many windows
 */
export function opennessOf(windows: readonly SyncWindow[], now: number): Openness | undefined {
  if (windows.length > windowsMax) return undefined;
  const horizon = now + horizonMs;
  const zoneOf = zonesAt(now, horizon);
  const schedules = new Map<string, Schedule | undefined>();
  const distinct = new Map<string, Timed>();
  for (const window of windows) {
    const { kind, schedule, duration, manualSync, timeZone } = window;
    const key = `${kind} ${manualSync} ${duration} ${timeZone} ${schedule}`;
    if (distinct.has(key)) continue;
    const one = timedOf(window, schedules, zoneOf);
    if (one === undefined) return undefined;
    distinct.set(key, one);
  }
  const timed = [...distinct.values()];
  const rules = rulesOf(timed);
  for (const one of timed) look(one, now, horizon, rules);
  const open = letsThrough(rules);
  let looks = 0;
  for (let moments = 0; moments < momentsMax && looks < checksMax; moments += 1) {
    let at = Infinity;
    for (const { changesAt } of timed) if (changesAt < at) at = changesAt;
    if (!(at <= horizon)) return { open };
    for (const one of timed) {
      if (one.changesAt > at) continue;
      look(one, at, horizon, rules);
      looks += 1;
    }
    if (letsThrough(rules) !== open) return { open, until: at };
  }
  return { open };
}

interface Timed {
  readonly denies: boolean;
  readonly manualSync: boolean;
  readonly schedule: Schedule;
  readonly offsets: Offsets;
  open: boolean;
  /** When to evaluate again; the time zone may change then. In milliseconds since the epoch. */
  changesAt: number;
}

function timedOf(
  { kind, schedule: text, duration, manualSync, timeZone }: SyncWindow,
  schedules: Map<string, Schedule | undefined>,
  zoneOf: (timeZone: string) => Offsets | undefined,
): Timed | undefined {
  const durationMs = durationOf(duration);
  if (durationMs === undefined || durationMs > longestMs || (kind !== 'deny' && kind !== 'allow'))
    return undefined;
  const key = `${durationMs} ${text}`;
  if (!schedules.has(key)) schedules.set(key, parseSchedule(text, durationMs));
  const schedule = schedules.get(key);
  const offsets = zoneOf(timeZone);
  if (schedule === undefined || offsets === undefined) return undefined;
  return { denies: kind === 'deny', manualSync, schedule, offsets, open: false, changesAt: Infinity };
}

/** How many of each kind are open, and what holds for all. */
interface Rules {
  denying: number;
  /** Those without `manualSync` */
  strict: number;
  allowing: number;
  readonly withAllows: boolean;
  readonly allManual: boolean;
}

function rulesOf(windows: readonly Timed[]): Rules {
  const allows = windows.filter(({ denies }) => !denies);
  return {
    denying: 0,
    strict: 0,
    allowing: 0,
    withAllows: allows.length > 0,
    allManual: allows.every(({ manualSync }) => manualSync),
  };
}

function letsThrough({ denying, strict, allowing, withAllows, allManual }: Rules): boolean {
  if (denying > 0) return strict === 0;
  return !withAllows || allowing > 0 || allManual;
}

function look(window: Timed, at: number, horizon: number, rules: Rules): void {
  const { now, changesAt, afterwards } = window.offsets;
  const ahead = at < changesAt ? now : afterwards;
  const span = spanAt(window.schedule, at + ahead, horizon + ahead);
  const open = span.from <= at + ahead;
  window.changesAt = (open ? span.to : span.from) - ahead;
  if (at < changesAt) window.changesAt = Math.min(window.changesAt, changesAt);
  if (open === window.open) return;
  window.open = open;
  const by = open ? 1 : -1;
  if (!window.denies) rules.allowing += by;
  else {
    rules.denying += by;
    if (!window.manualSync) rules.strict += by;
  }
}

const unitsMs = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

/** @returns milliseconds; undefined if it is not a positive duration with hours, minutes or seconds */
function durationOf(text: string): number | undefined {
  if (text.length > 50 || !/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, value = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g))
    ms += Number(value) * (unit === 'h' || unit === 'm' || unit === 's' || unit === 'ms' ? unitsMs[unit] : 0);
  return ms > 0 ? ms : undefined;
}
