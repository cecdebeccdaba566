// Reads the expiry of an Argo CD token from the token itself. It does not verify the token: Argo CD does.
import * as z from 'zod/mini';

const claimsSchema = z.object({ exp: z.number() });
/** The latest possible date, in seconds since the epoch (ECMAScript, 21.4.1.1). */
const lastSecond = 8_640_000_000_000;

/** @returns milliseconds since the epoch; undefined if the token contains no expiry */
export function expiryOf(token: string): number | undefined {
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  const parsed = claimsSchema.safeParse(claims);
  return parsed.success && Math.abs(parsed.data.exp) <= lastSecond ? parsed.data.exp * 1000 : undefined;
}

const units = [
  { name: 'day', ms: 86_400_000 },
  { name: 'hour', ms: 3_600_000 },
  { name: 'minute', ms: 60_000 },
  { name: 'second', ms: 1000 },
] as const;

/** `6 days`, `1 hour`: in the largest unit that fits at least once, rounded down. */
export function lengthOf(ms: number): string {
  const unit = units.find((candidate) => ms >= candidate.ms);
  if (unit === undefined) return `${Math.max(0, Math.round(ms))} ms`;
  const count = Math.floor(ms / unit.ms);
  return `${count} ${unit.name}${count === 1 ? '' : 's'}`;
}

/** A token that expires sooner gets a warning. */
export const soonMs = 7 * 86_400_000;
