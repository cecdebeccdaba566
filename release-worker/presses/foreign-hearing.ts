// Whether a message of somebody else's button is a press. Pure; what is remembered between messages is handed in.
import type { Trigger } from '../../messages/foreign-presses.ts';
import { isValue, jsonOf, memberAt } from '../../messages/member.ts';

export interface TriggerState {
  /** where the counter stood, or whether the state was the one that is a press; undefined: not known yet */
  readonly baseline?: number | boolean;
  /** monotonic milliseconds of the last press */
  readonly pressedAt?: number;
}

export interface Heard {
  readonly state: TriggerState;
  readonly press: boolean;
  /** why it is none, for a line of the log */
  readonly why?: 'other' | 'baseline' | 'repeated' | 'twice';
}

/** Some devices send twice: the same again within this time is the same press. Source: `docs/buttons.md`. */
const twiceMs = 1_000;

/** @param now monotonic milliseconds */
export function hear(trigger: Trigger, state: TriggerState, text: string, now: number): Heard {
  const read = readingOf(trigger, text);
  if (read === undefined) return { state, press: false, why: 'other' };
  const { isWanted, counter } = read;
  if (trigger.counter !== undefined) return hearCounter(state, isWanted, counter, now);
  const known = trigger.edge ? { ...state, baseline: isWanted } : state;
  if (!isWanted) return { state: known, press: false, why: 'other' };
  if (trigger.edge && state.baseline === undefined) return { state: known, press: false, why: 'baseline' };
  if (trigger.edge && state.baseline === true) return { state: known, press: false, why: 'repeated' };
  // From the press on, not from its last repetition: a device that sends without end is no reason to wait without end.
  if (state.pressedAt !== undefined && now - state.pressedAt < twiceMs)
    return { state: known, press: false, why: 'twice' };
  return { state: { ...known, pressedAt: now }, press: true };
}

function hearCounter(state: TriggerState, isWanted: boolean, counter: unknown, now: number): Heard {
  if (typeof counter !== 'number' || !Number.isFinite(counter)) return { state, press: false, why: 'other' };
  const known = { ...state, baseline: counter };
  const { baseline } = state;
  if (baseline === counter) return { state: known, press: false, why: 'repeated' };
  // Lower: the device has started anew, and how long ago it was pressed since then nobody knows.
  if (typeof baseline !== 'number' || counter < baseline)
    return { state: known, press: false, why: 'baseline' };
  return isWanted
    ? { state: { ...known, pressedAt: now }, press: true }
    : { state: known, press: false, why: 'other' };
}

/** What is said afterwards may be older than it looks: nothing that was known before counts. */
export function forgetBaseline({ pressedAt }: TriggerState): TriggerState {
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
