// Decides which worker on the prefix answers a press, from the buttons that each worker lists in its info. If two online
// workers have the same button, it releases nothing, because nobody could tell which Argo CD a press is for.
//
// Exactly one worker answers a press, although each worker decides on its own. The workers agree, because the broker sends
// presses and `online` to all of them in the same order. A worker also receives its own `online`. It leaves an earlier press
// to the workers that were online when the press came. It may answer the press itself only if none of them could.
//
// The retained info of a worker stays while that worker is offline. If only offline workers have a button, nobody answers
// its presses: the button has a worker, but that worker cannot answer.
import { workerAvailability, workerInfo } from '../messages/worker.ts';
import type { Clock, Timer } from '../service/clock.ts';
import type { Health } from '../service/health.ts';
import type { Link } from '../service/link/link.ts';
import type { Log } from '../service/log.ts';
import { createButtonLists } from './button-lists.ts';
import { createOnlineTimes } from './online-times.ts';

export interface Claims {
  /** Subscribes. Call this before the link starts. */
  start(): void;
  stop(): void;
  /**
   * Whether this worker answers a press that arrives now. If several online workers have the button, the first by id
   * answers. If no worker has it, not even an offline one, the first by id of all online workers answers. Returns a promise
   * just after a connect, until the worker has read the lists of the others.
   */
  answers(button: string): boolean | Promise<boolean>;
  /** Whether another worker, perhaps an offline one, handles requests about the button. */
  isOthers(button: string): boolean;
  /** The error that another online worker has this button too, for people. Undefined: no other has it. */
  claimedTwice(button: string): string | undefined;
}

/** More workers than anybody runs on one prefix. Further ones are ignored. */
const workersMax = 1_000;
/** MQTT does not mark the last retained message. All have arrived if none has come for this time. In milliseconds. */
const quietMs = 500;
/** The broker returns our own `online` within milliseconds, unless the account may not read it. In milliseconds. */
const ownOnlineWithinMs = 2_000;

interface Waiting {
  readonly button: string;
  readonly position: number;
  readonly resolve: (isOurs: boolean) => void;
}

export function createClaims(options: {
  readonly link: Pick<Link, 'subscribe' | 'onState' | 'whenRead' | 'subscribed'>;
  readonly worker: string;
  readonly buttons: readonly string[];
  readonly clock: Clock;
  readonly health: Health;
  readonly log: Log;
  /** The online workers or their buttons may have changed. */
  readonly onChange: () => void;
}): Claims {
  const { link, worker, clock, log, onChange } = options;
  const health = options.health.check('buttons', 'degraded');
  const online = createOnlineTimes(workersMax);
  /** The lists on the broker, including this worker's own, so that all workers decide by the same lists */
  const lists = createButtonLists(workersMax);
  let connection = 0;
  let position = 0;
  /** All retained messages of this connection have arrived. */
  let isRead = false;
  /** The broker has answered the subscriptions, and shared state has been read. */
  let isSubscribed = false;
  let waiting: Waiting[] = [];
  let timers: Timer[] = [];
  let quiet: Timer | undefined;
  let isOwnOnlineMissing = false;
  let logged = '';
  let isStopped = false;
  let forget = () => {};

  const has = (id: string, button: string, at?: number) =>
    id === worker ? options.buttons.includes(button) : lists.has(id, button, at);
  const others = () => online.now().filter((id) => id !== worker);
  /** The one of these online workers that answers. Undefined: none does, because only offline workers have the button. */
  const answererOf = (ids: readonly string[], button: string, at?: number): string | undefined => {
    const holders = ids.filter((id) => has(id, button, at));
    if (holders.length === 0 && lists.isListed(button, at)) return undefined;
    return (holders.length > 0 ? holders : ids).toSorted()[0];
  };
  const claimedTwice = (button: string) => {
    const also = others().filter((id) => has(id, button));
    return also.length === 0
      ? undefined
      : `the workers ${[worker, ...also].sort().join(' and ')} both have the button ${button}, so it releases nothing. Give it to one of them (worker.buttons), or give the workers topic prefixes of their own (mqtt.topicPrefix)`;
  };
  const changed = () => {
    const messages = options.buttons.flatMap((button) => claimedTwice(button) ?? []);
    if (isOwnOnlineMissing)
      messages.push(
        `the broker does not send worker/${worker}/availability back to this worker, so a press may be answered twice while workers connect. Allow its account to read worker/+/availability and worker/+/info`,
      );
    const message = messages.join('; ');
    if (message === '') health.ok();
    else health.bad(message);
    if (message !== '' && message !== logged) log.error(message);
    logged = message;
    onChange();
  };

  const isOurs = ({ button, position: at }: Omit<Waiting, 'resolve'>): boolean => {
    // If no worker could answer when the press came, the worker with the button that came online next answers.
    const answerer =
      answererOf(online.at(at), button, at) ??
      online.after(at).find(({ worker: id, since }) => has(id, button, since))?.worker;
    return answerer === undefined
      ? isOwnOnlineMissing && answererOf([worker], button, at) === worker
      : answerer === worker;
  };
  const isSettled = () => isRead && (isOwnOnlineMissing || online.now().includes(worker));
  const settle = () => {
    if (!isSettled()) return;
    const settled = waiting;
    waiting = [];
    for (const press of settled) press.resolve(isOurs(press));
    online.forgetPast();
    lists.forgetPast();
  };
  /** Leaves the waiting presses to others: on this connection, it will never be known whether they are ours. */
  const giveUp = () => {
    for (const { resolve } of waiting) resolve(false);
    waiting = [];
  };

  const cancelTimers = () => {
    for (const timer of timers) timer.cancel();
    timers = [];
    quiet?.cancel();
  };
  /** All retained messages have arrived, so workers that only the previous connection knew are gone. */
  const onAllRead = () => {
    isRead = true;
    online.dropFormer();
    lists.dropFormer();
    settle();
    changed();
    timers.push(
      clock.setTimeout(() => {
        if (online.now().includes(worker)) return;
        isOwnOnlineMissing = true;
        settle();
        changed();
      }, ownOnlineWithinMs),
    );
  };
  const waitForQuiet = () => {
    quiet?.cancel();
    if (isSubscribed && !isRead) quiet = clock.setTimeout(onAllRead, quietMs);
  };
  const onConnected = () => {
    connection += 1;
    online.connected();
    lists.connected();
    isOwnOnlineMissing = false;
    const current = connection;
    void Promise.all([link.whenRead(), link.subscribed()]).then(([isComplete]) => {
      if (!isComplete || current !== connection) return;
      isSubscribed = true;
      waitForQuiet();
    });
  };

  return {
    start: () => {
      health.ok();
      forget = link.onState(({ state }) => {
        cancelTimers();
        isRead = false;
        isSubscribed = false;
        giveUp();
        if (state === 'connected') onConnected();
      });
      link.subscribe(workerInfo.filter(), (message, { params, retained }) => {
        if (retained) waitForQuiet();
        position += 1;
        lists.note(params.worker, message?.buttons.map(({ id }) => id) ?? [], {
          position,
          isRetained: retained,
        });
        settle();
        changed();
      });
      link.subscribe(workerAvailability.filter(), (message, { params, retained }) => {
        if (retained) waitForQuiet();
        position += 1;
        online.note(params.worker, message === 'online', { position, isRetained: retained });
        if (params.worker === worker && message === 'online') isOwnOnlineMissing = false;
        settle();
        changed();
      });
    },
    stop: () => {
      isStopped = true;
      // This ends the wait for retained messages.
      connection += 1;
      isSubscribed = false;
      forget();
      cancelTimers();
      giveUp();
    },
    answers: (button) => {
      position += 1;
      const press = { button, position };
      if (isSettled()) return isOurs(press);
      // Nothing would settle this press any more, and the worker could not stop, because it waits for all presses.
      if (isStopped) return false;
      return new Promise((resolve) => {
        waiting.push({ ...press, resolve });
      });
    },
    isOthers: (button) => answererOf([worker, ...others()], button) !== worker,
    claimedTwice,
  };
}
