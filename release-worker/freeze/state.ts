// What is frozen: everything, or single buttons. Pure. A freeze until a time ends by the wall clock. A freeze for a
// duration ends when both clocks say so: the wall clock of a Raspberry Pi jumps by years once the network has told it
// the time, and the monotonic one starts anew with the process.
import type { FreezeRequest, Frozen } from '../../messages/freeze.ts';
import { fromTime, toLocalTime, toTime } from '../../messages/time.ts';
import { isClockSet } from '../../service/clock.ts';

/** One instant by both clocks, in milliseconds. */
export interface Moment {
  /** since the epoch */
  readonly now: number;
  /** since some moment in the past */
  readonly monotonic: number;
}

/** A freeze as it is held here. */
export interface Held extends Frozen {
  /** it holds until then at least: monotonic */
  readonly waitUntil?: number;
}

export interface FreezeState {
  readonly all?: Held;
  readonly buttons: ReadonlyMap<string, Held>;
  /** When it was last changed, a lift included: milliseconds since the epoch, growing. Absent: never, or not known. */
  readonly changedAt?: number;
}

export const nothingFrozen: FreezeState = { buttons: new Map() };

/** `off` without a button ends every freeze, those of single buttons included. `changedAt` stays as it is. */
export function afterRequest(state: FreezeState, request: FreezeRequest, moment: Moment): FreezeState {
  const { frozen, button } = request;
  const { all: _, buttons: before, ...since } = state;
  if (!frozen && button === undefined) return { ...since, buttons: new Map() };
  const entry = entryOf(request, moment);
  if (button === undefined) return { ...state, all: entry };
  const buttons = new Map(before);
  if (frozen) buttons.set(button, entry);
  else buttons.delete(button);
  return { ...state, buttons };
}

/** What is wrong with the end that a request asks for. */
export function unclearEnd({ frozen, until, forSeconds }: FreezeRequest): string | undefined {
  if (until !== undefined && forSeconds !== undefined)
    return 'until and forSeconds are two ends: give one of them';
  if (!frozen && (until !== undefined || forSeconds !== undefined))
    return 'only a freeze has an end (until, forSeconds); what is lifted stays so';
  return undefined;
}

function entryOf({ reason, until, forSeconds, by }: FreezeRequest, { now, monotonic }: Moment): Held {
  const end = forSeconds === undefined ? until : toTime(now + forSeconds * 1_000);
  return {
    at: toTime(now),
    ...(reason === undefined ? {} : { reason }),
    ...(end === undefined ? {} : { until: end }),
    ...(forSeconds === undefined ? {} : { forSeconds, waitUntil: monotonic + forSeconds * 1_000 }),
    ...(by === undefined ? {} : { by }),
  };
}

/** Without what has ended by now. */
export function stillFrozen({ all, buttons, ...since }: FreezeState, moment: Moment): FreezeState {
  const holds = (entry: Held) => leftOf(entry, moment) > 0;
  return {
    ...since,
    ...(all !== undefined && holds(all) ? { all } : {}),
    buttons: new Map([...buttons].filter(([, entry]) => holds(entry))),
  };
}

/** How long it still holds, in milliseconds: the longer of what the two clocks say. Not above 0: it has ended. */
function leftOf({ until, waitUntil = -Infinity }: Held, { now, monotonic }: Moment): number {
  return until === undefined ? Infinity : Math.max(fromTime(until) - now, waitUntil - monotonic);
}

/** In how many milliseconds the first of it ends, not above 0 where it has; Infinity: never by itself. */
export function firstEndIn({ all, buttons }: FreezeState, moment: Moment): number {
  return Math.min(
    ...[all, ...buttons.values()].map((entry) => (entry === undefined ? Infinity : leftOf(entry, moment))),
  );
}

/**
 * What was read from the disk or the broker. Of a freeze for a duration that began before the clock was set nobody knows
 * how much is left: it begins anew.
 */
export function restored(state: FreezeState, moment: Moment): FreezeState {
  const { now, monotonic } = moment;
  return mapped(state, (entry) => {
    const { at, until, forSeconds } = entry;
    if (until === undefined || forSeconds === undefined) return entry;
    const wholeMs = forSeconds * 1_000;
    if (!isClockSet(fromTime(at)) && isClockSet(now))
      return { ...entry, until: toTime(now + wholeMs), waitUntil: monotonic + wholeMs };
    const leftMs = Math.min(fromTime(until) - now, wholeMs);
    return leftMs > 0 ? { ...entry, waitUntil: monotonic + leftMs } : entry;
  });
}

/** A clock that is adjusted all the time is off by less. In milliseconds. */
const adjustedMs = 5_000;

/** With each `until` at the end that holds, where the wall clock has been put forward; the same object where it has not. */
export function withTrueEnds(state: FreezeState, { now, monotonic }: Moment): FreezeState {
  let isChanged = false;
  const next = mapped(state, (entry) => {
    const { until, waitUntil = -Infinity } = entry;
    const end = now + waitUntil - monotonic;
    if (until === undefined || end <= fromTime(until) + adjustedMs) return entry;
    isChanged = true;
    return { ...entry, until: toTime(end) };
  });
  return isChanged ? next : state;
}

function mapped(state: FreezeState, change: (entry: Held) => Held): FreezeState {
  return {
    ...state,
    ...(state.all === undefined ? {} : { all: change(state.all) }),
    buttons: new Map([...state.buttons].map(([button, entry]) => [button, change(entry)])),
  };
}

/** As others are told. */
export function frozenOf({ waitUntil: _, ...frozen }: Held): Frozen {
  return frozen;
}

/** What stands in the way of a button: the freeze of everything before its own. */
export function freezeOf(state: FreezeState, button: string, moment: Moment): Frozen | undefined {
  const left = stillFrozen(state, moment);
  const held = left.all ?? left.buttons.get(button);
  return held === undefined ? undefined : frozenOf(held);
}

/** `frozen: <reason>, by <who>, until <when>`, the time in the zone of this machine. */
export function inWordsOf({ reason, by, until }: Frozen): string {
  return [
    `frozen${reason === undefined ? '' : `: ${reason}`}`,
    ...(by === undefined ? [] : [`by ${by}`]),
    ...(until === undefined ? [] : [`until ${toLocalTime(fromTime(until))}`]),
  ].join(', ');
}

/** Whether a request to lift has anything to lift. */
export function isAnythingFrozen({ all, buttons }: FreezeState, button: string | undefined): boolean {
  return button === undefined ? all !== undefined || buttons.size > 0 : buttons.has(button);
}

/**
 * What holds after a request for a button, or for all.
 * @param nothingToLift nothing of that was frozen before either
 */
export function inWordsOfRequest(
  { all, buttons }: FreezeState,
  button: string | undefined,
  nothingToLift = false,
): string {
  const whom = button === undefined ? 'all buttons' : `button ${button}`;
  const frozen = button === undefined ? all : buttons.get(button);
  if (frozen !== undefined) return `${inWordsOf(frozen)} (${whom})`;
  if (button === undefined) return nothingToLift ? 'nothing was frozen' : 'nothing is frozen any more';
  if (all !== undefined)
    return `${nothingToLift ? `${whom} had no freeze of its own` : `the freeze of ${whom} has ended`}; all buttons are still ${inWordsOf(all)}`;
  return nothingToLift ? `${whom} was not frozen` : `the freeze of ${whom} has ended`;
}
