// The freeze at work: takes requests, remembers them on the disk, says what holds, and ends it when its time is over.
import { isDeepStrictEqual } from 'node:util';
import { freezeSet, freezeState } from '../../messages/freeze.ts';
import type { FreezeMessage, FreezeRequest, Frozen } from '../../messages/freeze.ts';
import type { Decoded } from '../../messages/codec.ts';
import { fromTime, toTime } from '../../messages/time.ts';
import { isClockSet } from '../../service/clock.ts';
import type { Clock, Timer } from '../../service/clock.ts';
import type { Link } from '../../service/link/link.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { Journal } from '../releases/journal.ts';
import type { Answered, Replies } from '../replies.ts';
import { takeRequests } from '../requests.ts';
import type { FreezeFile } from './file.ts';
import { changedAfter, laterOf, withOthers } from './merge.ts';
import { fromMessage, toMessage } from './message.ts';
import type { FreezeState, Moment } from './state.ts';
import {
  afterRequest,
  firstEndIn,
  freezeOf,
  frozenOf,
  inWordsOfRequest,
  isAnythingFrozen,
  nothingFrozen,
  restored,
  stillFrozen,
  unclearEnd,
  withTrueEnds,
} from './state.ts';

export interface Freeze {
  /** To be called once the state directory is there. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** What keeps this button from releasing. */
  of(button: string): Frozen | undefined;
  /** What keeps every button from releasing. */
  ofAll(): Frozen | undefined;
  /** Freezes one button, by what has happened. Resolves when it is on the disk, or cannot be. */
  freezeButton(button: string, reason: string, by: string): Promise<void>;
}

export interface FreezeOptions {
  readonly link: Link;
  readonly clock: Clock;
  readonly log: Log;
  readonly file: FreezeFile;
  readonly journal: Pick<Journal, 'append'>;
  readonly replies: Replies;
  readonly worker: string;
  readonly buttons: readonly string[];
  /** the button is another online worker's business, who answers */
  readonly isOthers: (button: string) => boolean;
  readonly onChange: () => void;
  /** What goes on in Argo CD although it is frozen, in words: of all buttons, or of one. */
  readonly goesOn?: (button: string | undefined) => readonly string[];
}

/** Timers are set anew at least so often, since the wall clock may be moved. In milliseconds. */
const longestTimerMs = 10_000;

/** So many syncs that go on are named in a reply. */
const goesOnMax = 3;

export function createFreeze(options: FreezeOptions): Freeze {
  const { link, clock, log, file: freezeFile, replies, onChange } = options;
  let state: FreezeState = nothingFrozen;
  let timer: Timer | undefined;
  let running = false;
  let file: 'read' | 'absent' | 'unreadable' = 'read';
  /** The broker's copy has been read on the present connection, so what is known here is what holds. */
  let isCurrent = false;
  /** counts the ends of connections: a copy that was read on an earlier one makes nothing current */
  let cuts = 0;
  /** What has happened here while that was not so: it holds whatever the copy says. */
  const unsaid: FreezeRequest[] = [];
  let queue: Promise<unknown> = Promise.resolve();
  let forget = () => {};

  const messageOfState = (of: FreezeState) => toMessage(of, options.worker);
  let publish: (message: FreezeMessage) => Promise<boolean> = () => Promise.resolve(false);
  const say = () => {
    void publish(messageOfState(state));
    onChange();
  };
  /** Only who knows what holds may claim to have changed it last. */
  const changed = (next: FreezeState, now: number): FreezeState =>
    isCurrent ? { ...next, changedAt: changedAfter(state, now) } : next;
  const moment = (): Moment => ({ now: clock.now(), monotonic: clock.monotonic() });
  const arm = () => {
    timer?.cancel();
    const endsInMs = firstEndIn(state, moment());
    if (!running || endsInMs === Infinity) return;
    // Of what has ended just now too: only the look takes it out, and says so.
    timer = clock.setTimeout(lookAtTime, Math.min(Math.max(0, endsInMs), longestTimerMs));
  };
  const lookAtTime = () => {
    const at = moment();
    const left = stillFrozen(state, at);
    const ended =
      (left.all === undefined) !== (state.all === undefined) || left.buttons.size < state.buttons.size;
    const next = withTrueEnds(left, at);
    if (ended) log.info('the time of a freeze is over');
    if (next !== left)
      log.warn(
        `the clock of this machine was put forward; a freeze for a duration lasts as long as asked for: ${inWordsOfRequest(next, undefined)}`,
      );
    if (ended || next !== left) {
      state = changed(next, at.now);
      say();
      void enqueue(save);
    }
    arm();
  };
  const save = async () => {
    try {
      await freezeFile.write(state);
    } catch (error) {
      log.error(messageOf(error));
    }
  };
  const enqueue = <T>(task: () => Promise<T> | T): Promise<T> => {
    const done = queue.then(task);
    queue = done.catch(() => {});
    return done;
  };

  const goingOn = (button: string | undefined) => {
    const all = options.goesOn?.(button) ?? [];
    const named = all.slice(0, goesOnMax).join(', ');
    const more = all.length > goesOnMax ? ` and ${all.length - goesOnMax} more` : '';
    return all.length === 0
      ? ''
      : `; not kept from going on: ${named}${more} (\`release-button terminate\` ends it)`;
  };

  const isOurs = ({ button }: FreezeRequest) =>
    button === undefined || options.buttons.includes(button) || !options.isOthers(button);

  /**
   * A freeze counts although it cannot be written; the end of one does not: after a restart it would be there again.
   * Undefined: nobody can be told what holds, since the connection was cut.
   */
  const take = async (request: FreezeRequest): Promise<Answered | undefined> => {
    const { button, until } = request;
    const at = moment();
    const { now } = at;
    if (button !== undefined && !options.buttons.includes(button))
      return { ok: false, message: `no button ${button} is configured here` };
    const unclear = unclearEnd(request);
    if (unclear !== undefined) return { ok: false, message: unclear };
    if (request.frozen && until !== undefined && fromTime(until) <= now)
      return { ok: false, message: `${until} is over already; it is ${toTime(now)} here` };
    const before = stillFrozen(state, at);
    if (!request.frozen && !isAnythingFrozen(before, button))
      return { ok: true, message: inWordsOfRequest(before, button, true) };
    const next = changed(afterRequest(before, { by: 'mqtt', ...request }, at), now);
    if (request.frozen) {
      // It holds at once: a disk may stand still for seconds, and a press meanwhile must release nothing.
      state = next;
      onChange();
    }
    const carriedOut = await (request.frozen ? freezeBy(next) : liftBy(next));
    if (carriedOut === undefined || !carriedOut.ok) return carriedOut;
    file = 'read';
    // Writing takes a while, and what has ended meanwhile must not come back.
    state = stillFrozen(next, moment());
    if (request.frozen) say();
    else onChange();
    arm();
    await note(request, now);
    const isUnset = request.forSeconds !== undefined && !isClockSet(now);
    const doubt = isUnset ? `; the clock of the worker's machine is not set yet, so it counts from now` : '';
    const message = `${inWordsOfRequest(state, button)}${doubt}${carriedOut.message}${request.frozen ? goingOn(button) : ''}`;
    log.warn(message);
    return { ok: true, message };
  };
  const freezeBy = async (next: FreezeState) => {
    try {
      await freezeFile.write(next);
      return { ok: true, message: '' };
    } catch (error) {
      log.error(messageOf(error));
      return { ok: true, message: `; but ${messageOf(error)}, so a restart of the worker forgets it` };
    }
  };
  /**
   * The broker has it before the disk. The other way round, a lift that was cut off on its way would come true when this
   * process is back, long after somebody else has said that the freeze holds.
   */
  const liftBy = async (next: FreezeState) => {
    let said = false;
    try {
      // Whether it can be written at all, before anybody hears of it.
      await freezeFile.write(state);
      said = await publish(messageOfState(next));
      if (!said) return undefined;
      await freezeFile.write(next);
      return { ok: true, message: '' };
    } catch (error) {
      log.error(messageOf(error));
      if (said) {
        state = { ...state, changedAt: changedAfter(next, clock.now()) };
        say();
      }
      return { ok: false, message: `still frozen: ${messageOf(error)}` };
    }
  };
  const note = async ({ id, ...request }: FreezeRequest, now: number) => {
    try {
      await options.journal.append(
        { type: 'freeze', at: toTime(now), by: 'mqtt', ...request },
        { flush: false },
      );
    } catch (error) {
      log.error(messageOf(error));
    }
  };

  const load = async () => {
    try {
      const found = await freezeFile.read();
      if (found === 'absent') file = 'absent';
      else state = stillFrozen(restored(found, moment()), moment());
    } catch (error) {
      // What it said is lost, and a freeze must not be: somebody has to look.
      log.error(messageOf(error));
      file = 'unreadable';
      state = frozenSince(messageOf(error));
    }
  };
  const frozenSince = (reason: string): FreezeState => ({
    all: { at: toTime(clock.now()), reason: reason.slice(0, 200), by: options.worker },
    buttons: new Map(),
  });

  const withStored = (stored: Decoded<FreezeMessage>): FreezeState => {
    if (!stored.ok)
      return file === 'absent'
        ? frozenSince(`what the broker has stored at ${freezeState.template} cannot be read: ${stored.error}`)
        : state;
    const theirs = restored(fromMessage(stored.value), moment());
    const { worker } = stored.value;
    if (worker !== undefined && worker !== options.worker) return withOthers(state, theirs);
    if (file !== 'unreadable') return laterOf(state, theirs);
    // As if both had changed at once: what could not be read may have been a freeze.
    const { changedAt: _, ...known } = state;
    return laterOf(
      theirs.changedAt === undefined ? known : { ...known, changedAt: theirs.changedAt },
      theirs,
    );
  };
  /**
   * Decides which holds, the broker's copy or what is known here, and gives what is to be published.
   * @param isLate its connection has been cut meanwhile
   */
  const onStored = (stored: Decoded<FreezeMessage> | undefined, isLate: boolean): FreezeMessage => {
    const at = moment();
    const before = state;
    state = stillFrozen(stored === undefined ? state : withStored(stored), at);
    if (stored !== undefined) file = 'read';
    isCurrent = !isLate;
    for (const request of isLate ? [] : unsaid.splice(0))
      state = changed(afterRequest(state, request, at), at.now);
    if (!isDeepStrictEqual(state, before)) void enqueue(save);
    if (!isDeepStrictEqual([state.all, state.buttons], [before.all, before.buttons]))
      log.warn(`${inWordsOfRequest(state, undefined)}, by what the broker had stored`);
    arm();
    onChange();
    return messageOfState(state);
  };

  return {
    start: async () => {
      running = true;
      await load();
      forget = link.onState(({ state: now }) => {
        if (now === 'connected') return;
        isCurrent = false;
        cuts += 1;
      });
      publish = link.share(freezeState.at({}), freezeState.filter(), (stored) => {
        const before = cuts;
        return enqueue(() => onStored(stored, before !== cuts));
      });
      onChange();
      arm();
      takeRequests({ link, replies, log, channel: freezeSet, params: {} }, (request, about) => {
        if (!isOurs(request)) return;
        const answer = async () => {
          // Without knowing what holds, nothing can be changed; and who has asked hears no answer where the
          // connection was cut: what another process has said in between may hold instead.
          if (!(await link.whenRead())) return;
          const answered = await enqueue(() => take(request));
          if (isCurrent && answered !== undefined) replies.answer(about, request.id, answered);
        };
        void answer();
      });
    },
    stop: async () => {
      running = false;
      forget();
      timer?.cancel();
      await queue;
    },
    of: (button) => freezeOf(state, button, moment()),
    ofAll: () => {
      const { all } = stillFrozen(state, moment());
      return all === undefined ? undefined : frozenOf(all);
    },
    freezeButton: (button, reason, by) =>
      enqueue(async () => {
        const request: FreezeRequest = { frozen: true, button, reason, by };
        await take(request);
        if (!isCurrent) unsaid.push(request);
      }),
  };
}
