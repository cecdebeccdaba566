// What is frozen: everything, or single buttons. Pure; times are RFC 3339, `now` in milliseconds since the epoch.
import type { FreezeRequest, Frozen } from '../../messages/freeze.ts';
import { fromTime, toTime } from '../../messages/time.ts';

export interface FreezeState {
  readonly all?: Frozen;
  readonly buttons: ReadonlyMap<string, Frozen>;
  /** When it was last changed, a lift included: milliseconds since the epoch, growing. Absent: never, or not known. */
  readonly changedAt?: number;
}

export const nothingFrozen: FreezeState = { buttons: new Map() };

/** `off` without a button ends every freeze, those of single buttons included. `changedAt` stays as it is. */
export function afterRequest(state: FreezeState, request: FreezeRequest, now: number): FreezeState {
  const { frozen, button, reason, until, by } = request;
  const { all: _, buttons: before, ...since } = state;
  if (!frozen && button === undefined) return { ...since, buttons: new Map() };
  const entry: Frozen = {
    at: toTime(now),
    ...(reason === undefined ? {} : { reason }),
    ...(until === undefined ? {} : { until }),
    ...(by === undefined ? {} : { by }),
  };
  if (button === undefined) return { ...state, all: entry };
  const buttons = new Map(before);
  if (frozen) buttons.set(button, entry);
  else buttons.delete(button);
  return { ...state, buttons };
}

/** Without what has ended by now. */
export function stillFrozen({ all, buttons, ...since }: FreezeState, now: number): FreezeState {
  const holds = ({ until }: Frozen) => until === undefined || fromTime(until) > now;
  return {
    ...since,
    ...(all !== undefined && holds(all) ? { all } : {}),
    buttons: new Map([...buttons].filter(([, entry]) => holds(entry))),
  };
}

/** When the first of it ends, or has ended; Infinity: never by itself. */
export function firstEndOf({ all, buttons }: FreezeState): number {
  const ends = [all, ...buttons.values()].map((entry) =>
    entry?.until === undefined ? Infinity : fromTime(entry.until),
  );
  return Math.min(...ends);
}

/** What stands in the way of a button: the freeze of everything before its own. */
export function freezeOf(state: FreezeState, button: string, now: number): Frozen | undefined {
  const left = stillFrozen(state, now);
  return left.all ?? left.buttons.get(button);
}

/** `frozen: <reason>, by <who>, until <when>` */
export function inWordsOf({ reason, by, until }: Frozen): string {
  return [
    `frozen${reason === undefined ? '' : `: ${reason}`}`,
    ...(by === undefined ? [] : [`by ${by}`]),
    ...(until === undefined ? [] : [`until ${until}`]),
  ].join(', ');
}

/** What holds after a request for a button, or for all. */
export function inWordsOfRequest({ all, buttons }: FreezeState, button: string | undefined): string {
  const whom = button === undefined ? 'all buttons' : `button ${button}`;
  const frozen = button === undefined ? all : buttons.get(button);
  if (frozen !== undefined) return `${inWordsOf(frozen)} (${whom})`;
  return all === undefined
    ? `no longer frozen: ${whom}`
    : `no longer frozen by itself: ${whom}; all buttons are still ${inWordsOf(all)}`;
}
