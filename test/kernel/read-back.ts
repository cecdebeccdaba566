// Compares what the pin of a LED has shown with the pattern that it should show. Times are in ms.
import type { PatternName } from '../../messages/pattern.ts';
import { levelAt } from '../../gpio-agent/patterns.ts';

/** The level became `lit` between `before` and `after`. */
export interface Change {
  readonly lit: boolean;
  readonly before: number;
  readonly after: number;
}

export interface ShownStep {
  readonly on: boolean;
  readonly nominalMs: number;
  readonly observedMs: readonly number[];
}

interface Span {
  readonly on: boolean;
  readonly from: number;
  readonly to: number;
}

const middle = ({ before, after }: Change) => (before + after) / 2;

/** The levels of a pattern up to a moment after it began. */
function timelineOf(pattern: PatternName, forMs: number): readonly Span[] {
  const spans: Span[] = [];
  for (let from = 0; from < forMs;) {
    const { on, nextAt: to = Number.POSITIVE_INFINITY } = levelAt(pattern, from);
    spans.push({ on, from, to });
    from = to;
  }
  return spans;
}

/**
 * How long each step of a pattern was visible. An observed level belongs to the step that contains its middle. So a
 * missed edge spoils one observation, not all later ones.
 * @param changes begins with the change that began the pattern
 */
export function stepsShown(pattern: PatternName, changes: readonly Change[]): readonly ShownStep[] {
  const [first, last] = [changes[0], changes.at(-1)];
  if (first === undefined || last === undefined) return [];
  const beganAt = middle(first);
  const steps = new Map<string, { on: boolean; nominalMs: number; observedMs: number[] }>();
  const timeline = timelineOf(pattern, middle(last) - beganAt).filter(
    ({ to }) => to < Number.POSITIVE_INFINITY,
  );
  const stepOf = ({ on, from, to }: Span) => {
    const key = `${on} ${to - from}`;
    const step = steps.get(key) ?? { on, nominalMs: to - from, observedMs: [] };
    steps.set(key, step);
    return step;
  };
  for (const span of timeline) stepOf(span);
  for (const [index, change] of changes.entries()) {
    const next = changes[index + 1];
    if (next === undefined) break;
    const at = (middle(change) + middle(next)) / 2 - beganAt;
    const span = timeline.find(({ from, to }) => from <= at && at < to);
    if (span?.on === change.lit) stepOf(span).observedMs.push(middle(next) - middle(change));
  }
  return [...steps.values()];
}

/** Whether the LED was lit at a moment, if that is known. The changes are in order. */
export function litAt(changes: readonly Change[], at: number): boolean | undefined {
  return changes.findLast((change) => middle(change) <= at)?.lit;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}
