// Whether a line is so restless that somebody has to look at its wire. Presses still count then, as far as the debouncer
// can tell them. Raised at once and taken back slowly, so that noise that comes and goes is one fault and not many.

/** Without a calm moment for so long, a line does not settle. Longer than any contact bounces; ours. */
const restlessMs = 3000;

/**
 * More levels a minute that did not last are noise, or a contact that is worn out: a good one makes a handful at each press,
 * which is some hundred a minute for somebody who does nothing else. Ours.
 */
const bouncesAMinute = 600;

/** A minute with fewer than this is quiet again. */
const bouncesAQuietMinute = 60;

const bucketMs = 10_000;
const buckets = 6;

export interface LineNoise {
  /** The level has changed. @param at monotonic ms */
  changed(at: number): void;
  /** So many levels did not last. */
  bounced(count: number, at: number): void;
  /** What is wrong with the line, in words that stay the same as long as it is; undefined: nothing. */
  fault(now: number): string | undefined;
  /** The line was opened anew. */
  forget(): void;
}

/** @param calmMs a line that has not changed for so long is calm */
export function createLineNoise(options: { readonly calmMs: number; readonly line: string }): LineNoise {
  const { calmMs, line } = options;
  const counts = Array.from({ length: buckets }, () => 0);
  let bucket = 0;
  let changedAt = Number.NEGATIVE_INFINITY;
  let restlessSince = Number.NEGATIVE_INFINITY;
  let fault: string | undefined;

  /** Empties the buckets of the time that has passed. */
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
    `${line} ${what}: noise, a floating line, or a worn contact. Presses still count, but some may be missed. Look at its wire and its contact; help: pull: up or a resistor of 4.7 kΩ, a twisted pair, an RC filter at the board (docs/hardware.md, Long cables and noise)`;

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
