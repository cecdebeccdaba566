// How fresh the known state of Argo CD's applications is, from lists and the stream.
import type { Clock } from '../../service/clock.ts';

export interface Freshness {
  /** When Argo CD last reported the state of its applications, on the monotonic clock */
  heardAt(): number | undefined;
  /** On the monotonic clock. 0 before anything is known */
  until(): number;
  /** Wall-clock time of the last full list, in milliseconds since the epoch */
  lastListAt(): number | undefined;
  /**
   * A full list has been answered. Returns whether the known state is valid: as before, again, or not, because the list was
   * sent before everything was lost.
   * @param sentAt on the monotonic clock
   * @param sentAtWall in milliseconds since the epoch
   */
  listed(sentAt: number, sentAtWall: number): 'as-before' | 'again' | 'too-old';
  /** Nothing is valid until a list that is sent from now on has been answered. Returns true if that is a change. */
  lose(): boolean;
  isLost(): boolean;
  /** True if the stream reports every change. */
  vouches(): boolean;
  /** A stream reports changes only. It keeps the state fresh after a list has reported what was before it. */
  vouch(): void;
  /** The stream has ended, or has sent something unreadable. */
  doubtStream(): void;
  /** The stream has sent something. @param now on the monotonic clock */
  sign(now: number): void;
}

export function createFreshness({
  clock,
  maxAgeMs,
}: {
  readonly clock: Clock;
  readonly maxAgeMs: number;
}): Freshness {
  let vouches = false;
  let vouchedAt = -Infinity;
  let lastList: number | undefined;
  let lastListAt: number | undefined;
  /** Since when nothing is valid, until a list that was sent later has been answered. Monotonic */
  let lostAt: number | undefined;

  const heardAt = () => (lastList === undefined ? undefined : Math.max(lastList, vouchedAt));

  return {
    heardAt,
    until: () => {
      const heard = heardAt();
      if (heard === undefined) return 0;
      return Math.min(heard + maxAgeMs, lostAt ?? Infinity);
    },
    lastListAt: () => lastListAt,
    listed: (sentAt, sentAtWall) => {
      lastList = sentAt;
      lastListAt = sentAtWall;
      if (lostAt === undefined) return 'as-before';
      if (sentAt < lostAt) return 'too-old';
      lostAt = undefined;
      return 'again';
    },
    lose: () => {
      const isNews = lostAt === undefined;
      lostAt ??= clock.monotonic();
      vouches = false;
      return isNews;
    },
    isLost: () => lostAt !== undefined,
    vouches: () => vouches,
    vouch: () => {
      vouches = true;
    },
    doubtStream: () => {
      vouches = false;
    },
    sign: (now) => {
      if (vouches) vouchedAt = now;
    },
  };
}
