// Takes presses in: each is judged once, written down, answered once, and if accepted handed on.
import type { Decoded } from '../../messages/codec.ts';
import { buttonPress } from '../../messages/press.ts';
import type { Press, PressReason, PressResult } from '../../messages/press.ts';
import { toTime } from '../../messages/time.ts';
import type { Clock } from '../../service/clock.ts';
import type { Action } from '../../messages/worker.ts';
import type { Link } from '../../service/link/link.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { AppRecord } from '../argocd/application.ts';
import type { PressLine } from '../releases/journal-lines.ts';
import type { Journal } from '../releases/journal.ts';
import type { PlannedRelease } from '../releases/release.ts';
import type { ButtonConfig } from '../selection.ts';
import { candidateOf, plannedRelease } from './candidate.ts';
import type { Candidate, Hold } from './candidate.ts';
import type { Verdict } from './looking.ts';
import { createFlood } from './flood.ts';
import type { PressMemory } from './memory.ts';
import { lineOf, resultOf, sendResult } from './result.ts';
import { firstObjection, isNotFrozen } from './rules.ts';

export interface IntakeOptions {
  readonly link: Link;
  readonly journal: Journal;
  readonly memory: PressMemory;
  readonly clock: Clock;
  readonly log: Log;
  readonly worker: { readonly maxPressAgeMs: number; readonly maxPressesPerMinute: number };
  readonly buttons: ReadonlyMap<string, ButtonConfig>;
  /** the button is another online worker's business */
  readonly isOthers: (button: string) => boolean;
  readonly mayAct: () => boolean;
  /** How long presses that arrive now may have lain unread, in milliseconds. */
  readonly heldMs: () => number;
  readonly judge: (
    button: ButtonConfig,
    action: Action,
    only: readonly string[] | undefined,
  ) => Promise<Verdict>;
  /** what keeps the button from releasing */
  readonly frozen: (button: string) => Hold | undefined;
  /**
   * Called when the result of the press is on its way.
   * @param acceptedAt monotonic milliseconds
   */
  readonly release: (release: PlannedRelease, acceptedAt: number) => void;
  /** Argo CD is to look at Git again for these. */
  readonly refresh: (apps: readonly AppRecord[]) => void;
  readonly count: (button: string, outcome: PressResult['outcome'], reason?: PressReason) => void;
}

export interface Intake {
  /** Subscribes; from now on presses count. */
  start(): void;
  /** A press that came another way than over the button's own topic; counts as one that came there. */
  take(button: string, press: Press): void;
  /** Accepts nothing more. Resolves when the presses taken in are answered; later ones are left alone. */
  stop(): Promise<void>;
}

/** So long the result of a press is waited for to be acknowledged before the next press of the button is judged. */
const resultWaitMs = 2_000;
/** Presses waiting for the one before, of a button and of all: more than this is no person. */
const waitingMax = 100;
const waitingInAllMax = 1_000;
/** All buttons that are not configured share one bound. */
const unknownButtons = '';
const unreachable = { outcome: 'rejected', reason: 'argocd-unreachable' } as const;

export function createIntake(options: IntakeOptions): Intake {
  const { link, journal, memory, clock, log, worker, buttons } = options;
  const queues = new Map<string, { tail: Promise<void>; waiting: number }>();
  const flood = createFlood(clock, worker.maxPressesPerMinute);
  const overflowing = new Set<Promise<void>>();
  let waitingInAll = 0;
  let state: 'running' | 'stopping' | 'stopped' = 'running';

  const judged = async (candidate: Candidate, arrivedAt: number): Promise<Verdict> => {
    const { pressId, ownId, button, config } = candidate;
    const objection = firstObjection(candidate, {
      now: clock.now(),
      maxPressAgeMs: worker.maxPressAgeMs,
      maxPressesPerMinute: worker.maxPressesPerMinute,
      waitedMs: clock.monotonic() - arrivedAt,
      seen: memory.seen(pressId),
      buttons: [...buttons.keys()],
      recent: memory.recent(),
      sinceAccepted: memory.sinceAccepted(button, candidate.press.only, arrivedAt),
      frozen: options.frozen(button),
    });
    // Of too many presses most get no answer: such a one may come again.
    if (ownId && objection?.reason !== 'too-many') memory.note(pressId);
    if (objection !== undefined) return { outcome: 'rejected', ...objection };
    memory.looked();
    const action = config?.on[candidate.gesture];
    if (config === undefined || action === undefined)
      throw new Error('the rules let a press of an unknown button, or without an action, pass');
    const barred = whyBarred();
    if (barred !== undefined) return barred;
    const verdict = await options.judge(config, action, candidate.press.only);
    if (verdict.outcome !== 'accepted') return verdict;
    const frozen = isNotFrozen(candidate, { frozen: options.frozen(button) });
    return whyBarred() ?? (frozen === undefined ? verdict : { outcome: 'rejected', ...frozen });
  };

  /** Also asked after judging, which takes a while. */
  const whyBarred = (): Verdict | undefined => {
    const reject = (message: string): Verdict => ({ ...unreachable, message });
    if (state !== 'running') return reject('the worker is stopping; press again when it is back');
    if (!options.mayAct()) return reject('another worker has taken over; this one starts nothing');
    return undefined;
  };

  const handle = async (candidate: Candidate, arrivedAt: number) => {
    let verdict: Verdict;
    try {
      verdict = await judged(candidate, arrivedAt);
    } catch (error) {
      log.error({ err: error, press: candidate.pressId }, `a press could not be judged: ${messageOf(error)}`);
      verdict = {
        ...unreachable,
        message: `what the press would release could not be found out: ${messageOf(error)}`,
      };
    }
    if (verdict.outcome === 'rejected' && verdict.reason === 'too-many') {
      const counted = countedTooMany(candidate.button, verdict.message);
      if (counted !== undefined) await conclude(candidate, counted);
    } else await conclude(candidate, verdict);
  };

  const conclude = async (candidate: Candidate, judgement: Verdict) => {
    const { pressId, button, config } = candidate;
    const { by, only } = candidate.press;
    let verdict = judgement;
    const at = toTime(clock.now());
    const decidedAt = clock.monotonic();
    const release =
      verdict.outcome === 'accepted' && 'apps' in verdict && config !== undefined
        ? plannedRelease(candidate, config, verdict.apps, at)
        : undefined;

    const said = lineOf(candidate, verdict, at);
    let line: PressLine = release === undefined ? said : { ...said, release };
    try {
      await journal.append(line, { flush: release !== undefined });
      if (verdict.outcome === 'accepted') memory.accepted(button, only);
    } catch (error) {
      log.error(messageOf(error));
      if (release !== undefined) {
        verdict = { outcome: 'rejected', reason: 'journal-unwritable', message: messageOf(error) };
        line = { ...said, ...verdict };
        await takeBack(line);
      }
    }

    const accepted = verdict.outcome === 'accepted' ? release : undefined;
    options.count(button, verdict.outcome, 'reason' in verdict ? verdict.reason : undefined);
    log[verdict.outcome === 'rejected' ? 'warn' : 'info'](
      {
        button,
        press: pressId,
        source: candidate.source,
        ...(by === undefined ? {} : { by }),
        outcome: verdict.outcome,
      },
      `press on ${button}: ${verdict.message}`,
    );
    const answered = answer({
      ...resultOf(line),
      ...('refresh' in verdict ? { applications: verdict.refresh.length } : {}),
    });
    if (accepted !== undefined) options.release(accepted, decidedAt);
    await answered;
    if ('refresh' in verdict) options.refresh(verdict.refresh);
  };

  /** What could not be made safe may stand in the file all the same: the next start must not go on with it. */
  const takeBack = async (line: PressLine) => {
    try {
      await journal.append(line, { flush: false });
    } catch (error) {
      log.debug(messageOf(error));
    }
  };

  const answer = async (result: PressResult) => {
    if (await sendResult({ link, journal, clock, log }, result, resultWaitMs)) return;
    log.warn(
      { press: result.pressId },
      'the broker has not acknowledged the result of the press yet; where it was cut off, it is sent again',
    );
  };

  /** The one result of the second, which tells how many others got none; undefined: this press is one of those. */
  const countedTooMany = (button: string, message: string): Verdict | undefined => {
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
    const verdict = countedTooMany(button, why);
    if (verdict === undefined) return;
    const said = conclude(candidate, verdict).finally(() => overflowing.delete(said));
    overflowing.add(said);
  };

  const enqueue = (candidate: Candidate) => {
    const { button } = candidate;
    const tooMany = flood.arrived(candidate.config === undefined ? unknownButtons : button);
    if (tooMany !== undefined) {
      turnAway(candidate, tooMany);
      return;
    }
    const queue = queues.get(button) ?? { tail: Promise.resolve(), waiting: 0 };
    if (queue.waiting >= waitingMax || waitingInAll >= waitingInAllMax) {
      turnAway(candidate, 'too many presses are waiting for those before them');
      return;
    }
    const arrivedAt = clock.monotonic() - options.heldMs();
    queues.set(button, queue);
    queue.waiting += 1;
    waitingInAll += 1;
    queue.tail = queue.tail
      .then(() => handle(candidate, arrivedAt))
      .finally(() => {
        queue.waiting -= 1;
        waitingInAll -= 1;
        if (queue.waiting === 0) queues.delete(button);
      });
  };

  const onPress = (decoded: Decoded<Press> | undefined, button: string, retained: boolean) => {
    // Empty: somebody has cleared a retained message; also we, and over 3.1.1 we hear it ourselves.
    if (decoded === undefined || state === 'stopped' || options.isOthers(button)) return;
    if (retained) {
      link.clear(buttonPress.at({ button }));
      log.warn({ button }, `a retained press lay on the topic of button ${button}; cleared it`);
    }
    enqueue(candidateOf({ decoded, button, config: buttons.get(button), retained }));
  };

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
      while (queues.size > 0 || overflowing.size > 0)
        await Promise.all([...[...queues.values()].map((queue) => queue.tail), ...overflowing]);
      state = 'stopped';
    },
  };
}
