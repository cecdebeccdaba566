// What the agent may have missed: times without reads of sampled pins, the sleep of the machine, and edges that the kernel
// dropped. A missed press leaves no other trace.
import type { AgentInfo } from '../messages/agent.ts';
import type { Clock } from '../service/clock.ts';
import type { Log } from '../service/log.ts';

/** Totals of the last hour. */
export type LastHour = NonNullable<AgentInfo['unseen']>;

export interface Unseen {
  /** Notes a gap between two reads of the pins, which has just ended. */
  gap(ms: number): void;
  lostEdges(count: number): void;
  /**
   * Measures how long the machine has slept since the last call. No driver sees a press during sleep.
   * @returns its length in ms; 0: none
   */
  slept(): number;
  lastHour(): LastHour;
}

/** Our choice: a short tap of a finger, about 80 ms, is longer than the default of `debounceMs` by this. */
const spareMs = 50;

/** A gap between two reads from this length on may hide a short tap, in ms: 45 with the default of `sampleMs`. */
export function blindAfterMs(sampleMs: number): number {
  return Math.max(spareMs - sampleMs, 2 * sampleMs);
}

const bucketMs = 5 * 60_000;
const buckets = 12;
const logEveryMs = 60_000;

/** The system may report its uptime in whole seconds. */
const sleepMs = 2_000;

const nothing: LastHour = { gaps: 0, gapMs: 0, longestGapMs: 0, lostEdges: 0 };

function sum(one: LastHour, other: LastHour): LastHour {
  return {
    gaps: one.gaps + other.gaps,
    gapMs: one.gapMs + other.gapMs,
    longestGapMs: Math.max(one.longestGapMs, other.longestGapMs),
    lostEdges: one.lostEdges + other.lostEdges,
  };
}

export function createUnseen(options: {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Pick<Log, 'warn'>;
  readonly sampleMs: number;
  /** Time since the boot of the machine. It includes sleep, which the monotonic clock leaves out. */
  readonly uptimeMs: () => number;
}): Unseen {
  const { clock, log, sampleMs, uptimeMs } = options;
  const asleepMs = () => uptimeMs() - clock.monotonic();
  let asleep = asleepMs();
  /** Keyed by the number of each period of five minutes. */
  const counts = new Map<number, LastHour>();
  let unlogged = nothing;
  let loggedAt = Number.NEGATIVE_INFINITY;

  const add = (more: Partial<LastHour>) => {
    const current = Math.floor(clock.monotonic() / bucketMs);
    for (const bucket of counts.keys()) if (bucket <= current - buckets) counts.delete(bucket);
    if (Object.keys(more).length > 0)
      counts.set(current, sum(counts.get(current) ?? nothing, { ...nothing, ...more }));
  };

  return {
    gap: (ms) => {
      const more = { gaps: 1, gapMs: Math.round(ms), longestGapMs: Math.round(ms) };
      add(more);
      unlogged = sum(unlogged, { ...nothing, ...more });
      const now = clock.monotonic();
      if (now - loggedAt < logEveryMs) return;
      const { gaps, gapMs, longestGapMs } = unlogged;
      unlogged = nothing;
      loggedAt = now;
      log.warn(
        { gaps, gapMs, longestGapMs },
        `the agent did not read its pins for ${gapMs} ms${gaps === 1 ? '' : ` (${gaps} times, ${longestGapMs} ms at most)`}, though it should every ${sampleMs} ms (agent.sampleMs): it was paused or got no processor time. A press in that time may be lost. Check the load of the machine; see docs/hardware-troubleshooting.md, When presses get lost`,
      );
    },
    lostEdges: (count) => add({ lostEdges: count }),
    slept: () => {
      const before = asleep;
      asleep = asleepMs();
      const ms = Math.round(asleep - before);
      if (ms < sleepMs) return 0;
      add({ gaps: 1, gapMs: ms, longestGapMs: ms });
      log.warn(
        { sleptMs: ms },
        `this machine slept for ${Math.round(ms / 1000)} s, and a press in that time is lost. Keep it from sleeping: sudo systemctl mask sleep.target suspend.target`,
      );
      return ms;
    },
    lastHour: () => {
      add({});
      return [...counts.values()].reduce(sum, nothing);
    },
  };
}
