// The times of a sync window's schedule, on the wall clock of its time zone. Pure. A wall-clock time is a number of
// milliseconds, as `Date.UTC` makes it from what the clock shows.
//
// Argo CD parses schedules with robfig/cron v3 (minute, hour, day of the month, month, day of the week). A window is
// open for its duration after each of these times. The rules here come from `schedule.Next` and `Parser.Parse` of that
// package.

/** From `from` until just before `to`, both on the wall clock. `to` is Infinity if it is after the horizon. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Schedule {
  /** How long a window stays open after each time, in milliseconds. */
  readonly durationMs: number;
  /** True if it has times on that day, counted from 1 January 1970. */
  readonly dayMatches: (day: number) => boolean;
  /**
   * When the window is open because of times on such a day, in milliseconds from its midnight: in order, with overlapping and
   * touching ones merged. The end of each has the same index in `ends`.
   */
  readonly starts: Float64Array;
  readonly ends: Float64Array;
}

interface Field {
  readonly values: ReadonlySet<number>;
  /** True if it was written as `*` or `?`. This decides how the two fields for days combine. */
  readonly any: boolean;
}

const dayMs = 86_400_000;
const minuteMs = 60_000;
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
/** A field with all its values in words is shorter than this. */
const scheduleLength = 1_000;

/** @returns undefined for what Argo CD's parser refuses, and for what matches no day of any year */
export function parseSchedule(text: string, durationMs: number): Schedule | undefined {
  if (text.length > scheduleLength) return undefined;
  const [first = '', second = '', third = '', fourth = '', fifth = '', ...more] = text.trim().split(/\s+/);
  const minutes = fieldOf(first, 0, 59);
  const hours = fieldOf(second, 0, 23);
  const daysOfMonth = fieldOf(third, 1, 31);
  const monthsOfYear = fieldOf(fourth, 1, 12, months);
  const daysOfWeek = fieldOf(fifth, 0, 6, weekdays);
  if (minutes === undefined || hours === undefined || more.length > 0) return undefined;
  if (daysOfMonth === undefined || monthsOfYear === undefined || daysOfWeek === undefined) return undefined;
  // Argo CD takes a window that never opens as always open, because it compares with Go's zero time.
  if (daysOfWeek.any && !comesInAnyYear(daysOfMonth, monthsOfYear)) return undefined;
  const matchByDay = new Map<number, boolean>();
  const matches = (day: number) => {
    const date = new Date(day * dayMs);
    if (!monthsOfYear.values.has(date.getUTCMonth() + 1)) return false;
    const ofMonth = daysOfMonth.values.has(date.getUTCDate());
    const ofWeek = daysOfWeek.values.has(date.getUTCDay());
    return daysOfMonth.any || daysOfWeek.any ? ofMonth && ofWeek : ofMonth || ofWeek;
  };
  const dayMatches = (day: number) => {
    const before = matchByDay.get(day);
    if (before !== undefined) return before;
    const now = matches(day);
    matchByDay.set(day, now);
    return now;
  };
  return { durationMs, dayMatches, ...spansOfDay(hours.values, minutes.values, durationMs) };
}

/**
 * When a window with this schedule is open at `at`, or opens next.
 * @param horizon later times do not matter: they become Infinity
 */
export function spanAt(schedule: Schedule, at: number, horizon: number): Span {
  const { durationMs, dayMatches, starts, ends } = schedule;
  let from = NaN;
  let to = NaN;
  // The last time before `at` keeps the window open for longest.
  const oldest = Math.floor((at - durationMs) / dayMs);
  for (let day = Math.floor(at / dayMs); day >= oldest && Number.isNaN(from); day -= 1) {
    if (!dayMatches(day)) continue;
    const index = firstAfter(ends, at - day * dayMs);
    if (day * dayMs + (starts[index] ?? Infinity) > at) continue;
    from = day * dayMs + (starts[index] ?? 0);
    to = day * dayMs + (ends[index] ?? 0);
  }
  // Searches onward: for the next start if the window is closed, and then for spans that prolong the one found.
  for (
    let day = Math.floor((from || at) / dayMs);
    !(day * dayMs > Math.min(horizon, to || horizon));
    day += 1
  ) {
    if (!dayMatches(day)) continue;
    for (let index = firstAfter(ends, (to || at) - day * dayMs); index < ends.length; index += 1) {
      const start = day * dayMs + (starts[index] ?? 0);
      if (start > to) return { from, to };
      if (Number.isNaN(from)) from = start;
      to = day * dayMs + (ends[index] ?? 0);
    }
  }
  if (Number.isNaN(from) || from > horizon) return { from: Infinity, to: Infinity };
  return { from, to: to > horizon ? Infinity : to };
}

/** The index of the first end that is later than `at`. */
function firstAfter(ends: Float64Array, at: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ends[middle] ?? 0) > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Most fields are `*` or similar, and building their sets is most of the work. */
const fieldsKept = 500;
const fields = new Map<string, Field | undefined>();

function fieldOf(text: string, min: number, max: number, names?: readonly string[]): Field | undefined {
  const key = `${max} ${text}`;
  const kept = fields.get(key);
  if (kept !== undefined || fields.has(key)) return kept;
  const field = parseField(text, min, max, names);
  if (fields.size >= fieldsKept) fields.clear();
  fields.set(key, field);
  return field;
}

/** @param names of the values, starting with `min` */
function parseField(
  text: string,
  min: number,
  max: number,
  names: readonly string[] = [],
): Field | undefined {
  const values = new Set<number>();
  let any = false;
  const valueOf = (word: string) => {
    const named = names.indexOf(word.toLowerCase());
    if (named !== -1) return named + min;
    return /^\d{1,9}$/.test(word) ? Number(word) : NaN;
  };
  for (const part of text.split(',')) {
    const [range = '', stepText = '1', ...more] = part.split('/');
    const [low = '', high, ...evenMore] = range.split('-');
    const isAny = range === '*' || range === '?';
    const from = isAny ? min : valueOf(low);
    // `5/15` is from 5 to the end.
    const single = part.includes('/') ? max : from;
    const to = isAny ? max : high === undefined ? single : valueOf(high);
    const step = /^\d{1,9}$/.test(stepText) ? Number(stepText) : 0;
    if (more.length > 0 || evenMore.length > 0 || step < 1) return undefined;
    if (!(from >= min && to <= max && from <= to)) return undefined;
    for (let value = from; value <= to; value += step) values.add(value);
    any ||= isAny && step === 1;
  }
  return { values, any };
}

function comesInAnyYear(daysOfMonth: Field, monthsOfYear: Field): boolean {
  const inLeapYear = (month: number) => new Date(Date.UTC(2024, month, 0)).getUTCDate();
  const first = Math.min(...daysOfMonth.values);
  return [...monthsOfYear.values].some((month) => first <= inLeapYear(month));
}

function spansOfDay(
  hours: ReadonlySet<number>,
  minutes: ReadonlySet<number>,
  durationMs: number,
): Pick<Schedule, 'starts' | 'ends'> {
  const minutesInOrder = [...minutes].sort((a, b) => a - b);
  const starts = new Float64Array(hours.size * minutes.size);
  const ends = new Float64Array(hours.size * minutes.size);
  let count = 0;
  for (const hour of [...hours].sort((a, b) => a - b))
    for (const minute of minutesInOrder) {
      const from = (hour * 60 + minute) * minuteMs;
      if (count === 0 || from > (ends[count - 1] ?? 0)) {
        starts[count] = from;
        count += 1;
      }
      ends[count - 1] = from + durationMs;
    }
  return { starts: starts.subarray(0, count), ends: ends.subarray(0, count) };
}
