// Which sync windows keep what is out of sync from being released, by button.
import type { Access } from './access.ts';
import type { ClosedWindows } from './signal.ts';

/** Of more applications than these the windows are looked through once a second, and not at each change. */
const walkedAtOnce = 500;
const walkEveryMs = 1_000;

interface Walked extends ClosedWindows {
  /** monotonic milliseconds: nobody needs to look again before; Infinity: until something has changed */
  readonly lookAgainAt: number;
}

/** Returns what looks through the windows of a button. @param now monotonic milliseconds */
export function createClosedWindows(options: {
  /** the keys of what the button selects and is out of sync */
  readonly drifted: (button: string) => Iterable<string>;
  readonly access: Pick<Access, 'known'>;
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
 * When the first of what a window keeps from being released may be, and what is written down about that window; nothing
 * where one is closed for nobody knows how long.
 */
function closedWindows(keys: Iterable<string>, access: Pick<Access, 'known'>): ClosedWindows {
  let until: number | undefined;
  let description: string | undefined;
  for (const key of keys) {
    const known = access.known(key);
    if (known?.windowOpen !== false) continue;
    description ??= known.windowDescription;
    if (known.windowUntil === undefined || known.windowUntil >= (until ?? Infinity)) continue;
    until = known.windowUntil;
    description = known.windowDescription ?? description;
  }
  return { until, description };
}
