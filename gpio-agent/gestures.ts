// Turns the settled edges of one button into gestures. Pure. All times are monotonic ms of settled edges, so the debounce
// time cancels out. Without `hold` and `double`, a press is reported at its edge. With `hold`, it is reported at the release,
// or as a hold at `holdMs` while the button is still held. With `double`, a second press that begins within `doubleMs` of
// the first is reported as a double at once. Otherwise the press is reported when `doubleMs` is over.
import type { Gesture } from '../messages/gesture.ts';
import type { Transition } from './debounce.ts';

export interface GestureOptions {
  /** The gestures that the button reports. */
  readonly gestures: readonly Gesture[];
  readonly holdMs: number;
  readonly doubleMs: number;
  /** A button held for longer than this is stuck: it reports no gesture until its release. */
  readonly stuckAfterMs: number;
}

export type GestureState =
  | { readonly phase: 'released' }
  /** Pressed; the gesture is not decided yet. */
  | { readonly phase: 'undecided'; readonly pressedAt: number }
  /** Released after a first press that may become a double. */
  | { readonly phase: 'between'; readonly pressedAt: number; readonly heldMs: number }
  /** Held, and nothing more follows: already reported, or found held at the start. */
  | { readonly phase: 'decided'; readonly pressedAt: number }
  | { readonly phase: 'stuck' };

export interface FiredGesture {
  readonly gesture: Gesture;
  /** When it was decided. Not later than the `now` of the call. */
  readonly at: number;
  /** How long the button was held. Absent if the gesture is reported before that is known. */
  readonly heldMs?: number;
}

export interface GestureStep {
  readonly state: GestureState;
  readonly fired: readonly FiredGesture[];
  /** When to call again if nothing happens before. */
  readonly nextAt?: number;
}

interface Deadline {
  readonly at: number;
  readonly becomes: GestureState;
  readonly fires?: FiredGesture;
}

export const noGesture: GestureState = { phase: 'released' };

/**
 * One step: first everything that fell due until `now`, in order, then the transition, if there is one.
 * @param now not earlier than any edge before it; with a transition, its `at`
 */
export function followGestures(
  state: GestureState,
  event: Transition | undefined,
  now: number,
  options: GestureOptions,
): GestureStep {
  const fired: FiredGesture[] = [];
  const fire = (gesture: FiredGesture | undefined) => {
    if (gesture !== undefined && options.gestures.includes(gesture.gesture)) fired.push(gesture);
  };

  let current = state;
  for (let due = deadlineOf(current, options); due !== undefined && due.at <= now;) {
    fire(due.fires);
    current = due.becomes;
    due = deadlineOf(current, options);
  }
  if (event !== undefined) {
    const edge = event.pressed ? onPress(current, event, options) : onRelease(current, event, options);
    fire(edge.fires);
    current = edge.becomes;
  }
  const next = deadlineOf(current, options);
  return { state: current, fired, ...(next === undefined ? {} : { nextAt: next.at }) };
}

type Outcome = Omit<Deadline, 'at'>;

function onPress(state: GestureState, edge: Transition, options: GestureOptions): Outcome {
  const decided: GestureState = { phase: 'decided', pressedAt: edge.at };
  if (edge.initial) return { becomes: decided };
  if (state.phase === 'between') return { becomes: decided, fires: { gesture: 'double', at: edge.at } };
  if (options.gestures.includes('hold') || options.gestures.includes('double'))
    return { becomes: { phase: 'undecided', pressedAt: edge.at } };
  return { becomes: decided, fires: { gesture: 'press', at: edge.at } };
}

function onRelease(state: GestureState, edge: Transition, options: GestureOptions): Outcome {
  if (state.phase !== 'undecided') return { becomes: noGesture };
  const heldMs = edge.heldMs ?? edge.at - state.pressedAt;
  if (options.gestures.includes('double') && edge.at < state.pressedAt + options.doubleMs)
    return { becomes: { phase: 'between', pressedAt: state.pressedAt, heldMs } };
  return { becomes: noGesture, fires: { gesture: 'press', at: edge.at, heldMs } };
}

function deadlineOf(state: GestureState, options: GestureOptions): Deadline | undefined {
  if (state.phase === 'released' || state.phase === 'stuck') return undefined;
  const { pressedAt } = state;
  if (state.phase === 'between') {
    const at = pressedAt + options.doubleMs;
    return { at, becomes: noGesture, fires: { gesture: 'press', at, heldMs: state.heldMs } };
  }
  const stuck: Deadline = { at: pressedAt + options.stuckAfterMs, becomes: { phase: 'stuck' } };
  if (state.phase === 'decided') return stuck;
  const fires = decisionWhileHeld(pressedAt, options);
  return stuck.at <= fires.at ? stuck : { at: fires.at, becomes: { phase: 'decided', pressedAt }, fires };
}

/** The gesture of an undecided press that is still held: a hold or, without `hold`, a press that was no double. */
function decisionWhileHeld(pressedAt: number, options: GestureOptions): FiredGesture {
  return options.gestures.includes('hold')
    ? { gesture: 'hold', at: pressedAt + options.holdMs, heldMs: options.holdMs }
    : { gesture: 'press', at: pressedAt + options.doubleMs };
}
