// The freeze at work: takes requests, remembers them on the disk, says what holds, and ends it when its time is over.
import { freezeSet, freezeState } from '../../messages/freeze.ts';
import type { FreezeRequest, Frozen } from '../../messages/freeze.ts';
import { fromTime, toTime } from '../../messages/time.ts';
import type { Clock, Timer } from '../../service/clock.ts';
import type { Link } from '../../service/link/link.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { Journal } from '../releases/journal.ts';
import type { Replies } from '../replies.ts';
import { takeRequests } from '../requests.ts';
import type { FreezeFile } from './file.ts';
import { fromMessage, toMessage } from './message.ts';
import type { FreezeState } from './state.ts';
import { afterRequest, firstEndOf, freezeOf, inWordsOfRequest, nothingFrozen, stillFrozen } from './state.ts';

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
}

/** The retained copy arrives after the subscription is answered, and at once. In milliseconds. */
const retainedWithinMs = 500;
/** Timers are set anew at least so often, since the wall clock may be moved. In milliseconds. */
const longestTimerMs = 60_000;

export function createFreeze(options: FreezeOptions): Freeze {
  const { link, clock, log, file, replies, onChange } = options;
  let state: FreezeState = nothingFrozen;
  let timer: Timer | undefined;
  /** for the retained copy, where there is no file */
  let waiting: Timer | undefined;
  let running = false;
  /** without a file the retained copy of a former run counts, if it comes */
  let mayAdopt = false;
  let queue: Promise<void> = Promise.resolve();
  let forget = () => {};

  const say = () => {
    link.publish(freezeState.at({}), toMessage(state));
    onChange();
  };
  const arm = () => {
    timer?.cancel();
    const endsAt = firstEndOf(state);
    if (!running || endsAt === Infinity) return;
    // Of what has ended just now too: only the look takes it out, and says so.
    const waitMs = Math.min(Math.max(0, endsAt - clock.now()), longestTimerMs);
    timer = clock.setTimeout(lookAtTime, waitMs);
  };
  const lookAtTime = () => {
    const left = stillFrozen(state, clock.now());
    const ended =
      (left.all === undefined) !== (state.all === undefined) || left.buttons.size < state.buttons.size;
    if (ended) {
      log.info('the time of a freeze is over');
      state = left;
      say();
      void enqueue(save);
    }
    arm();
  };
  const save = async () => {
    try {
      await file.write(state);
    } catch (error) {
      log.error(messageOf(error));
    }
  };
  const enqueue = (task: () => Promise<void>): Promise<void> => {
    queue = queue.then(task);
    return queue;
  };

  const isOurs = ({ button }: FreezeRequest) =>
    button === undefined || options.buttons.includes(button) || !options.isOthers(button);

  /** A freeze counts although it cannot be written; the end of one does not: after a restart it would be there again. */
  const take = async (request: FreezeRequest): Promise<{ ok: boolean; message: string }> => {
    const { button, until } = request;
    const now = clock.now();
    if (button !== undefined && !options.buttons.includes(button))
      return { ok: false, message: `no button ${button} is configured here` };
    if (request.frozen && until !== undefined && fromTime(until) <= now)
      return { ok: false, message: `${until} is over already; it is ${toTime(now)} here` };
    const next = afterRequest(stillFrozen(state, now), { by: 'mqtt', ...request }, now);
    let warning = '';
    try {
      await file.write(next);
    } catch (error) {
      log.error(messageOf(error));
      if (!request.frozen) return { ok: false, message: `still frozen: ${messageOf(error)}` };
      warning = `; but ${messageOf(error)}, so a restart of the worker forgets it`;
    }
    mayAdopt = false;
    // Writing takes a while, and what has ended meanwhile must not come back.
    state = stillFrozen(next, clock.now());
    say();
    arm();
    await note(request, now);
    const message = `${inWordsOfRequest(state, button)}${warning}`;
    log.warn(message);
    return { ok: true, message };
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
      const found = await file.read();
      if (found === 'absent') mayAdopt = true;
      else state = stillFrozen(found, clock.now());
    } catch (error) {
      // What it said is lost, and a freeze must not be: somebody has to look.
      log.error(messageOf(error));
      state = {
        all: { at: toTime(clock.now()), reason: messageOf(error).slice(0, 200), by: options.worker },
        buttons: new Map(),
      };
    }
  };
  const adopt = () => {
    link.subscribe(freezeState.filter(), (message, { retained }) => {
      if (!mayAdopt || !retained || message === undefined) return;
      mayAdopt = false;
      state = stillFrozen(fromMessage(message), clock.now());
      void enqueue(save);
      arm();
      onChange();
    });
    // The first word of ours replaces the retained one, so it waits for that.
    forget = link.onState(({ state: now }) => {
      if (now !== 'connected') return;
      forget();
      void link.subscribed().then(() => {
        if (!running) return;
        waiting = clock.setTimeout(() => {
          say();
          mayAdopt = false;
        }, retainedWithinMs);
      });
    });
  };

  return {
    start: async () => {
      running = true;
      await load();
      if (mayAdopt) adopt();
      else say();
      arm();
      takeRequests({ link, replies, log, channel: freezeSet, params: {} }, (request, about) => {
        if (isOurs(request)) void enqueue(async () => replies.answer(about, request.id, await take(request)));
      });
    },
    stop: async () => {
      running = false;
      forget();
      timer?.cancel();
      waiting?.cancel();
      await queue;
    },
    of: (button) => freezeOf(state, button, clock.now()),
    ofAll: () => stillFrozen(state, clock.now()).all,
    freezeButton: (button, reason, by) =>
      enqueue(async () => {
        await take({ frozen: true, button, reason, by });
      }),
  };
}
