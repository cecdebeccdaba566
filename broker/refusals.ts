// Refused connections: counted by reason, and logged at a bounded rate.
import type { Clock } from '../service/clock.ts';
import type { Log } from '../service/log.ts';

export const refusalReasons = [
  'client-id',
  'too-many-connections',
  'connect-timeout',
  'packet-too-large',
  'keep-alive',
  'malformed',
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

export interface Refusals {
  note(reason: RefusalReason, message: string, remoteAddress: string | undefined): void;
}

/** Each reason is logged at most once in this time, in milliseconds. The metric counts every refusal. */
const quietMs = 10_000;

export function createRefusals(options: {
  readonly log: Log;
  readonly clock: Clock;
  readonly count: (reason: RefusalReason) => void;
}): Refusals {
  const { log, clock, count } = options;
  const logged = new Map<RefusalReason, { at: number; since: number }>();

  return {
    note: (reason, message, remoteAddress) => {
      count(reason);
      const last = logged.get(reason);
      if (last !== undefined && clock.monotonic() - last.at < quietMs) {
        last.since += 1;
        return;
      }
      logged.set(reason, { at: clock.monotonic(), since: 0 });
      const unlogged = last?.since ?? 0;
      log.warn(
        { reason, remoteAddress, ...(unlogged > 0 ? { unlogged } : {}) },
        `a connection was refused: ${message}`,
      );
    },
  };
}

/**
 * Turns aedes' error for a connection that ended before its CONNECT was accepted into a reason. Undefined if the client
 * closed the connection.
 */
export function refusalReason(error: Error): RefusalReason | undefined {
  if ('syscall' in error) return undefined;
  // The error texts and the code 6 come from aedes 2.0.0-beta.1 (lib/client.js, lib/handlers/connect.js).
  if (error.message === 'connect did not arrive in time') return 'connect-timeout';
  if (error.message === 'packet too large') return 'packet-too-large';
  if ('errorCode' in error && error.errorCode === 6) return 'keep-alive';
  if ('errorCode' in error && error.errorCode === 2) return 'client-id';
  return 'malformed';
}
