// Receives presses. Each is decided once, written to the journal, answered once, and released if it is accepted.
import { setImmediate as turn } from 'node:timers/promises';
import type { Decoded } from '../../messages/codec.ts';
import { buttonPress } from '../../messages/press.ts';
import type { Press } from '../../messages/press.ts';
import type { Action } from '../../messages/worker.ts';
import { messageOf } from '../../service/log.ts';
import type { ButtonConfig } from '../buttons.ts';
import type { Claims } from '../claims.ts';
import { candidateOf, gatheredBy } from './candidate.ts';
import type { Candidate, Hold } from './candidate.ts';
import { createConclude } from './conclude.ts';
import type { ConcludeOptions, DecidedPress } from './conclude.ts';
import { createFlood } from './flood.ts';
import { createLanes } from './lanes.ts';
import type { Waited } from './lanes.ts';
import { reject, type Decision } from './decision.ts';
import { repeatsOf } from './repeats.ts';
import { firstObjection, isNotFrozen } from './rules.ts';

export interface IntakeOptions extends ConcludeOptions {
  readonly worker: { readonly maxPressAgeMs: number; readonly maxPressesPerMinute: number };
  readonly buttons: ReadonlyMap<string, ButtonConfig>;
  readonly claims: Pick<Claims, 'claimedTwice' | 'answers'>;
  readonly mayAct: () => boolean;
  /** How long presses that arrive now may have been waiting unread, in milliseconds. */
  readonly heldMs: () => number;
  /** What the clock would show without its last step, if that may be the right time. Milliseconds since the epoch. */
  readonly formerNow: () => number | undefined;
  readonly decide: (
    button: ButtonConfig,
    action: Action,
    only: readonly string[] | undefined,
    /** applications of presses of this button that were accepted just now */
    takenApps: ReadonlySet<string>,
  ) => Promise<Decision>;
  /** why the button is frozen */
  readonly frozen: (button: string) => Hold | undefined;
}

export interface Intake {
  /** Subscribes. From now on presses count. */
  start(): void;
  /** Takes a press that did not come over the button's own topic. It counts as if it had. */
  take(button: string, press: Press): void;
  /** Accepts nothing more. Resolves when all received presses are answered. Later presses are ignored. */
  stop(): Promise<void>;
}

/** All buttons that are not configured share one limit. */
const unknownButtons = '';

interface Arrived {
  readonly candidate: Candidate;
  /** on the monotonic clock, in milliseconds; earlier than `receivedAt` if the press may have been waiting unread */
  readonly arrivedAt: number;
  /** When the press was read: on the monotonic clock, and since the epoch. The wall clock may be stepped later. */
  readonly receivedAt: number;
  readonly receivedAtWall: number;
  readonly receivedAtFormer: number | undefined;
  /** A promise if the press arrived before the worker knew the buttons of other workers. */
  readonly isOurs: boolean | Promise<boolean>;
}

export function createIntake(options: IntakeOptions): Intake {
  const { link, history, clock, log, worker, buttons, claims } = options;
  const flood = createFlood(clock, worker.maxPressesPerMinute);
  const overflowing = new Set<Promise<void>>();
  const conclude = createConclude(options);
  let state: 'running' | 'stopping' | 'stopped' = 'running';

  const decided = async (
    candidate: Candidate,
    { item, gatheredMs }: Waited<Arrived>,
  ): Promise<DecidedPress> => {
    const { pressId, ownId, button, config, press } = candidate;
    const { arrivedAt, receivedAt, receivedAtWall, receivedAtFormer } = item;
    const waitedMs = clock.monotonic() - receivedAt - gatheredMs;
    const action = config?.on[candidate.gesture];
    const lately = history.lately(button, press.only, arrivedAt, config?.coolDownMs ?? 0);
    const { sinceAccepted, takenApps } = repeatsOf(press.only, action === 'release', lately);
    const objection = firstObjection(candidate, {
      now: receivedAtWall + waitedMs,
      formerNow: receivedAtFormer === undefined ? undefined : receivedAtFormer + waitedMs,
      maxPressAgeMs: worker.maxPressAgeMs,
      maxPressesPerMinute: worker.maxPressesPerMinute,
      waitedMs: waitedMs + receivedAt - arrivedAt,
      seen: history.seen(pressId),
      buttons: [...buttons.keys()],
      recent: history.recent(press.only),
      sinceAccepted,
      frozen: options.frozen(button),
    });
    // Most presses beyond the limit get no result, so the sender may send such a press again with the same id.
    if (ownId && objection?.reason !== 'too-many') history.note(pressId);
    if (objection !== undefined) return { candidate, decision: { outcome: 'rejected', ...objection } };
    history.passedRules(press.only);
    if (config === undefined || action === undefined)
      throw new Error('the rules let a press of an unknown button, or without an action, pass');
    const barred = whyBarred(button);
    if (barred !== undefined) return { candidate, decision: barred };
    const decision = await options.decide(config, action, press.only, takenApps);
    return { candidate, decision, takenApps };
  };

  /** Deciding takes time. A freeze or another obstacle may have begun in the meantime. */
  const unlessBarred = (decided: DecidedPress): DecidedPress => {
    const { candidate, decision } = decided;
    if (decision.outcome !== 'accepted') return decided;
    const frozen = isNotFrozen(candidate, { frozen: options.frozen(candidate.button) });
    const late =
      whyBarred(candidate.button) ?? (frozen === undefined ? undefined : { outcome: 'rejected', ...frozen });
    return late === undefined ? decided : { candidate, decision: late };
  };

  const whyBarred = (button: string): Decision | undefined => {
    if (state !== 'running')
      return reject('worker-stopping', 'the worker is stopping; press again when it is back');
    if (!options.mayAct())
      return reject(
        'standing-by',
        "another process with this worker's id has taken over; this one releases nothing",
      );
    const claimedTwice = claims.claimedTwice(button);
    return claimedTwice === undefined ? undefined : reject('claimed-twice', claimedTwice);
  };

  const decidedSafely = async (candidate: Candidate, waited: Waited<Arrived>): Promise<DecidedPress> => {
    try {
      return await decided(candidate, waited);
    } catch (error) {
      log.error(
        { err: error, press: candidate.pressId },
        `a press could not be decided: ${messageOf(error)}`,
      );
      const message = `the worker could not find out what the press would release: ${messageOf(error)}`;
      return { candidate, decision: reject('internal-error', message) };
    }
  };

  const handle = async (group: readonly Waited<Arrived>[]) => {
    const deciding: Promise<DecidedPress>[] = [];
    for (const waited of group) {
      if (!(await waited.item.isOurs)) continue;
      // Deciding many presses in one turn of the event loop would delay everything else in this process.
      if (deciding.length > 0) await turn();
      deciding.push(decidedSafely(waited.item.candidate, waited));
    }
    const all = await Promise.all(deciding);
    await conclude(
      all.map(unlessBarred).flatMap((one) => {
        const { candidate, decision } = one;
        if (decision.outcome !== 'rejected' || decision.reason !== 'too-many') return [one];
        const counted = countedTooMany(candidate.button, decision.message);
        return counted === undefined ? [] : [{ candidate, decision: counted }];
      }),
    );
  };

  /** The one result per second, which counts the presses without a result. Undefined: this press gets no result. */
  const countedTooMany = (button: string, message: string): Decision | undefined => {
    const others = flood.answered(button);
    if (others === undefined) {
      options.count(button, 'rejected', 'too-many');
      return undefined;
    }
    return {
      outcome: 'rejected',
      reason: 'too-many',
      message: others === 0 ? message : `${message}; ${others} more presses since the last result got none`,
    };
  };

  const turnAway = (candidate: Candidate, why: string, isOurs: Arrived['isOurs']) => {
    if (isOurs === false) return;
    if (isOurs !== true) {
      // Another worker may have to answer it.
      const decided = isOurs
        .then((itIs) => turnAway(candidate, why, itIs))
        .finally(() => overflowing.delete(decided));
      overflowing.add(decided);
      return;
    }
    const { button, config } = candidate;
    if (config === undefined) {
      options.count(button, 'rejected', 'too-many');
      return;
    }
    const decision = countedTooMany(button, why);
    if (decision === undefined) return;
    const answered = conclude([{ candidate, decision }]).finally(() => overflowing.delete(answered));
    overflowing.add(answered);
  };

  const enqueue = (candidate: Candidate, isOurs: Arrived['isOurs']) => {
    const { button } = candidate;
    const tooMany = flood.arrived(candidate.config === undefined ? unknownButtons : button);
    if (tooMany !== undefined) {
      turnAway(candidate, tooMany, isOurs);
      return;
    }
    const receivedAt = clock.monotonic();
    const arrivedAt = receivedAt - options.heldMs();
    const received = {
      receivedAt,
      receivedAtWall: clock.now(),
      receivedAtFormer: options.formerNow(),
      isOurs,
    };
    if (!lanes.add(button, { candidate, arrivedAt, ...received }))
      turnAway(candidate, 'too many presses are already waiting for earlier ones', isOurs);
  };

  const onPress = (decoded: Decoded<Press> | undefined, button: string, retained: boolean) => {
    // Empty: somebody has cleared a retained message. It may have been us: over 3.1.1 we also receive what we publish.
    if (decoded === undefined || state === 'stopped') return;
    const isOurs = claims.answers(button);
    if (isOurs === false) return;
    if (retained) {
      link.clear(buttonPress.at({ button }));
      log.warn({ button }, `cleared a retained press from the topic of button ${button}`);
    }
    enqueue(candidateOf({ decoded, button, config: buttons.get(button), retained }), isOurs);
  };

  const lanes = createLanes<Arrived>({
    clock,
    gathers: ({ candidate }) => gatheredBy(candidate),
    handle,
  });

  return {
    start: () => {
      link.subscribeRaw(
        buttonPress.filter(),
        (decoded, { params, retained }) => onPress(decoded, params.button, retained),
        { retainAsPublished: true, noLocal: true },
      );
    },
    take: (button, press) => onPress({ ok: true, value: press }, button, false),
    stop: async () => {
      if (state === 'running') state = 'stopping';
      await lanes.drain();
      while (overflowing.size > 0) await Promise.all(overflowing);
      state = 'stopped';
    },
  };
}
