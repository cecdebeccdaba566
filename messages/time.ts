// Times in messages are RFC 3339: ours in UTC with milliseconds, those of others with any offset.
import * as z from 'zod/mini';

export const timeSchema = z.iso.datetime({ offset: true });

/** @param ms milliseconds since the epoch */
export function toTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** Milliseconds since the epoch for an RFC 3339 time that the schema has accepted. */
export function fromTime(time: string): number {
  return Date.parse(time);
}

/** For people, in the time zone of this machine: `2026-01-01 14:02 +01:00`. @param ms milliseconds since the epoch */
export function toLocalTime(ms: number): string {
  const date = new Date(ms);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())} ${zoneOf(date)}`;
}

/** The same, with seconds if it is not a whole minute. @param ms milliseconds since the epoch */
export function toLocalEnd(ms: number): string {
  const seconds = new Date(ms).getSeconds();
  const local = toLocalTime(ms);
  return seconds === 0
    ? local
    : local.replace(/:\d\d /, (minutes) => `${minutes.trimEnd()}:${two(seconds)} `);
}

/** The same without the date, with seconds: `14:02:07 +01:00`. @param ms milliseconds since the epoch */
export function toLocalTimeOfDay(ms: number): string {
  const date = new Date(ms);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zoneOf(date)}`;
}

function zoneOf(date: Date): string {
  const offset = -date.getTimezoneOffset();
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
