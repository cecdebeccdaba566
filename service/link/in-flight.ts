// Messages on their way to the broker: a limited number at a time, in order, each with a deadline for its acknowledgement.
import type { Clock, Timer } from '../clock.ts';

export type Acknowledgement = 'acknowledged' | 'refused' | 'timed-out' | 'not-connected';

export interface InFlightOptions<Message> {
  readonly clock: Clock;
  /** The most unacknowledged messages, at least 1 */
  readonly window: number;
  readonly write: (message: Message, done: (refused: boolean) => void) => void;
  /** A sent message was not acknowledged in time. */
  readonly onUnacknowledged: (message: Message) => void;
}

export interface Sending {
  readonly timeoutMs: number;
  readonly fromNow?: boolean;
  readonly first?: boolean;
}

export interface InFlight<Message> {
  /**
   * @param how.timeoutMs the deadline, in milliseconds from the moment when the message is sent
   * @param how.fromNow the deadline counts from now instead
   * @param how.first sends the message before all messages that wait
   */
  send(message: Message, how: Sending): Promise<Acknowledgement>;
  /** Resolves when no message waits and none is unacknowledged. */
  idle(): Promise<void>;
  /** Ends all messages that wait or are unacknowledged as `not-connected`. */
  close(): void;
}

interface Entry<Message> {
  readonly message: Message;
  readonly timeoutMs: number;
  readonly settle: (outcome: Acknowledgement) => void;
  timer: Timer | undefined;
  written: boolean;
}

export function createInFlight<Message>(options: InFlightOptions<Message>): InFlight<Message> {
  const { clock, window, write, onUnacknowledged } = options;
  const waiting: Entry<Message>[] = [];
  const urgent: Entry<Message>[] = [];
  const unacknowledged = new Set<Entry<Message>>();
  let idlers: (() => void)[] = [];
  let closed = false;
  let pumping = false;

  const forget = (entry: Entry<Message>) => {
    for (const queue of [urgent, waiting]) {
      const at = queue.indexOf(entry);
      if (at >= 0) queue.splice(at, 1);
    }
  };

  const startTimer = (entry: Entry<Message>) => {
    entry.timer ??= clock.setTimeout(() => {
      forget(entry);
      entry.settle('timed-out');
      if (entry.written) onUnacknowledged(entry.message);
    }, entry.timeoutMs);
  };

  const tellIdlers = () => {
    if (unacknowledged.size + waiting.length + urgent.length > 0 && !closed) return;
    for (const idler of idlers) idler();
    idlers = [];
  };

  const hasRoom = () => !closed && unacknowledged.size < window;

  const pump = () => {
    // Otherwise, messages that are acknowledged while they are sent would nest as many calls as the queue is long.
    if (pumping) return;
    pumping = true;
    while (hasRoom()) {
      const entry = urgent.shift() ?? waiting.shift();
      if (entry === undefined) break;
      unacknowledged.add(entry);
      entry.written = true;
      startTimer(entry);
      write(entry.message, (refused) => {
        unacknowledged.delete(entry);
        entry.settle(refused ? 'refused' : 'acknowledged');
        pump();
      });
    }
    pumping = false;
    tellIdlers();
  };

  return {
    send: (message, { timeoutMs, fromNow = false, first = false }) =>
      new Promise((resolve) => {
        if (closed) {
          resolve('not-connected');
          return;
        }
        const entry: Entry<Message> = {
          message,
          timeoutMs,
          timer: undefined,
          written: false,
          settle: (outcome) => {
            entry.timer?.cancel();
            resolve(outcome);
          },
        };
        (first ? urgent : waiting).push(entry);
        if (fromNow) startTimer(entry);
        pump();
      }),
    idle: () =>
      new Promise((resolve) => {
        idlers.push(resolve);
        tellIdlers();
      }),
    close: () => {
      if (closed) return;
      closed = true;
      for (const entry of [...unacknowledged, ...urgent, ...waiting]) entry.settle('not-connected');
      unacknowledged.clear();
      urgent.length = 0;
      waiting.length = 0;
      tellIdlers();
    },
  };
}
