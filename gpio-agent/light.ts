// What a LED shows, chosen from everything that is known. Pure; the priority of the light is here and nowhere else.
//
// The strongest that holds:
//  1. acknowledge  the finger was felt: inverted for 50 ms, before anything else can hide it
//  2. identify     a person looks for this LED right now
//  3. fault        a pin cannot be used: `triple-blink`
//  4. dropped      a press did not reach the broker: one round of `sos`, said as offline
//  5. offline      no broker: `double-blink`; also over `set`, since whoever set it can no longer take it back
//  6. refused      the worker has refused the press: five short flashes
//  7. no result    the worker is online and a press got no result: the signal `failed`, until the signal changes
//  8. set          an override by topic; it stands in for the signal, and so also for a worker that is offline. One that
//                  does not say for how long gives way after 10 s to all but `clear`
//  9. offline      nobody vouches: no signal known on this connection, or its worker is not known to be online
// 10. signal
import type { Signal } from '../messages/button.ts';
import type { LedState } from '../messages/led.ts';
import type { PressReason } from '../messages/press.ts';
import { patternOfSignal } from './patterns.ts';
import type { Pattern } from './patterns.ts';

/** Times are monotonic ms. What is absent does not hold. */
export interface LightInputs {
  readonly connected: boolean;
  /** The signal of the button that the LED follows, as heard on this connection. */
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
  /** From then on it hides nothing but `clear`; absent: its setter has said for how long, and it hides every signal. */
  readonly yieldsAt?: number;
}

export interface Shown {
  readonly pattern: Pattern;
  readonly because: LedState['because'];
  readonly signal?: Signal;
  /** When the pattern began; absent: whenever it began to be shown. */
  readonly since?: number;
  /** When it ends by itself. */
  readonly nextAt?: number;
}

/** From the contract: an acknowledgement inverts the light for 50 ms. */
const acknowledgeMs = 50;

/** Long enough to look around a room; ours. */
const identifyMs = 10_000;

/** One round of `sos` (34 units of 150 ms). */
const droppedMs = 5100;

/** Faster than any named pattern, so that it cannot be read as a signal. */
const identifyPattern: Pattern = {
  steps: [
    { on: true, ms: 50 },
    { on: false, ms: 50 },
  ],
  repeat: true,
};

/** Five short flashes, set off by darkness from whatever the light shows before and after; ours. */
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

/** For the log. A pattern without a name is ours, or steps that somebody has set. */
export function patternInWords({ pattern, because }: Pick<Shown, 'pattern' | 'because'>): string {
  if (typeof pattern === 'string') return pattern;
  if (because === 'refused') return 'five short flashes';
  return because === 'identify' ? 'blinks very fast' : 'steps of its own';
}

/** Somebody has pressed again what a press has begun. */
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

/** Once it does not, it never does again: the caller forgets it, since it must not come back when the signal is `clear`. */
export function overrideHolds(
  { override, signal, connected }: Pick<LightInputs, 'override' | 'signal' | 'connected'>,
  now: number,
): boolean {
  if (override === undefined || now >= override.until) return false;
  if (override.yieldsAt === undefined || now < override.yieldsAt) return true;
  return connected && signal?.workerOnline === true && signal.signal === 'clear';
}

/** Of a repetition the pulse of the release that runs says more: flashes would look as if that one were refused. */
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
