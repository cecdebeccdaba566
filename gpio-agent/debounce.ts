// Settle, then read: raw levels of a button with time stamps in, settled levels out. Pure; the only debouncer for all drivers.
//
// Two stages. A level is steady once it has held for 3 ms (`spikeMs`) without a break. A steady level counts once it has
// been steady for its settle time. Whatever takes the line away from its steady level is a disturbance; it ends when the
// line has been back for 3 ms. A disturbance shorter than 3 ms changes nothing, a longer one restarts the wait. So noise
// whose levels are all shorter than 3 ms never counts, at any rate, and spikes of noise do not swallow a press.
//
// A driver that samples sees levels only when it looks. What it cannot see makes it stricter, never looser: how long a
// disturbance may have lasted is counted from the look before it to the look after it, and each one delays the level.

/** How long a level must be steady before it counts, in ms. */
export interface SettleTimes {
  /** Of a press, and of the first level after opening; 0 lets every level count at once. */
  readonly pressMs: number;
  readonly releaseMs: number;
}

/** What is known about one button. Times are monotonic milliseconds. */
export interface DebounceState {
  /** The level that counts; undefined until the first one has settled. */
  readonly settled: boolean | undefined;
  readonly settledSince: number;
  /** The last level that held for `spikeMs`, and since when, disturbances left out. */
  readonly steady: boolean | undefined;
  readonly steadySince: number;
  /** The disturbance of the steady level that is not over yet. */
  readonly disturbance: Disturbance | undefined;
  /** By how much later the steady level counts, because looks saw it disturbed. */
  readonly delayMs: number;
  readonly raw: boolean | undefined;
  readonly rawSince: number;
  readonly lastAt: number;
  /** Levels that did not last for the settle time of a press, and the shortest of them in ms. */
  readonly bounces: number;
  readonly shortestPulseMs: number | undefined;
}

interface Disturbance {
  /** It began at this moment at the earliest. */
  readonly from: number;
  /** A look found it, so that it began at some moment between two looks. */
  readonly looked: boolean;
}

/**
 * `edge`: the level changed exactly at `at` (a kernel time stamp). `sample`: the level was read at `at`. `gap`: an edge
 * too, but others before it were lost, so that nobody knows what the level was until then.
 * A driver that samples gives samples only. A driver with edges also gives a sample when `nextAt` has come,
 * after all edges that happened before it.
 */
export interface LevelEvent {
  readonly kind: 'edge' | 'gap' | 'sample';
  readonly pressed: boolean;
  readonly at: number;
}

export interface Transition {
  readonly pressed: boolean;
  /** When the level began, and when it had held long enough to count. */
  readonly since: number;
  readonly at: number;
  /** The first level found after opening: a button found held is not a press. */
  readonly initial: boolean;
  /** Of a release: how long the button was held, from level to level. */
  readonly heldMs?: number;
}

export interface DebounceStep {
  readonly state: DebounceState;
  readonly transitions: readonly Transition[];
  /** When to read the level again, because something may be decided then; absent: the line is at rest. */
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

/** Longer than the spikes that relays, motors and static discharge leave on a cable, far shorter than a half wave of the mains (10 ms); ours. */
const longestSpikeMs = 3;

/**
 * A look shows a moment, and noise that is faster than the looks may show any level at each of them. A disturbance that
 * looks have found therefore delays the level by this much. Without it, noise of 5 kHz without end becomes a press within
 * 1,000 s (npm run bench -- debounce); with it, it does not. Ours.
 */
const lookedDelayMs = 5;

const spikeMsOf = ({ pressMs }: SettleTimes) => Math.min(longestSpikeMs, pressMs / 3);

export function debounce(state: DebounceState, event: LevelEvent, times: SettleTimes): DebounceStep {
  const { kind, pressed } = event;
  // An edge that is older than what was already read must not rewrite the past.
  const at = Math.max(event.at, state.lastAt);
  const transitions: Transition[] = [];
  const changed = pressed !== state.raw;
  // An edge to the level that is there already means that another edge was missed: as little is known as after a gap.
  const lost = kind === 'gap' || (kind === 'edge' && !changed);
  // A level has held until the edge that ends it. A look that finds the other one proves nothing of the time since the
  // look before.
  const before = lost || (kind === 'sample' && changed) ? state : holdUntil(state, at, times, transitions);
  const next = lost ? forget(before, event, at, times) : changed ? change(before, event, at, times) : before;
  const after = { ...holdUntil(next, at, times, transitions), lastAt: at };
  const nextAt = nextOf(after, times);
  return { state: after, transitions, ...(nextAt === undefined ? {} : { nextAt }) };
}

/** Since when the line has been leaving the level that counts; undefined: it is not. A spike may look so at first. */
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

/** The raw level is known to have held until now. */
function holdUntil(
  state: DebounceState,
  now: number,
  times: SettleTimes,
  transitions: Transition[],
): DebounceState {
  // The same sums as in nextOf, so that what is due then is due in spite of rounding.
  const steadied = now < state.rawSince + spikeMsOf(times) ? state : steady(state, times);
  const { raw, settled, steadySince, disturbance } = steadied;
  if (raw === undefined || raw !== steadied.steady || raw === settled) return steadied;
  const counting = waitOf(steadied, times);
  if (now < steadySince + counting || !isShort(steadied, times)) return steadied;
  transitions.push({
    pressed: raw,
    since: steadySince,
    // Back from a spike only after the time was over.
    at: Math.max(steadySince + counting, disturbance === undefined ? 0 : steadied.rawSince),
    initial: settled === undefined,
    ...(raw || settled === undefined ? {} : { heldMs: steadySince - steadied.settledSince }),
  });
  return { ...steadied, settled: raw, settledSince: steadySince };
}

/** The raw level has held for `spikeMs`: it is steady, or steady again after a disturbance. */
function steady(state: DebounceState, times: SettleTimes): DebounceState {
  const { raw, rawSince, disturbance } = state;
  if (raw === state.steady && disturbance === undefined) return state;
  const over = { ...state, steady: raw, disturbance: undefined };
  if (raw !== state.steady || !isShort(state, times)) return { ...over, steadySince: rawSince, delayMs: 0 };
  return { ...over, delayMs: delayOf(state) };
}

/** Whether the disturbance, which ended at the latest when the raw level began, was so short that it changes nothing. */
function isShort({ disturbance, rawSince }: DebounceState, times: SettleTimes): boolean {
  if (disturbance === undefined) return true;
  // Between two looks each a spike of 3 ms may seem to have begun with the one and ended with the other.
  const limit = spikeMsOf(times) * (disturbance.looked ? 2 : 1);
  return rawSince - disturbance.from < limit;
}

function delayOf({ delayMs, disturbance }: DebounceState): number {
  return delayMs + (disturbance?.looked === true ? lookedDelayMs : 0);
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
  const looked = kind === 'sample';
  const leaves = state.steady !== undefined && pressed !== state.steady;
  const from = looked ? state.lastAt : at;
  return {
    ...state,
    ...counted(state, at, times),
    raw: pressed,
    rawSince: at,
    disturbance: leaves ? (state.disturbance ?? { from, looked }) : state.disturbance,
  };
}

/** Nobody knows what the level was until now: whatever was settling begins anew. */
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

/** A level that ends now, as a bounce if it did not last. */
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
