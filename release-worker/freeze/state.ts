// What is frozen, and by which causes. A cause has a source, and applies to all buttons or to one. Pure.
import type { FreezeRequest, Frozen } from '../../messages/freeze.ts';
import { personSource } from '../../messages/freeze.ts';
import { fromTime, toTime } from '../../messages/time.ts';
import { leftOf, stillHolding } from './ends.ts';
import type { Moment } from './ends.ts';

/** A freeze. There is at most one for each source and button. */
export interface Cause extends Frozen {
  readonly source: string;
  /** absent: every button */
  readonly button?: string;
  /** earliest end, on the monotonic clock in milliseconds */
  readonly waitUntil?: number;
  /** When it was last requested, in milliseconds since the epoch. Absent: not known. */
  readonly changedAt?: number;
}

/** A freeze that was lifted or has ended. Older copies of it, for example on another machine's disk, no longer count. */
export interface Lift {
  readonly source: string;
  readonly button?: string;
  /** milliseconds since the epoch, as `changedAt` */
  readonly at: number;
}

export interface FreezeState {
  readonly causes: readonly Cause[];
  /** the latest ones; earlier lifted freezes may come back from another machine's disk, which is the safe side */
  readonly lifts: readonly Lift[];
  /** every freeze that was requested before this time is lifted */
  readonly allLiftedAt?: number;
  /** The last change, lifts included, in milliseconds since the epoch. It only grows. Absent: none, or not known. */
  readonly changedAt?: number;
}

/** The last time that RFC 3339 can express in UTC. */
export const lastTime = Date.parse('9999-12-31T23:59:59.999Z');

export const nothingFrozen: FreezeState = { causes: [], lifts: [] };

/** The source of the freeze after a rollback. */
export const rollbackSource = 'rollback';
/** The source of the freeze that begins when the stored state cannot be read. */
export const workerSource = 'worker';
/** Only the worker itself may freeze with these sources. Anybody may lift them. */
export const workersOwn: readonly string[] = [rollbackSource, workerSource];

/** Highest number of freezes with sources of their own, so that a hostile client cannot fill memory or disk. */
export const namedMax = 32;
/** Highest number of freezes taken from stored state: one for each of 100 buttons, and some more. A message may have 256. */
const causesMax = 160;
const liftsMax = 64;

type Address = Pick<Cause, 'source' | 'button'>;

/** Both are ids, and ids contain no spaces. */
export function keyOf({ source, button }: Address): string {
  return button === undefined ? source : `${source} ${button}`;
}

/** The freeze that a request replaces. */
export function formerOf({ causes }: FreezeState, { source = personSource, button }: FreezeRequest) {
  return causes.find((cause) => cause.source === source && cause.button === button);
}

/** Number of freezes whose sources are neither people nor the worker. */
export function namedCount({ causes }: FreezeState): number {
  return causes.filter(({ source }) => source !== personSource && !workersOwn.includes(source)).length;
}

/**
 * Whether a request lifts this cause. A request without a source lifts all sources. One without a button also lifts the
 * freezes of single buttons.
 */
function isMeant({ source, button }: FreezeRequest, cause: Cause): boolean {
  return (
    (source === undefined || cause.source === source) && (button === undefined || cause.button === button)
  );
}

export function meantBy({ causes }: FreezeState, request: FreezeRequest): readonly Cause[] {
  return causes.filter((cause) => isMeant(request, cause));
}

/**
 * @param changedAt the time of the change, later than all before; absent: the state is not current, so the change counts
 * as one made together with the last known change
 */
export function afterRequest(
  state: FreezeState,
  request: FreezeRequest,
  moment: Moment,
  changedAt?: number,
): FreezeState {
  const { source = personSource, button } = request;
  if (request.frozen) {
    const cause = causeOf({ ...request, source }, moment, changedAt ?? state.changedAt);
    const isOther = (other: Address) => keyOf(other) !== keyOf(cause);
    return {
      ...state,
      causes: [...state.causes.filter(isOther), cause],
      lifts: state.lifts.filter(isOther),
      ...(changedAt === undefined ? {} : { changedAt }),
    };
  }
  const left = state.causes.filter((cause) => !isMeant(request, cause));
  if (request.source === undefined && button === undefined)
    return changedAt === undefined
      ? { ...state, causes: left }
      : { causes: left, lifts: [], allLiftedAt: changedAt, changedAt };
  return withoutThose({ ...state, causes: left }, meantBy(state, request), changedAt);
}

/** Records that these freezes have been lifted or have ended. */
function withoutThose(state: FreezeState, gone: readonly Address[], changedAt?: number): FreezeState {
  if (changedAt === undefined) return state;
  const keys = new Set(gone.map(keyOf));
  const lifts = [
    ...state.lifts.filter((lift) => !keys.has(keyOf(lift))),
    ...gone.map(({ source, button }) => ({
      source,
      ...(button === undefined ? {} : { button }),
      at: changedAt,
    })),
  ];
  return { ...state, lifts: lifts.slice(-liftsMax), changedAt };
}

/** Removes the freezes that have ended. @param changedAt as for `afterRequest` */
export function stillFrozen(state: FreezeState, moment: Moment, changedAt?: number): FreezeState {
  const causes = stillHolding(state.causes, moment);
  if (causes.length === state.causes.length) return state;
  const gone = state.causes.filter((cause) => !causes.includes(cause));
  return withoutThose({ ...state, causes }, gone, changedAt);
}

/** What is wrong with the end in a request, in words; undefined: nothing. */
export function unclearEnd({ frozen, until, forSeconds }: FreezeRequest): string | undefined {
  if (until !== undefined && forSeconds !== undefined)
    return 'until and forSeconds both set an end: give only one of them';
  if (!frozen && (until !== undefined || forSeconds !== undefined))
    return 'only a freeze can have an end (until, forSeconds): leave it out to unfreeze';
  return undefined;
}

function causeOf(
  { source, button, reason, until, forSeconds, by }: FreezeRequest & { readonly source: string },
  { now, monotonic }: Moment,
  changedAt: number | undefined,
): Cause {
  const end = forSeconds === undefined ? until : toTime(now + forSeconds * 1_000);
  return {
    source,
    ...(button === undefined ? {} : { button }),
    at: toTime(now),
    ...(reason === undefined ? {} : { reason: printable(reason) }),
    ...(end === undefined ? {} : { until: end }),
    ...(forSeconds === undefined ? {} : { forSeconds, waitUntil: monotonic + forSeconds * 1_000 }),
    ...(by === undefined ? {} : { by: printable(by) }),
    ...(changedAt === undefined ? {} : { changedAt }),
  };
}

/** JSON escapes a control character in six bytes. With them, the largest state would be too long to be read again. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cs}]/gu, '\uFFFD');
}

/** The longest first. If two have the same end, the older one first. */
export function longestFirst(causes: readonly Cause[]): readonly Cause[] {
  // Each time is parsed once, because stored state may contain thousands.
  return causes
    .map((cause) => ({
      cause,
      end: cause.until === undefined ? Infinity : fromTime(cause.until),
      since: fromTime(cause.at),
    }))
    .sort((a, b) => (a.end === b.end ? a.since - b.since : b.end - a.end))
    .map(({ cause }) => cause);
}

/** Drops what exceeds the limits, the shortest freezes and the oldest lifts first. */
export function bounded(state: FreezeState): FreezeState {
  const { causes, lifts } = state;
  if (causes.length <= causesMax && lifts.length <= liftsMax) return state;
  return {
    ...state,
    causes: longestFirst(causes).slice(0, causesMax),
    lifts: [...lifts].sort((a, b) => a.at - b.at).slice(-liftsMax),
  };
}

/** The freezes that stop a button from releasing, the longest first. @param button absent: all buttons */
export function holdingBack(
  { causes }: FreezeState,
  button: string | undefined,
  moment: Moment,
): readonly Cause[] {
  return longestFirst(
    causes.filter(
      (cause) => (cause.button === undefined || cause.button === button) && leftOf(cause, moment) > 0,
    ),
  );
}
