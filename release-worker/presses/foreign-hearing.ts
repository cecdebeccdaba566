// Whether a message of somebody else's button is a press. Pure; what is remembered between messages is handed in.
import type { Trigger } from '../../messages/foreign-presses.ts';
import { isValue, jsonOf, memberAt } from '../../messages/member.ts';

export interface Memory {
  /** where the counter stood, or whether the state was the one that is a press; undefined: not known yet */
  readonly baseline?: number | boolean;
  /** monotonic milliseconds of the last press */
  readonly pressedAt?: number;
}

export interface Heard {
  readonly memory: Memory;
  readonly press: boolean;
  /** why it is none, for a line of the log */
  readonly why?: 'other' | 'baseline' | 'repeated' | 'twice';
}

/** Some devices send twice: the same again within this time is the same press. Source: `docs/buttons.md`. */
const twiceMs = 1_000;

/** @param now monotonic milliseconds */
export function hear(trigger: Trigger, memory: Memory, text: string, now: number): Heard {
  const read = readingOf(trigger, text);
  if (read === undefined) return { memory, press: false, why: 'other' };
  const { isWanted, counter } = read;
  if (trigger.counter !== undefined) return hearCounter(memory, isWanted, counter, now);
  const known = trigger.edge ? { ...memory, baseline: isWanted } : memory;
  if (!isWanted) return { memory: known, press: false, why: 'other' };
  if (trigger.edge && memory.baseline === undefined) return { memory: known, press: false, why: 'baseline' };
  if (trigger.edge && memory.baseline === true) return { memory: known, press: false, why: 'repeated' };
  // From the press on, not from its last repetition: a device that sends without end is no reason to wait without end.
  if (memory.pressedAt !== undefined && now - memory.pressedAt < twiceMs)
    return { memory: known, press: false, why: 'twice' };
  return { memory: { ...known, pressedAt: now }, press: true };
}

function hearCounter(memory: Memory, isWanted: boolean, counter: unknown, now: number): Heard {
  if (typeof counter !== 'number' || !Number.isFinite(counter)) return { memory, press: false, why: 'other' };
  const known = { ...memory, baseline: counter };
  const { baseline } = memory;
  if (baseline === counter) return { memory: known, press: false, why: 'repeated' };
  // Lower: the device has started anew, and how long ago it was pressed since then nobody knows.
  if (typeof baseline !== 'number' || counter < baseline)
    return { memory: known, press: false, why: 'baseline' };
  return isWanted
    ? { memory: { ...known, pressedAt: now }, press: true }
    : { memory: known, press: false, why: 'other' };
}

/** What is said afterwards may be older than it looks: nothing that was known before counts. */
export function forgetBaseline({ pressedAt }: Memory): Memory {
  return pressedAt === undefined ? {} : { pressedAt };
}

interface Reading {
  readonly isWanted: boolean;
  readonly counter: unknown;
}

/** Undefined: the message is about something else. */
function readingOf(trigger: Trigger, text: string): Reading | undefined {
  const { path, when, list, where, counter } = trigger;
  const isWanted = (value: unknown) => when.some((wanted) => isValue(value, wanted));
  const isMeant = (message: unknown) =>
    where.every((one) => one.values.some((value) => isValue(memberAt(message, one.path), value)));
  if (path.length === 0 && counter === undefined)
    return { isWanted: isWanted(text.trim()), counter: undefined };
  const json = jsonOf(text);
  if (typeof json !== 'object' || json === null) return undefined;
  if (list !== undefined) {
    const events = memberAt(json, list);
    if (!Array.isArray(events)) return undefined;
    return {
      isWanted: events.some((event: unknown) => isMeant(event) && isWanted(memberAt(event, path))),
      counter: undefined,
    };
  }
  if (!isMeant(json)) return undefined;
  const value = memberAt(json, path);
  // A device may publish other things on the same topic: they say nothing about the state.
  if (value === undefined && counter === undefined) return undefined;
  return {
    isWanted: isWanted(value),
    counter: counter === undefined ? undefined : memberAt(json, counter),
  };
}
