// Decides whether a line is so noisy that somebody has to check its wire. Presses that the debouncer recognises still count.
// The fault is raised at once and cleared slowly, so that intermittent noise is one fault instead of many.

/** Our choice: a line without a calm moment for this long does not settle. No contact bounces for so long. */
const restlessMs = 3000;

/**
 * More short levels a minute than this mean noise or a worn contact. A good contact makes a handful at each press, so about
 * a hundred a minute for somebody who does nothing but press. Our choice.
 */
const bouncesAMinute = 600;

/** The line is quiet again after a minute with fewer than this. */
const bouncesAQuietMinute = 60;

const bucketMs = 10_000;
const buckets = 6;

export interface LineNoise {
  /** The level has changed. @param at in monotonic ms */
  changed(at: number): void;
  /** This many levels were too short. */
  bounced(count: number, at: number): void;
  /** The fault of the line, with the same text as long as it lasts. Undefined: none. */
  fault(now: number): string | undefined;
  /** The line was opened again. */
  forget(): void;
}

/** @param calmMs a line without a change for this long is calm */
export function createLineNoise(options: { readonly calmMs: number; readonly line: string }): LineNoise {
  const { calmMs, line } = options;
  const counts = Array.from({ length: buckets }, () => 0);
  let bucket = 0;
  let changedAt = Number.NEGATIVE_INFINITY;
  let restlessSince = Number.NEGATIVE_INFINITY;
  let fault: string | undefined;

  /** Empties the counters for the time that has passed. */
  const roll = (now: number) => {
    const current = Math.floor(now / bucketMs);
    const passed = Math.min(current - bucket, buckets);
    for (let index = 0; index < passed; index += 1) counts[(current - index) % buckets] = 0;
    bucket = Math.max(bucket, current);
  };

  const lastMinute = (now: number) => {
    roll(now);
    return counts.reduce((sum, one) => sum + one, 0);
  };

  const isRestless = (now: number) => now - changedAt < calmMs && changedAt - restlessSince >= restlessMs;

  const words = (what: string) =>
    `${line} ${what}: noise, a floating line, or a worn contact. Presses still count, but some may be missed. Check its wire and its contact. Remedies: pull: up or a resistor of 4.7 kΩ, a twisted pair, an RC filter at the board (docs/hardware-cables.md)`;

  return {
    changed: (at) => {
      if (at - changedAt >= calmMs) restlessSince = at;
      changedAt = at;
    },
    bounced: (more, at) => {
      roll(at);
      const index = bucket % buckets;
      counts[index] = (counts[index] ?? 0) + more;
    },
    fault: (now) => {
      const restless = isRestless(now);
      if (fault === undefined) {
        if (restless) fault = words(`has not settled for ${restlessMs / 1000} s`);
        else if (lastMinute(now) > bouncesAMinute)
          fault = words(`has changed more than ${bouncesAMinute} times within a minute without settling`);
      } else if (!restless && lastMinute(now) < bouncesAQuietMinute) fault = undefined;
      return fault;
    },
    forget: () => {
      counts.fill(0);
      changedAt = Number.NEGATIVE_INFINITY;
      restlessSince = Number.NEGATIVE_INFINITY;
      fault = undefined;
    },
  };
}
