// What is frozen, and by which causes: each has a source, and is of everything or of a single button. Pure.
import type { FreezeRequest, Frozen } from '../../messages/freeze.ts';
import { personSource } from '../../messages/freeze.ts';
import { fromTime, toTime } from '../../messages/time.ts';
import { leftOf, stillHolding } from './ends.ts';
import type { Moment } from './ends.ts';

/** A freeze as it is held here. There is at most one for a source and a button. */
export interface Cause extends Frozen {
  readonly source: string;
  /** absent: every button */
  readonly button?: string;
  /** it holds until then at least: monotonic */
  readonly waitUntil?: number;
  /** When it was last asked for: milliseconds since the epoch. Absent: not known. */
  readonly changedAt?: number;
}

/** What was lifted, or has ended: an older copy of it, on another machine, counts no more. */
export interface Lift {
  readonly source: string;
  readonly button?: string;
  /** milliseconds since the epoch, as `changedAt` */
  readonly at: number;
}

export interface FreezeState {
  readonly causes: readonly Cause[];
  /** the latest; what was lifted before them may come back from another machine's disk, which is the safe side */
  readonly lifts: readonly Lift[];
  /** what was asked for before is lifted, whatever it was */
  readonly allLiftedAt?: number;
  /** When anything was last changed, a lift included: milliseconds since the epoch, growing. Absent: never, or not known. */
  readonly changedAt?: number;
}

/** The last moment that RFC 3339 can name in UTC. */
export const lastTime = Date.parse('9999-12-31T23:59:59.999Z');

export const nothingFrozen: FreezeState = { causes: [], lifts: [] };

/** The source of the freeze after a rollback. */
export const rollbackSource = 'rollback';
/** The source of the freeze where what had been written down cannot be read. */
export const workerSource = 'worker';
/** Only the worker itself freezes as these; anybody may lift them. */
export const workersOwn: readonly string[] = [rollbackSource, workerSource];

/** So many freezes of sources with names of their own are held: a hostile client cannot fill memory or disk. */
export const namedMax = 32;
/** So many are held of what others have stored: one of each of 100 buttons, and some. The message takes 256. */
const causesMax = 160;
const liftsMax = 64;

type Address = Pick<Cause, 'source' | 'button'>;

/** Of ids only, so a space cannot be part of them. */
export function keyOf({ source, button }: Address): string {
  return button === undefined ? source : `${source} ${button}`;
}

/** The freeze that a request to freeze replaces. */
export function formerOf({ causes }: FreezeState, { source = personSource, button }: FreezeRequest) {
  return causes.find((cause) => cause.source === source && cause.button === button);
}

/** How many there are of sources that neither people nor the worker use. */
export function namedCount({ causes }: FreezeState): number {
  return causes.filter(({ source }) => source !== personSource && !workersOwn.includes(source)).length;
}

/**
 * What a request to lift is about. Without a source those of all sources; without a button those of single buttons too.
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
 * @param changedAt the time of the change, later than all before; absent: what holds is not known for certain, so the change
 * counts as one made together with the last that is known
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

/** Notes that these are no more. */
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

/** Without what has ended by now. @param changedAt as of `afterRequest` */
export function stillFrozen(state: FreezeState, moment: Moment, changedAt?: number): FreezeState {
  const causes = stillHolding(state.causes, moment);
  if (causes.length === state.causes.length) return state;
  const gone = state.causes.filter((cause) => !causes.includes(cause));
  return withoutThose({ ...state, causes }, gone, changedAt);
}

/** What is wrong with the end that a request asks for. */
export function unclearEnd({ frozen, until, forSeconds }: FreezeRequest): string | undefined {
  if (until !== undefined && forSeconds !== undefined)
    return 'until and forSeconds are two ends: give one of them';
  if (!frozen && (until !== undefined || forSeconds !== undefined))
    return 'only a freeze has an end (until, forSeconds); what is lifted stays so';
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

/** In JSON a control character is six bytes long: with them, all that may be held would be more than is read again. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cs}]/gu, '\uFFFD');
}

/** The longest first; of those that last as long, the one that is held the longest already. */
export function longestFirst(causes: readonly Cause[]): readonly Cause[] {
  // Read once each: others may have stored thousands.
  return causes
    .map((cause) => ({
      cause,
      end: cause.until === undefined ? Infinity : fromTime(cause.until),
      since: fromTime(cause.at),
    }))
    .sort((a, b) => (a.end === b.end ? a.since - b.since : b.end - a.end))
    .map(({ cause }) => cause);
}

/** No more than are held, those that last longest. */
export function bounded(state: FreezeState): FreezeState {
  const { causes, lifts } = state;
  if (causes.length <= causesMax && lifts.length <= liftsMax) return state;
  return {
    ...state,
    causes: longestFirst(causes).slice(0, causesMax),
    lifts: [...lifts].sort((a, b) => a.at - b.at).slice(-liftsMax),
  };
}

/** What keeps a button from releasing, of everything and its own, the longest first. @param button absent: every button */
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
