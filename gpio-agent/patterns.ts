// Light patterns by name, the pattern of each signal, and the level of a pattern at a given time. Pure.
import type { Signal } from '../messages/button.ts';
import type { PatternName, PatternSteps } from '../messages/pattern.ts';

export type Pattern = PatternName | PatternSteps;

export interface LevelNow {
  readonly on: boolean;
  /** When the level changes next, counted from the same start as the time of the call. Absent: never. */
  readonly nextAt?: number;
}

/** The table of signals and lights in the docs. */
export const patternOfSignal = {
  unknown: 'heartbeat',
  releasing: 'pulse',
  failed: 'sos',
  succeeded: 'two-flashes',
  blocked: 'blip',
  drifted: 'on',
  clear: 'off',
} as const satisfies Record<Signal, PatternName>;

/** The unit of Morse code (the length of a dot) in `sos`, in ms. */
const sosUnitMs = 150;

const named: Record<PatternName, PatternSteps> = {
  off: blink(true, [0, 1000]),
  on: blink(true, [1000, 0]),
  'fast-blink': blink(true, [100, 100]),
  pulse: blink(true, [700, 300]),
  'two-flashes': blink(false, [500, 300], [500, 300]),
  // International Morse (ITU-R M.1677): a dash is three units; one unit between elements, three between letters, seven at the end.
  sos: blink(
    true,
    ...([1, 1, 1, 1, 1, 3, 3, 1, 3, 1, 3, 3, 1, 1, 1, 1, 1, 7] as const).flatMap((units, index, all) =>
      index % 2 === 0 ? [[units * sosUnitMs, (all[index + 1] ?? 0) * sosUnitMs] as const] : [],
    ),
  ),
  blip: blink(true, [50, 2950]),
  heartbeat: blink(true, [80, 120], [80, 1720]),
  'double-blink': blink(true, [100, 150], [100, 3650]),
  'triple-blink': blink(true, [100, 150], [100, 150], [100, 3400]),
};

/** @param pairs ms on, ms off */
function blink(repeat: boolean, ...pairs: readonly (readonly [number, number])[]): PatternSteps {
  const steps = pairs.flatMap(([onMs, offMs]) => [
    { on: true, ms: onMs },
    { on: false, ms: offMs },
  ]);
  return { steps: steps.filter((step) => step.ms > 0), repeat };
}

function stepsOf(pattern: Pattern): PatternSteps {
  return typeof pattern === 'string' ? named[pattern] : pattern;
}

/**
 * The level of a pattern `sinceMs` after its start. A pattern that does not repeat is off at its end.
 * @param sinceMs 0 or more; `nextAt` counts from the same start
 */
export function levelAt(pattern: Pattern, sinceMs: number): LevelNow {
  const { steps, repeat } = stepsOf(pattern);
  const lengthMs = steps.reduce((sum, step) => sum + step.ms, 0);
  const round = repeat ? Math.floor(sinceMs / lengthMs) : 0;
  // A second round, or darkness, so that the search finds the change after the last step too.
  const line = repeat ? [...steps, ...steps] : [...steps, { on: false, ms: Number.POSITIVE_INFINITY }];

  let endsAt = round * lengthMs;
  let on: boolean | undefined;
  for (const step of line) {
    if (on !== undefined && step.on !== on) return { on, nextAt: endsAt };
    endsAt += step.ms;
    if (sinceMs < endsAt) on = step.on;
  }
  return { on: on ?? false };
}
