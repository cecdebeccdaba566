// Whether a message of a foreign button is a press. Pure: the caller keeps the state between two messages.
import type { Trigger } from '../../messages/foreign-presses.ts';
import { isValue, jsonOf, memberAt } from '../../messages/member.ts';

export interface TriggerState {
  /** the last counter, or whether the last state was the one that means a press; undefined: not known yet */
  readonly baseline?: number | boolean;
  /** time of the last press on the monotonic clock, in milliseconds */
  readonly pressedAt?: number;
}

export interface Heard {
  readonly state: TriggerState;
  readonly press: boolean;
  /** why the message is no press, for the log */
  readonly why?: 'other' | 'baseline' | 'repeated' | 'twice';
}

/** Some devices send each press twice: a repetition within this time is the same press. Source: `docs/buttons-rules.md`. */
const twiceMs = 1_000;

/** @param now on the monotonic clock, in milliseconds */
export function hear(trigger: Trigger, state: TriggerState, text: string, now: number): Heard {
  const read = readingOf(trigger, text);
  if (read === undefined) return { state, press: false, why: 'other' };
  const { isWanted, counter } = read;
  if (trigger.counter !== undefined) return hearCounter(state, isWanted, counter, now);
  const next = trigger.edge ? { ...state, baseline: isWanted } : state;
  if (!isWanted) return { state: next, press: false, why: 'other' };
  if (trigger.edge && state.baseline === undefined) return { state: next, press: false, why: 'baseline' };
  if (trigger.edge && state.baseline === true) return { state: next, press: false, why: 'repeated' };
  // Counted from the press, not from its last repetition: otherwise a device that never stops sending would block presses.
  if (state.pressedAt !== undefined && now - state.pressedAt < twiceMs)
    return { state: next, press: false, why: 'twice' };
  return { state: { ...next, pressedAt: now }, press: true };
}

function hearCounter(state: TriggerState, isWanted: boolean, counter: unknown, now: number): Heard {
  if (typeof counter !== 'number' || !Number.isFinite(counter)) return { state, press: false, why: 'other' };
  const next = { ...state, baseline: counter };
  const { baseline } = state;
  if (baseline === counter) return { state: next, press: false, why: 'repeated' };
  // A lower counter means that the device has restarted. It may have been pressed at any time since then.
  if (typeof baseline !== 'number' || counter < baseline)
    return { state: next, press: false, why: 'baseline' };
  return isWanted
    ? { state: { ...next, pressedAt: now }, press: true }
    : { state: next, press: false, why: 'other' };
}

/** After a lost connection, the next message may describe an older press, so the baseline is forgotten. */
export function forgetBaseline({ pressedAt }: TriggerState): TriggerState {
  return pressedAt === undefined ? {} : { pressedAt };
}

interface Reading {
  readonly isWanted: boolean;
  readonly counter: unknown;
}

/** @returns undefined when the message is about something else */
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
  // A device may publish other things on the same topic. They say nothing about the state.
  if (value === undefined && counter === undefined) return undefined;
  return {
    isWanted: isWanted(value),
    counter: counter === undefined ? undefined : memberAt(json, counter),
  };
}
