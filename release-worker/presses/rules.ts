// The rules between a press and a release, as named pure functions in the order in which they are applied.
// The first rule that objects gives the reason. Source: the promises in `docs/trust.md`.
import { whatThereIs } from '../../messages/nearest.ts';
import type { PressReason } from '../../messages/press.ts';
import { fromTime } from '../../messages/time.ts';
import { durationInWords } from '../../service/duration.ts';
import type { Candidate, Knowledge } from './candidate.ts';
import { nameList } from '../name-list.ts';

export interface Objection {
  readonly reason: PressReason;
  /** a sentence for people */
  readonly message: string;
}

type Rule = (candidate: Candidate, knowledge: Knowledge) => Objection | undefined;

const isNotRetained: Rule = ({ retained, button }) =>
  retained
    ? {
        reason: 'retained',
        message: `the press was published with the retain flag, so it would come again at every connect; the worker removed it from the topic of button ${button}. Publish presses without retain (mosquitto_pub without -r)`,
      }
    : undefined;

const isWellFormed: Rule = ({ malformed }) =>
  malformed === undefined
    ? undefined
    : { reason: 'malformed', message: `the press cannot be read: ${malformed}` };

const isForKnownButton: Rule = ({ button, config }, { buttons }) =>
  config === undefined
    ? {
        reason: 'unknown-button',
        message: `no button ${button} is configured here; press another, or add it to worker.buttons. ${whatThereIs(button, buttons)}`,
      }
    : undefined;

const isNotStale: Rule = ({ press }, { now, formerNow, waitedMs, maxPressAgeMs }) => {
  const limit = `the limit is ${durationInWords(maxPressAgeMs)}`;
  if (waitedMs > maxPressAgeMs)
    return {
      reason: 'stale',
      message: `the press may have waited ${durationInWords(waitedMs)} before this worker could read it (${limit}); press again`,
    };
  if (press.at === undefined) return undefined;
  const at = fromTime(press.at);
  // The worker cannot know which clock is right. A press that is recent by either of them counts as recent.
  if (formerNow !== undefined && Math.abs(formerNow - at) <= maxPressAgeMs) return undefined;
  const ageMs = now - at;
  if (ageMs > maxPressAgeMs)
    return {
      reason: 'stale',
      message: `the press is ${durationInWords(ageMs)} old (${limit}): it was held up, or the sender's clock is slow`,
    };
  if (-ageMs > maxPressAgeMs)
    return {
      reason: 'stale',
      message: `the press is dated ${durationInWords(-ageMs)} ahead (${limit}): check the sender's clock and the clock of this machine`,
    };
  return undefined;
};

const isNotDuplicate: Rule = ({ ownId, pressId }, { seen }) =>
  ownId && seen
    ? {
        reason: 'duplicate',
        message: `a press with the id ${pressId} has already been counted; give each press an id of its own, or none`,
      }
    : undefined;

const isWithinRate: Rule = ({ config, press }, { sinceAccepted, recent, maxPressesPerMinute }) => {
  const coolDownMs = config?.coolDownMs ?? 0;
  if (sinceAccepted !== undefined && sinceAccepted < coolDownMs)
    return {
      reason: 'cool-down',
      message: `a press of ${press.only === undefined ? 'the same button' : nameList(press.only)} was accepted ${durationInWords(sinceAccepted)} ago; the next counts ${durationInWords(coolDownMs)} after it`,
    };
  if (recent >= maxPressesPerMinute)
    return {
      reason: 'too-many',
      message: `more than ${maxPressesPerMinute} presses${press.only === undefined ? '' : ' of the same applications'} within a minute (worker.maxPressesPerMinute)`,
    };
  return undefined;
};

const hasAction: Rule = ({ config, gesture }) =>
  config !== undefined && config.on[gesture] === undefined
    ? {
        reason: 'no-action',
        message: `the gesture ${gesture} does nothing on this button; it answers to: ${Object.keys(config.on).join(', ')}`,
      }
    : undefined;

// `unfreeze` without a button ends every freeze, of all sources and of all buttons.
const liftingOne = (button: string) =>
  `Lift it with \`release-button unfreeze --button ${button}\`, or \`${JSON.stringify({ frozen: false, button })}\` to freeze/set`;
const liftingAll =
  'It holds for all buttons. Lift it with `release-button unfreeze`, or `off` to freeze/set, which ends every freeze, of all sources and of single buttons';

/** Checked again after the decision, which takes time. A refresh releases nothing, so a freeze does not stop it. */
export const isNotFrozen = (
  { config, gesture, button }: Candidate,
  { frozen }: Pick<Knowledge, 'frozen'>,
): Objection | undefined =>
  frozen === undefined || config?.on[gesture] === 'refresh'
    ? undefined
    : {
        reason: 'frozen',
        message: `nothing is released: ${frozen.why}. ${frozen.alone ? liftingOne(button) : liftingAll}`,
      };

const rules: readonly Rule[] = [
  isNotRetained,
  isWellFormed,
  isForKnownButton,
  isNotStale,
  isNotDuplicate,
  isWithinRate,
  hasAction,
  isNotFrozen,
];

export function firstObjection(candidate: Candidate, knowledge: Knowledge): Objection | undefined {
  for (const rule of rules) {
    const objection = rule(candidate, knowledge);
    if (objection !== undefined) return objection;
  }
  return undefined;
}
