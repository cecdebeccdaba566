// How fresh what is known of Argo CD's applications is, by its lists and its stream.
import type { Clock } from '../../service/clock.ts';

export interface Freshness {
  /** on the monotonic clock; when Argo CD last said how its applications are */
  heardAt(): number | undefined;
  /** on the monotonic clock; 0 before anything is known */
  until(): number;
  /** wall clock of the last full list, in milliseconds since the epoch */
  lastListAt(): number | undefined;
  /**
   * A full list has been answered. Returns whether what is known counts: as before, again, or not, because the
   * list is too old: it was sent before all was lost.
   * @param sentAt on the monotonic clock
   * @param sentAtWall in milliseconds since the epoch
   */
  listed(sentAt: number, sentAtWall: number): 'as-before' | 'again' | 'too-old';
  /** Nothing counts any more, until a list that is sent from now on has been answered. Returns whether that is news. */
  lose(): boolean;
  isLost(): boolean;
  /** Whether the stream tells of every change. */
  vouches(): boolean;
  /** A stream tells of changes only. It vouches once a list has told of what was before it. */
  vouch(): void;
  /** The stream has ended, or has sent what cannot be read. */
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
  /** since when nothing is known, until a list that was sent after it has been answered; monotonic */
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
