// Takes presses in: each is decided once, written down, answered once, and if accepted handed on.
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
  readonly claims: Pick<Claims, 'claimedTwice' | 'isOthers' | 'isRead'>;
  readonly mayAct: () => boolean;
  /** How long presses that arrive now may have lain unread, in milliseconds. */
  readonly heldMs: () => number;
  /** What the clock would show without its last step, where that may be the right time. Milliseconds since the epoch. */
  readonly formerNow: () => number | undefined;
  readonly decide: (
    button: ButtonConfig,
    action: Action,
    only: readonly string[] | undefined,
    /** taken by presses of the button that were accepted just now */
    taken: ReadonlySet<string>,
  ) => Promise<Decision>;
  /** what keeps the button from releasing */
  readonly frozen: (button: string) => Hold | undefined;
}

export interface Intake {
  /** Subscribes; from now on presses count. */
  start(): void;
  /** A press that came another way than over the button's own topic; counts as one that came there. */
  take(button: string, press: Press): void;
  /** Accepts nothing more. Resolves when the presses taken in are answered; later ones are left alone. */
  stop(): Promise<void>;
}

/** All buttons that are not configured share one bound. */
const unknownButtons = '';

interface Arrived {
  readonly candidate: Candidate;
  /** monotonic milliseconds; earlier than it was read where it may have lain unread */
  readonly arrivedAt: number;
  /** When it was read: monotonic milliseconds, and milliseconds since the epoch. The wall clock may be stepped later. */
  readonly receivedAt: number;
  readonly receivedAtWall: number;
  readonly receivedAtFormer: number | undefined;
  /** It came before it was known which buttons other workers have. */
  readonly isEarly: boolean;
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
    const { sinceAccepted, taken } = repeatsOf(press.only, action === 'release', lately);
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
    // Of too many presses most get no answer: such a one may come again.
    if (ownId && objection?.reason !== 'too-many') history.note(pressId);
    if (objection !== undefined) return { candidate, decision: { outcome: 'rejected', ...objection } };
    history.looked(press.only);
    if (config === undefined || action === undefined)
      throw new Error('the rules let a press of an unknown button, or without an action, pass');
    const barred = whyBarred(button);
    if (barred !== undefined) return { candidate, decision: barred };
    const decision = await options.decide(config, action, press.only, taken);
    return { candidate, decision, taken };
  };

  /** Judging takes a while: what holds nobody could know before. */
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
        "another process under this worker's id has taken over; this one starts nothing",
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
      const message = `what the press would release could not be found out: ${messageOf(error)}`;
      return { candidate, decision: reject('argocd-unreachable', message) };
    }
  };

  /** Who answers such a press can only be told once it is known which buttons other workers have. */
  const isLeftToOthers = async ({ isEarly, candidate }: Arrived): Promise<boolean> => {
    if (!isEarly) return false;
    await link.whenRead();
    return claims.isOthers(candidate.button);
  };

  const handle = async (group: readonly Waited<Arrived>[]) => {
    const deciding: Promise<DecidedPress>[] = [];
    for (const waited of group) {
      if (await isLeftToOthers(waited.item)) continue;
      // Many in one turn would hold up everything else in this process.
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

  /** The one result of the second, which tells how many others got none; undefined: this press is one of those. */
  const countedTooMany = (button: string, message: string): Decision | undefined => {
    const others = flood.answered(button);
    if (others === undefined) {
      options.count(button, 'rejected', 'too-many');
      return undefined;
    }
    return {
      outcome: 'rejected',
      reason: 'too-many',
      message: others === 0 ? message : `${message}; ${others} more since the last word got no answer`,
    };
  };

  const turnAway = (candidate: Candidate, why: string) => {
    const { button, config } = candidate;
    if (config === undefined) {
      options.count(button, 'rejected', 'too-many');
      return;
    }
    const decision = countedTooMany(button, why);
    if (decision === undefined) return;
    const said = conclude([{ candidate, decision }]).finally(() => overflowing.delete(said));
    overflowing.add(said);
  };

  const enqueue = (candidate: Candidate) => {
    const { button } = candidate;
    const tooMany = flood.arrived(candidate.config === undefined ? unknownButtons : button);
    if (tooMany !== undefined) {
      turnAway(candidate, tooMany);
      return;
    }
    const receivedAt = clock.monotonic();
    const arrivedAt = receivedAt - options.heldMs();
    const received = {
      receivedAt,
      receivedAtWall: clock.now(),
      receivedAtFormer: options.formerNow(),
      isEarly: !claims.isRead(),
    };
    if (!lanes.add(button, { candidate, arrivedAt, ...received }))
      turnAway(candidate, 'too many presses are waiting for those before them');
  };

  const onPress = (decoded: Decoded<Press> | undefined, button: string, retained: boolean) => {
    // Empty: somebody has cleared a retained message; also we, and over 3.1.1 we hear it ourselves.
    if (decoded === undefined || state === 'stopped' || claims.isOthers(button)) return;
    if (retained) {
      link.clear(buttonPress.at({ button }));
      log.warn({ button }, `a retained press lay on the topic of button ${button}; cleared it`);
    }
    enqueue(candidateOf({ decoded, button, config: buttons.get(button), retained }));
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
