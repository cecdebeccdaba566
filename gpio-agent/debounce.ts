// Settle, then read: raw levels of a button with time stamps in, settled levels out. Pure; the only debouncer for all drivers.
// A level counts only after it has held for `debounceMs`, on both edges, and nothing is locked out in between:
// a spike shorter than `debounceMs` never counts, a level longer than that always does.

/** What is known about one button. Times are monotonic milliseconds. */
export interface DebounceState {
  /** The level that counts; undefined until the first one has settled. */
  readonly settled: boolean | undefined;
  readonly settledSince: number;
  readonly raw: boolean | undefined;
  readonly rawSince: number;
  readonly lastAt: number;
  /** Levels that did not last for the debounce time, and the shortest of them in ms. */
  readonly bounces: number;
  readonly shortestPulseMs: number | undefined;
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
  /** When to read the level again, because it will have held long enough. */
  readonly nextAt?: number;
}

export const unsettled: DebounceState = {
  settled: undefined,
  settledSince: 0,
  raw: undefined,
  rawSince: 0,
  lastAt: Number.NEGATIVE_INFINITY,
  bounces: 0,
  shortestPulseMs: undefined,
};

/** @param debounceMs 0 or more; 0 lets every level count at once */
export function debounce(state: DebounceState, event: LevelEvent, debounceMs: number): DebounceStep {
  // An edge that is older than what was already read must not rewrite the past.
  const at = Math.max(event.at, state.lastAt);
  const transitions: Transition[] = [];
  const settle = (before: DebounceState): DebounceState => {
    if (before.raw === undefined || before.raw === before.settled) return before;
    if (at - before.rawSince < debounceMs) return before;
    transitions.push({
      pressed: before.raw,
      since: before.rawSince,
      at: before.rawSince + debounceMs,
      initial: before.settled === undefined,
      ...(before.raw || before.settled === undefined
        ? {}
        : { heldMs: before.rawSince - before.settledSince }),
    });
    return { ...before, settled: before.raw, settledSince: before.rawSince };
  };

  // Until an edge to the other level, the level before it is known to have held; an edge to the same one means that
  // another was missed. Until a sample that reads otherwise it is not:
  // the level may have changed at any time since the sample before.
  const changed = event.pressed !== state.raw;
  const held = event.kind === 'edge' ? changed : event.kind === 'sample' && !changed;
  const before = held ? settle(state) : state;
  const restarts = event.kind !== 'sample' || changed;
  const after = settle({
    ...(restarts ? restart(before, event.pressed, at, debounceMs) : before),
    lastAt: at,
  });
  return {
    state: after,
    transitions,
    ...(after.raw === after.settled ? {} : { nextAt: after.rawSince + debounceMs }),
  };
}

function restart(state: DebounceState, pressed: boolean, at: number, debounceMs: number): DebounceState {
  const lasted = at - state.rawSince;
  const bounced = state.settled !== undefined && pressed !== state.raw && lasted < debounceMs;
  return {
    ...state,
    raw: pressed,
    rawSince: at,
    bounces: state.bounces + (bounced ? 1 : 0),
    shortestPulseMs: bounced ? Math.min(lasted, state.shortestPulseMs ?? lasted) : state.shortestPulseMs,
  };
}
