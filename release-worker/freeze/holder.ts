// Holds the freeze state: publishes it, writes it to disk, and ends each freeze in time.
import type { Clock, Timer } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import { firstEndIn, withTrueEnd } from './ends.ts';
import type { Moment } from './ends.ts';
import type { FreezeFile } from './file.ts';
import { changedAfter } from './merge.ts';
import { nothingFrozen, stillFrozen } from './state.ts';
import type { FreezeState } from './state.ts';
import { inWordsOfState } from './words.ts';

export interface Holder {
  get(): FreezeState;
  /** Sets the state without publishing it. */
  set(state: FreezeState): void;
  /** Whether the broker's copy has been read on the present connection, so that this state is current. */
  isCurrent: boolean;
  /** The time of a change, later than all before. Undefined: the state is not current, so other changes may be later. */
  changeTime(now: number): number | undefined;
  moment(): Moment;
  /** Publishes the state. */
  publish(): void;
  /** Writes the state to disk. An error is logged. */
  save(): Promise<void>;
  /** Runs tasks one after the other. */
  enqueue<T>(task: () => Promise<T> | T): Promise<T>;
  start(): void;
  /** Resolves when all tasks in the queue are done. */
  stop(): Promise<void>;
}

/** Timers are set again at least this often, because the wall clock may be changed. In milliseconds. */
const longestTimerMs = 10_000;

export function createHolder(options: {
  readonly clock: Clock;
  readonly log: Log;
  readonly file: FreezeFile;
  readonly publish: (state: FreezeState) => void;
  readonly onChange: (state: FreezeState) => void;
}): Holder {
  const { clock, log, file, publish, onChange } = options;
  let state: FreezeState = nothingFrozen;
  let timer: Timer | undefined;
  let running = false;
  let queue: Promise<unknown> = Promise.resolve();

  const arm = () => {
    timer?.cancel();
    const endsInMs = firstEndIn(state.causes, holder.moment());
    if (!running || endsInMs === Infinity) return;
    // Also set if a freeze has just ended: only `endOverdue` removes and reports it.
    timer = clock.setTimeout(endOverdue, Math.min(Math.max(0, endsInMs), longestTimerMs));
  };
  const endOverdue = () => {
    const at = holder.moment();
    const changedAt = holder.changeTime(at.now);
    const left = stillFrozen(state, at, changedAt);
    const next = withTrueEnds(left, at, changedAt);
    if (left !== state) log.info('a freeze has ended, because its time has come');
    if (next !== left)
      log.warn(
        `the clock of this machine was set forward; a freeze for a duration keeps its full length: ${inWordsOfState(next)}`,
      );
    if (next === state) {
      arm();
      return;
    }
    holder.set(next);
    holder.publish();
    void holder.enqueue(holder.save);
  };

  const holder: Holder = {
    get: () => state,
    set: (next) => {
      state = next;
      onChange(state);
      arm();
    },
    isCurrent: false,
    changeTime: (now) => (holder.isCurrent ? changedAfter(state, now) : undefined),
    moment: () => ({ now: clock.now(), monotonic: clock.monotonic() }),
    publish: () => publish(state),
    save: async () => {
      try {
        await file.write(state);
      } catch (error) {
        log.error(messageOf(error));
      }
    },
    enqueue: (task) => {
      const done = queue.then(task);
      queue = done.catch(() => {});
      return done;
    },
    start: () => {
      running = true;
      arm();
    },
    stop: async () => {
      running = false;
      timer?.cancel();
      // A task may have added another one to the queue.
      for (let last: unknown; last !== queue;) {
        last = queue;
        await queue;
      }
    },
  };
  return holder;
}

/** Corrects the ends if the wall clock was set forward. Returns the same object if it was not. */
function withTrueEnds(state: FreezeState, moment: Moment, changedAt: number | undefined): FreezeState {
  let isChanged = false;
  const causes = state.causes.map((cause) => {
    const next = withTrueEnd(cause, moment);
    if (next === cause) return cause;
    isChanged = true;
    return changedAt === undefined ? next : { ...next, changedAt };
  });
  if (!isChanged) return state;
  return { ...state, causes, ...(changedAt === undefined ? {} : { changedAt }) };
}
