// Which freeze holds: what this worker knows, or the copy that the broker has stored. Pure.
import type { FreezeState } from './state.ts';

/** The last moment that RFC 3339 can name. */
const lastTime = Date.parse('9999-12-31T23:59:59.999Z');

/** The time of a change: now, and later than the change before also where the clock has been put back. */
export function changedAfter({ changedAt }: FreezeState, now: number): number {
  return Math.min(Math.max(now, changedAt === undefined ? 0 : changedAt + 1), lastTime);
}

/**
 * The later change holds. Where neither is later (both of an older version, or changed at the same moment), what either
 * of them freezes is frozen: that can be lifted, while a release that was let through cannot be taken back.
 */
export function laterOf(known: FreezeState, stored: FreezeState): FreezeState {
  const [ours, theirs] = [known.changedAt ?? 0, stored.changedAt ?? 0];
  if (ours !== theirs) return ours > theirs ? known : stored;
  const all = known.all ?? stored.all;
  return {
    ...known,
    ...(all === undefined ? {} : { all }),
    buttons: new Map([...stored.buttons, ...known.buttons]),
  };
}

/**
 * The copy is that of a worker with another id on the same prefix, which knows nothing of our buttons. Its later freeze
 * of everything holds here too, since the request was for all workers; it lifts nothing.
 */
export function withOthers(known: FreezeState, stored: FreezeState): FreezeState {
  if (stored.all === undefined || known.all !== undefined) return known;
  return (stored.changedAt ?? 0) > (known.changedAt ?? 0) ? { ...known, all: stored.all } : known;
}
