// The debouncer of all drivers: raw levels of a button with time stamps in, settled levels out. Pure.
//
// It has two stages. A level is steady when it has held for 3 ms (`spikeMs`) without a break. A steady level counts when it
// has been steady for its settle time. A disturbance is everything that takes the line away from its steady level. It ends
// when the line has been back for 3 ms. A disturbance shorter than 3 ms changes nothing; a longer one restarts the settle
// time. So noise whose levels are all shorter than 3 ms never counts, and spikes do not swallow a press.
//
// A sampling driver sees the level only when it reads. What it cannot see makes the debouncer stricter, never looser: a
// disturbance counts as lasting from the read before it to the read after it, and each disturbance delays the level.

/** How long a level must be steady before it counts, in ms. */
export interface SettleTimes {
  /** For a press, and for the first level after opening. 0: every level counts at once. */
  readonly pressMs: number;
  readonly releaseMs: number;
}

/** All that is known about one button. Times are in monotonic milliseconds. */
export interface DebounceState {
  /** The level that counts. Undefined until the first one has settled. */
  readonly settled: boolean | undefined;
  readonly settledSince: number;
  /** The last level that held for `spikeMs`, and since when, not counting disturbances. */
  readonly steady: boolean | undefined;
  readonly steadySince: number;
  /** The current disturbance of the steady level. */
  readonly disturbance: Disturbance | undefined;
  /** Extra settle time of the steady level, because reads saw it disturbed. */
  readonly delayMs: number;
  readonly raw: boolean | undefined;
  readonly rawSince: number;
  readonly lastAt: number;
  /** Number of levels shorter than the settle time of a press, and the shortest of them in ms. */
  readonly bounces: number;
  readonly shortestPulseMs: number | undefined;
}

interface Disturbance {
  /** The earliest time at which it can have begun. */
  readonly from: number;
  /** A read found it, so it began at some time between two reads. */
  readonly foundByRead: boolean;
}

/**
 * `edge`: the level changed exactly at `at` (a time stamp of the kernel). `sample`: the level was read at `at`. `gap`: an
 * edge as well, but earlier edges were lost, so the level before it is unknown.
 * A sampling driver reports samples only. A driver with edges also reports a sample at `nextAt`, after all edges that
 * happened before it.
 */
export interface LevelEvent {
  readonly kind: 'edge' | 'gap' | 'sample';
  readonly pressed: boolean;
  readonly at: number;
}

export interface Transition {
  readonly pressed: boolean;
  /** When the level began, and when it had held for its settle time. */
  readonly since: number;
  readonly at: number;
  /** The first level after opening. If the button is held then, that is not a press. */
  readonly initial: boolean;
  /** For a release: how long the button was held, from the start of one level to the start of the other. */
  readonly heldMs?: number;
}

export interface DebounceStep {
  readonly state: DebounceState;
  readonly transitions: readonly Transition[];
  /** When to read the level again, because something may be decided then. Absent: the line is at rest. */
  readonly nextAt?: number;
}

export const unsettled: DebounceState = {
  settled: undefined,
  settledSince: 0,
  steady: undefined,
  steadySince: 0,
  disturbance: undefined,
  delayMs: 0,
  raw: undefined,
  rawSince: 0,
  lastAt: Number.NEGATIVE_INFINITY,
  bounces: 0,
  shortestPulseMs: undefined,
};

/** Our choice: longer than spikes of relays, motors and static discharge on a cable, much shorter than a half wave of the mains (10 ms). */
const longestSpikeMs = 3;

/**
 * A read sees one moment, and noise that is faster than the reads may show any level. So each disturbance that a read
 * finds delays the level by this much. Without the delay, endless noise of 5 kHz becomes a press within 1,000 s
 * (`npm run bench -- debounce`); with it, it does not. Our choice.
 */
const foundByReadDelayMs = 5;

const spikeMsOf = ({ pressMs }: SettleTimes) => Math.min(longestSpikeMs, pressMs / 3);

export function debounce(state: DebounceState, event: LevelEvent, times: SettleTimes): DebounceStep {
  const { kind, pressed } = event;
  // An edge older than the last read must not change the past.
  const at = Math.max(event.at, state.lastAt);
  const transitions: Transition[] = [];
  const changed = pressed !== state.raw;
  // An edge to the current level means that another edge was lost. The past is then as unknown as after a gap.
  const lost = kind === 'gap' || (kind === 'edge' && !changed);
  // A level held until the edge that ends it. If a read finds the other level, the level may have ended at any time since the
  // previous read.
  const before = lost || (kind === 'sample' && changed) ? state : holdUntil(state, at, times, transitions);
  const next = lost ? forget(before, event, at, times) : changed ? change(before, event, at, times) : before;
  const after = { ...holdUntil(next, at, times, transitions), lastAt: at };
  const nextAt = nextOf(after, times);
  return { state: after, transitions, ...(nextAt === undefined ? {} : { nextAt }) };
}

/** Since when the line has been leaving the level that counts. Undefined: it is not. A spike may look like this at first. */
export function leavingSince({
  settled,
  steady,
  steadySince,
  raw,
  rawSince,
}: DebounceState): number | undefined {
  if (settled === undefined) return undefined;
  if (steady !== settled) return steadySince;
  return raw === settled ? undefined : rawSince;
}

/** Called when the raw level is known to have held until now. */
function holdUntil(
  state: DebounceState,
  now: number,
  times: SettleTimes,
  transitions: Transition[],
): DebounceState {
  // The same sums as in nextOf, so that rounding does not delay what is due.
  const steadied = now < state.rawSince + spikeMsOf(times) ? state : steady(state, times);
  const { raw, settled, steadySince, disturbance } = steadied;
  if (raw === undefined || raw !== steadied.steady || raw === settled) return steadied;
  const counting = waitOf(steadied, times);
  if (now < steadySince + counting || !isShort(steadied, times)) return steadied;
  transitions.push({
    pressed: raw,
    since: steadySince,
    // The line returned from a spike only after the settle time was over.
    at: Math.max(steadySince + counting, disturbance === undefined ? 0 : steadied.rawSince),
    initial: settled === undefined,
    ...(raw || settled === undefined ? {} : { heldMs: steadySince - steadied.settledSince }),
  });
  return { ...steadied, settled: raw, settledSince: steadySince };
}

/** The raw level has held for `spikeMs`. It is steady now, or steady again after a disturbance. */
function steady(state: DebounceState, times: SettleTimes): DebounceState {
  const { raw, rawSince, disturbance } = state;
  if (raw === state.steady && disturbance === undefined) return state;
  const over = { ...state, steady: raw, disturbance: undefined };
  if (raw !== state.steady || !isShort(state, times)) return { ...over, steadySince: rawSince, delayMs: 0 };
  return { ...over, delayMs: delayOf(state) };
}

/** True if the disturbance was too short to matter. It ended at the latest when the raw level began. */
function isShort({ disturbance, rawSince }: DebounceState, times: SettleTimes): boolean {
  if (disturbance === undefined) return true;
  // Two reads may each catch a spike of 3 ms that seems to begin with one read and end with the other.
  const limit = spikeMsOf(times) * (disturbance.foundByRead ? 2 : 1);
  return rawSince - disturbance.from < limit;
}

function delayOf({ delayMs, disturbance }: DebounceState): number {
  return delayMs + (disturbance?.foundByRead === true ? foundByReadDelayMs : 0);
}

function waitOf(state: DebounceState, { pressMs, releaseMs }: SettleTimes): number {
  return (state.steady === false && state.settled !== undefined ? releaseMs : pressMs) + delayOf(state);
}

function change(
  state: DebounceState,
  { kind, pressed }: LevelEvent,
  at: number,
  times: SettleTimes,
): DebounceState {
  const foundByRead = kind === 'sample';
  const leaves = state.steady !== undefined && pressed !== state.steady;
  const from = foundByRead ? state.lastAt : at;
  return {
    ...state,
    ...counted(state, at, times),
    raw: pressed,
    rawSince: at,
    disturbance: leaves ? (state.disturbance ?? { from, foundByRead }) : state.disturbance,
  };
}

/** The level before now is unknown, so whatever was settling starts again. */
function forget(
  state: DebounceState,
  { pressed }: LevelEvent,
  at: number,
  times: SettleTimes,
): DebounceState {
  return {
    ...state,
    ...(pressed === state.raw ? {} : counted(state, at, times)),
    raw: pressed,
    rawSince: at,
    steady: state.settled,
    steadySince: at,
    disturbance: undefined,
    delayMs: 0,
  };
}

/** Ends the raw level now, and counts it as a bounce if it was short. */
function counted(
  { settled, raw, rawSince, bounces, shortestPulseMs }: DebounceState,
  at: number,
  { pressMs }: SettleTimes,
): Pick<DebounceState, 'bounces' | 'shortestPulseMs'> {
  const lasted = at - rawSince;
  if (settled === undefined || raw === undefined || lasted >= pressMs) return { bounces, shortestPulseMs };
  return { bounces: bounces + 1, shortestPulseMs: Math.min(lasted, shortestPulseMs ?? lasted) };
}

function nextOf(state: DebounceState, times: SettleTimes): number | undefined {
  const { settled, steady, steadySince, raw, rawSince, disturbance } = state;
  if (raw !== steady) return rawSince + spikeMsOf(times);
  if (steady === settled) return undefined;
  const due = steadySince + waitOf(state, times);
  return disturbance === undefined || isShort(state, times) ? due : rawSince + spikeMsOf(times);
}
