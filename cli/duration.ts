// Durations as people write them on a command line: `90s`, `30m`, `2h`, `1d`.

const unitMs: ReadonlyMap<string, number> = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);
/** Somebody who wants a longer freeze should use one without an end. */
const longestMs = 366 * 86_400_000;

/** What `parseDuration` accepts, for messages. */
export const durationForms = 'a number with s, m, h or d, and at most a year; for example 30m, 2h or 1d';

/** @returns milliseconds; undefined if the text is not a duration, or longer than a year */
export function parseDuration(text: string): number | undefined {
  const match = /^([1-9]\d{0,8})([smhd])$/.exec(text);
  const unit = unitMs.get(match?.[2] ?? '');
  if (match === null || unit === undefined) return undefined;
  const ms = Number(match[1]) * unit;
  return ms > longestMs ? undefined : ms;
}
