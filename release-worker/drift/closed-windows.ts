// The sync windows that block what is out of sync, by button.
import type { Access } from './access.ts';
import type { ClosedWindows } from './signal.ts';

/** With more applications than this, the windows are checked once a second instead of on each change. */
const walkedAtOnce = 500;
const walkEveryMs = 1_000;

interface Walked extends ClosedWindows {
  /** The next time to check, in monotonic milliseconds. Infinity: after the next change */
  readonly lookAgainAt: number;
}

/** Returns a function that checks the windows of a button. @param now in monotonic milliseconds */
export function createClosedWindows(options: {
  /** Keys of the applications that the button selects and that are out of sync */
  readonly drifted: (button: string) => Iterable<string>;
  readonly access: Pick<Access, 'stateOf'>;
}): (button: string, outOfSync: number, now: number) => Walked {
  const walked = new Map<string, Walked>();

  return (button, outOfSync, now) => {
    const before = walked.get(button);
    if (before !== undefined && now < before.lookAgainAt) return before;
    const windows = closedWindows(options.drifted(button), options.access);
    if (outOfSync <= walkedAtOnce) {
      walked.delete(button);
      return { ...windows, lookAgainAt: Infinity };
    }
    const next = { ...windows, lookAgainAt: now + walkEveryMs };
    walked.set(button, next);
    return next;
  };
}

/**
 * When the first blocked application will be free, and the description of its window. Nothing if a window is closed for an
 * unknown time.
 */
function closedWindows(keys: Iterable<string>, access: Pick<Access, 'stateOf'>): ClosedWindows {
  let until: number | undefined;
  let description: string | undefined;
  for (const key of keys) {
    const state = access.stateOf(key);
    if (state?.windowOpen !== false) continue;
    description ??= state.windowDescription;
    if (state.windowUntil === undefined || state.windowUntil >= (until ?? Infinity)) continue;
    until = state.windowUntil;
    description = state.windowDescription ?? description;
  }
  return { until, description };
}
