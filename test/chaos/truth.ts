// What the light must show, and what else must be true with it. Pure functions: they take facts and return the problem.
//
// | the case                                     | the truth                                                        | within      |
// | -------------------------------------------- | ---------------------------------------------------------------- | ----------- |
// | the broker is dead or paused                 | the light shows offline; only the log of the agent can say so    | 5 s, 25 s   |
// | the worker is dead or paused                 | availability offline, as its will says, and light offline;       | 5 s, 25 s   |
// |                                              | its last signal stays retained, and no light shows it            |             |
// | the agent is dead or paused                  | availability offline; nobody vouches for what its light shows    | 5 s, 25 s   |
// | Argo CD is dead or paused                    | signal and drift unknown, light heartbeat, even in the middle of | 5 s, 25 s   |
// |                                              | a release; here 3.5 s after the last answer                      |             |
// | a part is paused for less                    | nothing needs to show, and afterwards all is as before           | 5 s         |
// | all parts are up, and a release runs         | pulse                                                            | 5 s         |
// | … the last release did not succeed, and no   | sos while something is out of sync, and for 5 s                  | 5 s         |
// |   press has been accepted since              |                                                                  |             |
// | … the last release has succeeded             | two flashes for 5 s                                              | 5 s         |
// | … something is out of sync                   | on                                                               | 5 s         |
// | … nothing is out of sync                     | off                                                              | 5 s         |
//
// Two states of the agent itself come before these: for 5.1 s after a press that did not reach the broker, sos as offline.
// After a press that got no result although its worker was online, sos as failed until the signal changes.
import { patternOfSignal } from '../../gpio-agent/patterns.ts';
import { signals, type Signal } from '../../messages/button.ts';

/**
 * The longest time after a death or a return until the light is right, and after a peer was paused (1.5 times the
 * keep-alive, and some more). In milliseconds.
 */
export const killBoundMs = 5_000;
export const stopBoundMs = 25_000;

/** After the return of a part, however long it was away. In milliseconds. */
export const returnBoundMs = 5_000;

/** How long an end is shown (README), and how long the way to the light may take. In milliseconds. */
const endShownMs = 5_000;
const droppedShownMs = 5_100;
const slackMs = 1_000;

export interface Facts {
  readonly now: number;
  /** what the light at the pins shows */
  readonly light: { readonly pattern: string; readonly shows: string } | undefined;
  /** what subscribers receive */
  readonly received: {
    readonly pattern: unknown;
    readonly because: unknown;
    readonly signal: unknown;
    readonly agent: string;
    readonly worker: string;
    readonly driftState: unknown;
    readonly outOfSync: unknown;
  };
  readonly outOfSync: number;
  readonly openReleases: number;
  /** the last finished release, if no press has been accepted since */
  readonly last: { readonly succeeded: boolean; readonly at: number } | undefined;
  readonly droppedAt: number;
  readonly unanswered: boolean;
}

/** What is wrong, in words; undefined if nothing is wrong. */
export type Problem = string | undefined;

/** The signals that the button may have while all parts are up. The first is the final one. */
function truthfulSignals(facts: Facts): readonly Signal[] {
  const { now, last, outOfSync } = facts;
  if (facts.openReleases > 0) return ['releasing'];
  const byDrift: Signal = outOfSync > 0 ? 'drifted' : 'clear';
  if (last === undefined) return [byDrift];
  const isRecent = now - last.at < endShownMs + slackMs;
  if (last.succeeded) return isRecent ? [byDrift, 'succeeded'] : [byDrift];
  // A clear signal ends the failure for good, also after a restart of the worker.
  return outOfSync > 0 || isRecent ? [byDrift, 'failed'] : [byDrift];
}

export function wholeTruth(facts: Facts): Problem {
  const { received, light } = facts;
  if (received.agent !== 'online') return `the agent is said to be ${received.agent || 'nothing'}`;
  if (received.worker !== 'online') return `the worker is said to be ${received.worker || 'nothing'}`;
  const expected = truthfulSignals(facts);
  const signal = signals.find((signal) => signal === received.signal);
  if (signal === undefined || !expected.includes(signal))
    return `the signal is ${String(received.signal)}, not ${expected.join(' or ')}`;
  if (received.outOfSync !== facts.outOfSync)
    return `the drift counts ${String(received.outOfSync)}, Argo CD ${facts.outOfSync}`;
  if (light === undefined) return 'the light has shown nothing';
  if (received.pattern !== light.pattern)
    return `the topic of the light says ${String(received.pattern)}, the light shows ${light.pattern}`;
  if (
    light.shows === 'offline' &&
    light.pattern === 'sos' &&
    facts.now - facts.droppedAt < droppedShownMs + slackMs
  )
    return undefined;
  if (light.shows === 'failed' && facts.unanswered) return undefined;
  const pattern = patternOfSignal[signal];
  return light.shows === signal && light.pattern === pattern
    ? undefined
    : `the light shows ${light.pattern} (${light.shows}), not ${pattern} (${signal})`;
}

export const faultTruth = {
  broker: ({ light }: Facts): Problem =>
    light?.shows === 'offline' ? undefined : `the light shows ${light?.shows ?? 'nothing'}`,
  worker: ({ light, received }: Facts): Problem => {
    if (received.worker !== 'offline') return `the worker is said to be ${received.worker}`;
    if (light?.shows !== 'offline') return `the light shows ${light?.shows ?? 'nothing'}`;
    return received.because === 'offline' ? undefined : `the light's topic says ${String(received.because)}`;
  },
  agent: ({ received }: Facts): Problem =>
    received.agent === 'offline' ? undefined : `the agent is said to be ${received.agent}`,
  simulator: ({ light, received }: Facts): Problem => {
    if (received.signal !== 'unknown') return `the signal is ${String(received.signal)}`;
    if (received.driftState !== 'unknown') return `the drift is ${String(received.driftState)}`;
    if (light?.pattern !== 'heartbeat') return `the light shows ${light?.pattern ?? 'nothing'}`;
    return received.pattern === 'heartbeat'
      ? undefined
      : `the light's topic says ${String(received.pattern)}`;
  },
} as const;
