// Times on the wire are RFC 3339: ours in UTC with milliseconds, those of others with any offset.
import * as z from 'zod/mini';

export const timeSchema = z.iso.datetime({ offset: true });

/** @param ms milliseconds since the epoch */
export function toTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** Milliseconds since the epoch of an RFC 3339 time that the schema has accepted. */
export function fromTime(time: string): number {
  return Date.parse(time);
}
