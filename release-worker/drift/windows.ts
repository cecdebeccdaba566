// When sync windows let a manual sync through: pure. Argo CD tells whether they do now, and not until when.
//
// The rules are those of Argo CD's manual ("Sync Windows"): an open deny window blocks, unless all that are open allow
// manual syncs; otherwise an open allow window lets through; where there are allow windows and none is open, only one that
// allows manual syncs does. A window opens at each time of its schedule and stays open for its duration.
import { Cron } from 'croner';
import type { SyncWindow, UnzonedWindow } from '../argocd/sync-window.ts';

export interface Openness {
  readonly open: boolean;
  /** milliseconds since the epoch; absent: not within the next days, or not known */
  readonly until?: number;
}

/** A window that opens every minute changes as often: so many moments are looked at, and so far ahead. */
const momentsMax = 300;
const horizonMs = 14 * 86_400_000;
/** Longer ones are always open. */
const longestMs = 366 * 86_400_000;

/**
 * Whether a manual sync is let through, and until when that stays so.
 * @param now milliseconds since the epoch
 * @returns undefined where a schedule, a duration or a time zone cannot be read
 */
export function opennessOf(windows: readonly SyncWindow[], now: number): Openness | undefined {
  const timed: Timed[] = [];
  for (const window of windows) {
    const one = timedOf(window, now);
    if (one === undefined) return undefined;
    timed.push(one);
  }
  const open = letsThrough(timed, now);
  let at = now;
  for (let moments = 0; moments < momentsMax; moments += 1) {
    at = Math.min(...timed.map((one) => nextChange(one, at)));
    if (!(at <= now + horizonMs)) return { open };
    if (letsThrough(timed, at) !== open) return { open, until: at };
  }
  return { open };
}

interface Timed {
  readonly denies: boolean;
  readonly manualSync: boolean;
  readonly durationMs: number;
  /** the first time of the schedule after that moment, in milliseconds since the epoch; Infinity: never */
  readonly nextStart: (after: number) => number;
}

function timedOf(
  { kind, schedule, duration, manualSync, timeZone }: SyncWindow,
  now: number,
): Timed | undefined {
  const durationMs = durationOf(duration);
  if (durationMs === undefined || durationMs > longestMs || (kind !== 'deny' && kind !== 'allow'))
    return undefined;
  // What croner knows beyond the five fields of Argo CD's parser (seconds, `L`, `W`, `#`) would be another schedule.
  if (!/^([\d*,/-]|[A-Za-z]{3}|\s)+$/.test(schedule) || schedule.trim().split(/\s+/).length !== 5)
    return undefined;
  try {
    const cron = new Cron(schedule, { mode: '5-part', timezone: timeZone === '' ? 'UTC' : timeZone });
    const nextStart = (after: number) => cron.nextRun(new Date(after))?.getTime() ?? Infinity;
    // A wrong time zone is noticed at the first use only.
    nextStart(now);
    return { denies: kind === 'deny', manualSync, durationMs, nextStart };
  } catch {
    return undefined;
  }
}

/** The start of what makes it open then; Infinity where it is closed. */
function openSince({ durationMs, nextStart }: Timed, at: number): number {
  const start = nextStart(at - durationMs);
  return start <= at ? start : Infinity;
}

function nextChange(window: Timed, after: number): number {
  const since = openSince(window, after);
  return Math.min(window.nextStart(after), since + window.durationMs);
}

function letsThrough(windows: readonly Timed[], at: number): boolean {
  const isOpen = (window: Timed) => openSince(window, at) < Infinity;
  const denying = windows.filter((window) => window.denies && isOpen(window));
  if (denying.length > 0) return denying.every(({ manualSync }) => manualSync);
  const allowing = windows.filter(({ denies }) => !denies);
  return allowing.length === 0 || allowing.some((window) => window.manualSync || isOpen(window));
}

const unitsMs = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

/** @returns milliseconds; undefined for what is no positive duration of at least one of hours, minutes, seconds */
function durationOf(text: string): number | undefined {
  if (text.length > 50 || !/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, value = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g))
    ms += Number(value) * (unit === 'h' || unit === 'm' || unit === 's' || unit === 'ms' ? unitsMs[unit] : 0);
  return ms > 0 ? ms : undefined;
}

/**
 * The windows of an application, which Argo CD tells without their time zones, with those of the project's windows.
 * @returns undefined where one could be in either of two zones, or in none of the project
 */
export function withTimeZones(
  assigned: readonly UnzonedWindow[],
  ofProject: readonly SyncWindow[],
): readonly SyncWindow[] | undefined {
  const whole: SyncWindow[] = [];
  for (const window of assigned) {
    const zones = new Set(
      ofProject
        .filter(
          (other) =>
            other.kind === window.kind &&
            other.schedule === window.schedule &&
            other.duration === window.duration &&
            other.manualSync === window.manualSync,
        )
        .map(({ timeZone }) => timeZone),
    );
    const [timeZone] = zones;
    if (timeZone === undefined || zones.size > 1) return undefined;
    whole.push({ ...window, timeZone });
  }
  return whole;
}
