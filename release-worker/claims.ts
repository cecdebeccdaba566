// Which worker on the prefix has which buttons, as each says in its info. A button that two workers have releases nothing:
// nobody could tell which Argo CD a press is for.
//
// Exactly one worker answers a press, although each decides alone. They agree because the broker gives all of them presses
// and `online` in the same order, and each worker also hears its own `online`. A press belongs to a worker that came online
// before it. So a worker that has just connected leaves such a press to the others.
//
// The retained info of a worker stays while that worker is offline. Nobody answers a press of a button that only offline
// workers have: its worker exists and cannot answer.
import { workerAvailability, workerInfo } from '../messages/worker.ts';
import type { Clock, Timer } from '../service/clock.ts';
import type { Health } from '../service/health.ts';
import type { Link } from '../service/link/link.ts';
import type { Log } from '../service/log.ts';
import { createButtonLists } from './button-lists.ts';
import { createOnlineTimes } from './online-times.ts';

export interface Claims {
  /** Subscribes. To be called before the link starts. */
  start(): void;
  stop(): void;
  /**
   * Whether this worker answers a press that arrives now. Of several online workers that have the button, the first one by
   * id answers. If no worker has it, also no offline one, the first online worker answers. A promise: just after a connect
   * that turns out a little later.
   */
  answers(button: string): boolean | Promise<boolean>;
  /** Whether requests about the button are for another worker, which may be offline. */
  isOthers(button: string): boolean;
  /** In words, that another online worker has this button of ours too. */
  claimedTwice(button: string): string | undefined;
}

/** More workers than anybody runs on one prefix. */
const workersMax = 1_000;
/** MQTT does not say when all retained messages have come: none has come for so long. */
const quietMs = 500;
/** The broker gives our own `online` back within milliseconds, unless the account may not read it. */
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
  /** Another worker, or what it has, has changed. */
  readonly onChange: () => void;
}): Claims {
  const { link, worker, clock, log, onChange } = options;
  const health = options.health.check('buttons', 'degraded');
  const online = createOnlineTimes(workersMax);
  /** As the broker has them, also of this worker: all workers must judge by the same lists. */
  const lists = createButtonLists(workersMax);
  let connection = 0;
  let position = 0;
  /** All retained messages have come on this connection. */
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
  /** Of these online workers. Undefined: none of them, because an offline worker has the button. */
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
    // If no worker could answer, the worker that came next takes the press of its button.
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
    for (const one of settled) one.resolve(isOurs(one));
    online.forgetPast();
    lists.forgetPast();
  };
  /** What is not known by now never will be, and another worker may have answered. */
  const giveUp = () => {
    for (const { resolve } of waiting) resolve(false);
    waiting = [];
  };

  const cancelTimers = () => {
    for (const timer of timers) timer.cancel();
    timers = [];
    quiet?.cancel();
  };
  /** Everything retained has come: what only an earlier connection knew is over. */
  const read = () => {
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
    if (isSubscribed && !isRead) quiet = clock.setTimeout(read, quietMs);
  };
  const onConnected = () => {
    connection += 1;
    online.connected();
    lists.connected();
    isOwnOnlineMissing = false;
    const on = connection;
    void Promise.all([link.whenRead(), link.subscribed()]).then(([isComplete]) => {
      if (!isComplete || on !== connection) return;
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
        lists.heard(params.worker, message?.buttons.map(({ id }) => id) ?? [], {
          position,
          isRetained: retained,
        });
        settle();
        changed();
      });
      link.subscribe(workerAvailability.filter(), (message, { params, retained }) => {
        if (retained) waitForQuiet();
        position += 1;
        online.heard(params.worker, message === 'online', { position, isRetained: retained });
        if (params.worker === worker && message === 'online') isOwnOnlineMissing = false;
        settle();
        changed();
      });
    },
    stop: () => {
      isStopped = true;
      // What still waits for retained messages ends here.
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
      // Nothing would settle it any more, and the stop of the worker waits for presses.
      if (isStopped) return false;
      return new Promise((resolve) => {
        waiting.push({ ...press, resolve });
      });
    },
    isOthers: (button) => answererOf([worker, ...others()], button) !== worker,
    claimedTwice,
  };
}
