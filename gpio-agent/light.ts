// Chooses what an LED shows from everything that is known. Pure. The only place for the priority of the light.
//
// The first of these that applies:
//  1. acknowledge  the press was felt: inverted for 50 ms
//  2. identify     a person is looking for this LED
//  3. fault        a pin cannot be used: `triple-blink`
//  4. dropped      a press did not reach the broker: one round of `sos`, reported as offline
//  5. offline      no broker: `double-blink`; also over `set`, because its sender can no longer end it
//  6. refused      the worker refused the press: five short flashes
//  7. no result    the worker is online and a press got no result: the signal `failed`, until the signal changes
//  8. set          an override by topic. It replaces the signal, also while the worker is offline. Without a duration it
//                  gives way after 10 s to every signal but `clear`
//  9. offline      no signal on this connection, or its worker is not known to be online
// 10. signal
import type { Signal } from '../messages/button.ts';
import type { LedState } from '../messages/led.ts';
import type { PressReason } from '../messages/press.ts';
import { patternOfSignal } from './patterns.ts';
import type { Pattern } from './patterns.ts';

/** Times are in monotonic ms. An absent member does not apply. */
export interface LightInputs {
  readonly connected: boolean;
  /** The signal of the button that this LED follows, as received on this connection. */
  readonly signal?: { readonly signal: Signal; readonly workerOnline: boolean };
  readonly override?: Override;
  readonly identifiedAt?: number;
  readonly acknowledged?: { readonly on: boolean; readonly since: number };
  readonly faulty?: boolean;
  readonly unanswered?: boolean;
  readonly droppedAt?: number;
  readonly refused?: { readonly since: number; readonly reason: PressReason | undefined };
}

export interface Override {
  readonly pattern: Pattern;
  readonly since: number;
  readonly until: number;
  /** From this time on the override hides only `clear`. Absent: it has a duration and hides every signal. */
  readonly yieldsAt?: number;
}

export interface Shown {
  readonly pattern: Pattern;
  readonly because: LedState['because'];
  readonly signal?: Signal;
  /** When the pattern began. Absent: when it was first shown. */
  readonly since?: number;
  /** When it ends by itself. */
  readonly nextAt?: number;
}

/** The contract: an acknowledgement inverts the light for 50 ms. */
const acknowledgeMs = 50;

/** Our choice: long enough to look around a room. */
const identifyMs = 10_000;

/** One round of `sos` (34 units of 150 ms). */
const droppedMs = 5100;

/** Faster than any named pattern, so that nobody reads it as a signal. */
const identifyPattern: Pattern = {
  steps: [
    { on: true, ms: 50 },
    { on: false, ms: 50 },
  ],
  repeat: true,
};

/** Our choice: five short flashes, with darkness before and after. */
const refusedPattern: Pattern = {
  steps: [
    { on: false, ms: 250 },
    ...Array.from({ length: 5 }).flatMap(() => [
      { on: true, ms: 80 },
      { on: false, ms: 120 },
    ]),
    { on: false, ms: 250 },
  ],
  repeat: false,
};
const refusedMs = 1_500;

/** For the log. A pattern without a name is our own, or was set by topic as steps. */
export function patternInWords({ pattern, because }: Pick<Shown, 'pattern' | 'because'>): string {
  if (typeof pattern === 'string') return pattern;
  if (because === 'refused') return 'five short flashes';
  return because === 'identify' ? 'blinks very fast' : 'steps of its own';
}

/** The press repeats one whose release runs. */
const repetitions: ReadonlySet<PressReason | undefined> = new Set([
  'cool-down',
  'duplicate',
  'in-progress',
  'too-many',
]);

export function chooseLight(inputs: LightInputs, now: number): Shown {
  const { acknowledged, identifiedAt, droppedAt, override, signal } = inputs;
  if (acknowledged !== undefined && isOn(acknowledged.since, acknowledgeMs, now))
    return {
      pattern: acknowledged.on ? 'on' : 'off',
      because: 'acknowledge',
      ...span(acknowledged.since, acknowledgeMs),
    };
  if (identifiedAt !== undefined && isOn(identifiedAt, identifyMs, now))
    return { pattern: identifyPattern, because: 'identify', ...span(identifiedAt, identifyMs) };
  if (inputs.faulty === true) return { pattern: 'triple-blink', because: 'fault' };
  if (droppedAt !== undefined && isOn(droppedAt, droppedMs, now))
    return { pattern: 'sos', because: 'offline', ...span(droppedAt, droppedMs) };
  if (!inputs.connected) return offline;
  if (isRefused(inputs, now))
    return { pattern: refusedPattern, because: 'refused', ...span(inputs.refused.since, refusedMs) };
  if (inputs.unanswered === true && signal?.workerOnline === true) return showSignal('failed');
  if (override !== undefined && overrideHolds(inputs, now)) {
    const { pattern, since, until, yieldsAt = until } = override;
    const nextAt = overrideHolds(inputs, yieldsAt) ? until : Math.min(yieldsAt, until);
    return { pattern, because: 'set', since, nextAt };
  }
  return signal?.workerOnline === true ? showSignal(signal.signal) : offline;
}

/** False means: forget the override. It must not come back when the signal is `clear`. */
export function overrideHolds(
  { override, signal, connected }: Pick<LightInputs, 'override' | 'signal' | 'connected'>,
  now: number,
): boolean {
  if (override === undefined || now >= override.until) return false;
  if (override.yieldsAt === undefined || now < override.yieldsAt) return true;
  return connected && signal?.workerOnline === true && signal.signal === 'clear';
}

/** After a repeated press the pulse of the running release stays. Flashes would look as if that release were refused. */
function isRefused(
  inputs: LightInputs,
  now: number,
): inputs is LightInputs & { readonly refused: NonNullable<LightInputs['refused']> } {
  const { refused, signal } = inputs;
  if (refused === undefined || !isOn(refused.since, refusedMs, now)) return false;
  return !(signal?.signal === 'releasing' && repetitions.has(refused.reason));
}

const offline: Shown = { pattern: 'double-blink', because: 'offline' };

function showSignal(signal: Signal): Shown {
  return { pattern: patternOfSignal[signal], because: 'signal', signal };
}

function isOn(since: number, forMs: number, now: number): boolean {
  return now < since + forMs;
}

function span(since: number, forMs: number): { since: number; nextAt: number } {
  return { since, nextAt: since + forMs };
}
