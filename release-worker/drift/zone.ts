// The wall clock of a time zone, and when it changes against UTC.

export interface Offsets {
  /** How far the wall clock is ahead of UTC now, in milliseconds. */
  readonly now: number;
  /** The next change until the horizon, in milliseconds since the epoch. Infinity: none. */
  readonly changesAt: number;
  readonly afterwards: number;
}

/**
 * A formatter takes half a millisecond to create, and some memory. Most projects use a few time zones. If one has more, each
 * call creates a few until all exist.
 */
const madeAtOnce = 5;
const kept = 50;
const minuteMs = 60_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * @param horizon in milliseconds since the epoch: later changes do not matter. Two changes before it count as none.
 * @returns a function of an IANA time zone (empty: UTC). It returns undefined if the time zone does not exist, or too many
 * formatters were created already
 */
export function zonesAt(now: number, horizon: number): (timeZone: string) => Offsets | undefined {
  let made = 0;
  const offsetsByZone = new Map<string, Offsets | undefined>();
  const formatOf = (timeZone: string) => {
    const format = formats.get(timeZone);
    if (format !== undefined) return format;
    made += 1;
    return made > madeAtOnce ? undefined : keep(timeZone);
  };
  return (timeZone) => {
    if (timeZone === '' || timeZone === 'UTC') return { now: 0, changesAt: Infinity, afterwards: 0 };
    if (offsetsByZone.has(timeZone)) return offsetsByZone.get(timeZone);
    const format = formatOf(timeZone);
    const offsets = format === undefined ? undefined : offsetsOf(format, now, horizon);
    offsetsByZone.set(timeZone, offsets);
    return offsets;
  };
}

function keep(timeZone: string): Intl.DateTimeFormat | undefined {
  // Node.js accepts `+01:00` as a time zone. Go does not.
  if (!/^[A-Za-z]/.test(timeZone)) return undefined;
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
    const [oldest] = formats.keys();
    if (formats.size >= kept && oldest !== undefined) formats.delete(oldest);
    formats.set(timeZone, format);
    return format;
  } catch {
    return undefined;
  }
}

function offsetsOf(format: Intl.DateTimeFormat, now: number, horizon: number): Offsets {
  const before = offsetAt(format, now);
  const afterwards = offsetAt(format, horizon);
  if (before === afterwards) return { now: before, changesAt: Infinity, afterwards };
  // Clocks change at full minutes.
  let [last, first] = [Math.floor(now / minuteMs), Math.ceil(horizon / minuteMs)];
  while (first - last > 1) {
    const middle = Math.floor((first + last) / 2);
    if (offsetAt(format, middle * minuteMs) === before) last = middle;
    else first = middle;
  }
  return { now: before, changesAt: first * minuteMs, afterwards };
}

/** The name is `GMT`, `GMT+05:30`, or `GMT-00:44:30` for times long ago. */
function offsetAt(format: Intl.DateTimeFormat, at: number): number {
  const [, sign, hours = 0, minutes = 0, seconds = 0] =
    /GMT([+-])(\d+):(\d+)(?::(\d+))?$/.exec(format.format(at)) ?? [];
  const ahead = (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000;
  return sign === '-' ? -ahead : ahead;
}
