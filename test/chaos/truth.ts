// What the light must show, and what else must be true with it. Pure: takes facts and returns what is wrong with them.
//
// | what is the case                             | the truth                                                        | within      |
// | -------------------------------------------- | ---------------------------------------------------------------- | ----------- |
// | the broker is dead or stands still           | the light shows offline (seen in the agent's log: nobody else    | 5 s, 25 s   |
// |                                              | can be told)                                                     |             |
// | the worker is dead or stands still           | the broker gives its will: availability offline, light offline;  | 5 s, 25 s   |
// |                                              | its last signal stays retained and is shown by nobody            |             |
// | the agent is dead or stands still            | availability offline; what its light shows nobody vouches for    | 5 s, 25 s   |
// | Argo CD is dead or stands still              | signal and drift unknown, light heartbeat, also in the middle of | 5 s, 25 s   |
// |                                              | a release; here 3.5 s after the last answer                      |             |
// | something stands still for less              | nothing need show; everything is as before afterwards            | 5 s         |
// | all are there (again), and a release runs    | pulse                                                            | 5 s         |
// | … the last release did not succeed, no press | sos while something is out of sync, and for 5 s                  | 5 s         |
// |   has been accepted since                    |                                                                  |             |
// | … the last release has succeeded             | two flashes for 5 s                                              | 5 s         |
// | … something is out of sync                   | on                                                               | 5 s         |
// | … nothing is                                 | off                                                              | 5 s         |
//
// Two truths of the agent's own come before these: sos as offline for 5.1 s after a press that did not reach the broker,
// and sos as failed after a press that got no result although its worker was online, until the signal changes.
import { patternOfSignal } from '../../gpio-agent/patterns.ts';
import { signals, type Signal } from '../../messages/button.ts';

/** In milliseconds: after a death or a return, and after a peer is paused (1.5 times the keep-alive, and some). */
export const killBoundMs = 5_000;
export const stopBoundMs = 25_000;

/** After the return of a part, however long it was away. In milliseconds. */
export const returnBoundMs = 5_000;

/** How long an end is shown (README), and how long the way to the light may take. */
const endShownMs = 5_000;
const droppedShownMs = 5_100;
const slackMs = 1_000;

export interface Facts {
  readonly now: number;
  /** the light at the pins */
  readonly light: { readonly pattern: string; readonly shows: string } | undefined;
  /** as subscribers receive it */
  readonly heard: {
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
  /** the last release that has ended, if no press has been accepted since */
  readonly last: { readonly succeeded: boolean; readonly at: number } | undefined;
  readonly droppedAt: number;
  readonly unanswered: boolean;
}

/** What is wrong, in words; undefined if nothing is. */
export type Problem = string | undefined;

/** The signals that the button may have while everything is up. The first is the one that it settles on. */
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
  const { heard, light } = facts;
  if (heard.agent !== 'online') return `the agent is said to be ${heard.agent || 'nothing'}`;
  if (heard.worker !== 'online') return `the worker is said to be ${heard.worker || 'nothing'}`;
  const expected = truthfulSignals(facts);
  const said = signals.find((signal) => signal === heard.signal);
  if (said === undefined || !expected.includes(said))
    return `the signal is ${String(heard.signal)}, not ${expected.join(' or ')}`;
  if (heard.outOfSync !== facts.outOfSync)
    return `the drift counts ${String(heard.outOfSync)}, Argo CD ${facts.outOfSync}`;
  if (light === undefined) return 'the light has shown nothing';
  if (heard.pattern !== light.pattern)
    return `the topic of the light says ${String(heard.pattern)}, the light shows ${light.pattern}`;
  if (
    light.shows === 'offline' &&
    light.pattern === 'sos' &&
    facts.now - facts.droppedAt < droppedShownMs + slackMs
  )
    return undefined;
  if (light.shows === 'failed' && facts.unanswered) return undefined;
  const pattern = patternOfSignal[said];
  return light.shows === said && light.pattern === pattern
    ? undefined
    : `the light shows ${light.pattern} (${light.shows}), not ${pattern} (${said})`;
}

export const faultTruth = {
  broker: ({ light }: Facts): Problem =>
    light?.shows === 'offline' ? undefined : `the light shows ${light?.shows ?? 'nothing'}`,
  worker: ({ light, heard }: Facts): Problem => {
    if (heard.worker !== 'offline') return `the worker is said to be ${heard.worker}`;
    if (light?.shows !== 'offline') return `the light shows ${light?.shows ?? 'nothing'}`;
    return heard.because === 'offline' ? undefined : `the light's topic says ${String(heard.because)}`;
  },
  agent: ({ heard }: Facts): Problem =>
    heard.agent === 'offline' ? undefined : `the agent is said to be ${heard.agent}`,
  simulator: ({ light, heard }: Facts): Problem => {
    if (heard.signal !== 'unknown') return `the signal is ${String(heard.signal)}`;
    if (heard.driftState !== 'unknown') return `the drift is ${String(heard.driftState)}`;
    if (light?.pattern !== 'heartbeat') return `the light shows ${light?.pattern ?? 'nothing'}`;
    return heard.pattern === 'heartbeat' ? undefined : `the light's topic says ${String(heard.pattern)}`;
  },
} as const;
