// Compares the reported presses with the real ones.
import type { Contender } from './contenders.ts';
import type { Press, Signal } from './signals.ts';

export interface Count {
  readonly given: number;
  /** Presses (or double presses) that were not reported. */
  readonly missed: number;
  /** Reports without a press, or second reports of the same press. */
  readonly invented: number;
  /** The time from the first contact to the report, for each reported press. */
  readonly latenciesMs: readonly number[];
}

/** @param at when presses were reported, in order. For a signal of double presses: when double presses were reported */
export function countOf(signal: Signal, at: readonly number[]): Count {
  const given = signal.double === true ? pairs(signal.presses) : signal.presses;
  const latenciesMs: number[] = [];
  let invented = 0;
  let missed = 0;
  let index = 0;
  for (; index < at.length && (at[index] ?? 0) < (given[0]?.from ?? Number.POSITIVE_INFINITY); index += 1)
    invented += 1;
  for (const [number, press] of given.entries()) {
    const next = given[number + 1]?.from ?? Number.POSITIVE_INFINITY;
    let seen = 0;
    for (; index < at.length && (at[index] ?? 0) < next; index += 1) {
      if (seen === 0) latenciesMs.push((at[index] ?? 0) - press.from);
      seen += 1;
    }
    if (seen === 0) missed += 1;
    else invented += seen - 1;
  }
  return { given: given.length, missed, invented, latenciesMs };
}

/** A double press begins with its first press. */
function pairs(presses: readonly Press[]): readonly Press[] {
  return presses.filter((_, index) => index % 2 === 0);
}

/** @returns when a contender reports presses. For a signal of double presses, two reports within 400 ms count as one */
export function playTo({ create }: Contender, signal: Signal): readonly number[] {
  const at: number[] = [];
  const listener = create((now) => at.push(now));
  let pressed = false;
  for (const change of signal.changes()) {
    pressed = !pressed;
    listener.change(pressed, change);
  }
  listener.end(signal.endMs);
  return signal.double === true ? doublesOf(at) : at;
}

/** The default of doubleMs in release-button, in milliseconds. */
const doubleMs = 400;

function doublesOf(presses: readonly number[]): readonly number[] {
  const doubles: number[] = [];
  for (let index = 1; index < presses.length; index += 1) {
    const at = presses[index] ?? 0;
    if (at - (presses[index - 1] ?? 0) >= doubleMs) continue;
    doubles.push(at);
    index += 1;
  }
  return doubles;
}
