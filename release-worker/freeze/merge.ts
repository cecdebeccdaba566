// Merges two states of the freeze: this worker's, and the copy that the broker has retained. Pure. Each cause is decided
// separately.
import { bounded, keyOf, lastTime } from './state.ts';
import type { Cause, FreezeState, Lift } from './state.ts';

/** The time of a change: now, but always later than the change before, even if the clock was set back. */
export function changedAfter({ changedAt }: FreezeState, now: number): number {
  return Math.min(Math.max(now, changedAt === undefined ? 0 : changedAt + 1), lastTime);
}

function latest(...times: readonly (number | undefined)[]): number | undefined {
  const given = times.filter((time) => time !== undefined);
  return given.length === 0 ? undefined : Math.max(...given);
}

const changeOf = ({ changedAt = 0 }: Cause) => changedAt;

/**
 * The more recent of two copies of a cause counts, unless it, or everything, was lifted later. If neither is more recent
 * (both without a time, or with the same time), it stays frozen: a freeze can be lifted, but a release that was let through
 * cannot be taken back.
 */
export function laterOf(own: FreezeState, stored: FreezeState): FreezeState {
  const lifts = new Map<string, Lift>();
  for (const lift of [...stored.lifts, ...own.lifts]) {
    const other = lifts.get(keyOf(lift));
    if (other === undefined || lift.at > other.at) lifts.set(keyOf(lift), lift);
  }
  const allLiftedAt = latest(own.allLiftedAt, stored.allLiftedAt);
  const causes = new Map<string, Cause>();
  for (const cause of [...own.causes, ...stored.causes]) {
    const key = keyOf(cause);
    const other = causes.get(key);
    if (changeOf(cause) < Math.max(lifts.get(key)?.at ?? 0, allLiftedAt ?? 0)) continue;
    if (other === undefined || changeOf(cause) > changeOf(other)) causes.set(key, cause);
  }
  const changedAt = latest(own.changedAt, stored.changedAt);
  return bounded({
    causes: [...causes.values()],
    lifts: [...lifts.values()].filter((lift) => !causes.has(keyOf(lift))),
    ...(allLiftedAt === undefined ? {} : { allLiftedAt }),
    ...(changedAt === undefined ? {} : { changedAt }),
  });
}
