// Durations as people write them on a command line: `90s`, `30m`, `2h`, `1d`.

const unitMs: ReadonlyMap<string, number> = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);
/** A longer freeze should be one without an end. */
const longestMs = 366 * 86_400_000;

/** What `parseDuration` accepts, for messages. */
export const durationForms = 'a number and s, m, h or d, at most a year; for example 30m, 2h, 1d';

/** In milliseconds; undefined if the text is no duration, or longer than a year. */
export function parseDuration(text: string): number | undefined {
  const match = /^([1-9]\d{0,8})([smhd])$/.exec(text);
  const unit = unitMs.get(match?.[2] ?? '');
  if (match === null || unit === undefined) return undefined;
  const ms = Number(match[1]) * unit;
  return ms > longestMs ? undefined : ms;
}
