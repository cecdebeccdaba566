// Turns gestures into presses: sends each now or never, counts them, and waits for the results.
import { randomUUID } from 'node:crypto';
import { buttonEvent } from '../messages/button.ts';
import { buttonPress } from '../messages/press.ts';
import type { Press, PressReason, PressResult } from '../messages/press.ts';
import type { ClockState } from '../messages/presence.ts';
import { toTime } from '../messages/time.ts';
import type { Clock, Timer } from '../service/clock.ts';
import type { Acknowledgement } from '../service/link/in-flight.ts';
import { messageOf } from '../service/log.ts';
import type { Log } from '../service/log.ts';
import type { FiredGesture } from './gestures.ts';
import type { AgentMetrics } from './metrics.ts';
import type { AgentLink } from './options.ts';

interface PressRecord {
  readonly presses: number;
  readonly droppedPresses: number;
  /** In RFC 3339. Absent while the clock is not known to be synchronised */
  readonly lastPressAt?: string;
  /** When the last press failed to reach the broker, in monotonic ms. */
  readonly droppedAt?: number;
  /** True if the last press got no result in time, and the signal has not changed since. */
  readonly unanswered: boolean;
  /** When the last press was refused, in monotonic ms. */
  readonly refused?: { readonly since: number; readonly reason: PressReason | undefined };
}

export interface Presses {
  send(button: string, fired: FiredGesture): void;
  hearResult(result: PressResult): void;
  /** The signal of the button changed, which says more than a missing result. */
  signalChanged(button: string): void;
  of(button: string): PressRecord;
  stop(): void;
}

interface Waiting {
  readonly button: string;
  /** Answered, or no longer waited for. */
  settled: boolean;
  timer: Timer | undefined;
}

interface Counted {
  presses: number;
  droppedPresses: number;
  lastPressId: string | undefined;
  lastPressAt: string | undefined;
  droppedAt: number | undefined;
  unanswered: boolean;
  refused: PressRecord['refused'];
}

export function createPresses(options: {
  readonly agent: string;
  readonly link: AgentLink;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: AgentMetrics;
  readonly resultTimeoutMs: number;
  readonly clockSynchronised: () => ClockState;
  /** True if the worker that owns the button is known to be online. */
  readonly workerOnline: (button: string) => boolean;
  /** The value of `of` has changed. */
  readonly onChange: (button: string) => void;
}): Presses {
  const { agent, link, clock, log, metrics, resultTimeoutMs, workerOnline, onChange } = options;
  const records = new Map<string, Counted>();
  const waiting = new Map<string, Waiting>();

  const recordOf = (button: string): Counted => {
    const existing = records.get(button);
    if (existing !== undefined) return existing;
    const record: Counted = {
      presses: 0,
      droppedPresses: 0,
      lastPressId: undefined,
      lastPressAt: undefined,
      droppedAt: undefined,
      unanswered: false,
      refused: undefined,
    };
    records.set(button, record);
    return record;
  };

  const drop = (button: string, id: string, why: Exclude<Acknowledgement, 'acknowledged'> | Error) => {
    const reason = why instanceof Error ? messageOf(why) : why;
    const record = recordOf(button);
    record.droppedPresses += 1;
    if (record.lastPressId === id) record.droppedAt = clock.monotonic();
    metrics.dropped(button, why instanceof Error ? 'error' : why);
    log.warn(
      { button, press: id, reason },
      `press ${id} of button ${button} was dropped (${reason}): the broker did not accept it, and the agent will not send it later. Press again once the light no longer shows offline`,
    );
    onChange(button);
  };

  const giveUp = (button: string, id: string) => {
    waiting.delete(id);
    metrics.unanswered(button);
    log.warn(
      { button, press: id },
      `press ${id} of button ${button} got no result within ${resultTimeoutMs} ms, although its worker was online. The log and the journal of the worker show what became of it`,
    );
    const record = recordOf(button);
    if (record.lastPressId !== id) return;
    record.unanswered = true;
    onChange(button);
  };

  const deliver = async (id: string, press: Press, entry: Waiting, expectsResult: boolean) => {
    const { button } = entry;
    let outcome: Acknowledgement | Error;
    try {
      outcome = await link.publishNow(buttonPress.at({ button }), press);
    } catch (error) {
      outcome = error instanceof Error ? error : new Error(messageOf(error));
    }
    if (entry.settled) return;
    if (outcome === 'acknowledged' && expectsResult) {
      entry.timer = clock.setTimeout(() => giveUp(button, id), resultTimeoutMs);
      return;
    }
    waiting.delete(id);
    if (outcome === 'acknowledged')
      log.warn(
        { button, press: id },
        `press ${id} of button ${button} may get no result, because no worker of the button is known to be online. Press again once the light no longer shows offline`,
      );
    else drop(button, id, outcome);
  };

  const announce = async (button: string, fired: FiredGesture, at: { readonly at?: string }) => {
    const { gesture, heldMs } = fired;
    try {
      await link.publishNow(buttonEvent.at({ button }), {
        event_type: gesture,
        ...(heldMs === undefined ? {} : { heldMs: Math.round(heldMs) }),
        ...at,
      });
    } catch (error) {
      log.warn(
        { err: error, button },
        `the event of button ${button} could not be sent: ${messageOf(error)}`,
      );
    }
  };

  return {
    send: (button, fired) => {
      const { gesture, heldMs } = fired;
      const id = randomUUID();
      // Without a synchronised clock the press carries no time, because the worker would refuse it as stale. If the process was
      // paused, the finger pressed earlier than now.
      const ageMs = Math.max(0, clock.monotonic() - fired.at);
      const at = options.clockSynchronised() === true ? { at: toTime(clock.now() - ageMs) } : {};
      const record = recordOf(button);
      record.presses += 1;
      record.lastPressId = id;
      record.lastPressAt = at.at ?? record.lastPressAt;
      record.droppedAt = undefined;
      record.unanswered = false;
      record.refused = undefined;
      metrics.press(button, gesture);
      const entry: Waiting = { button, settled: false, timer: undefined };
      waiting.set(id, entry);
      const press: Press = {
        id,
        gesture,
        ...(heldMs === undefined ? {} : { heldMs: Math.round(heldMs) }),
        source: 'gpio',
        agent,
        ...at,
      };
      void deliver(id, press, entry, workerOnline(button));
      void announce(button, fired, at);
      log.info({ button, press: id, gesture }, `button ${button}: ${gesture}, sent as press ${id}`);
      onChange(button);
    },
    hearResult: (result) => {
      const record = records.get(result.button);
      let answersLast = record?.lastPressId === result.pressId;
      // If there are too many presses, the worker answers one a second for all of them.
      for (const [id, entry] of waiting) {
        if (id !== result.pressId && !(result.reason === 'too-many' && entry.button === result.button))
          continue;
        entry.settled = true;
        entry.timer?.cancel();
        waiting.delete(id);
        answersLast ||= record?.lastPressId === id;
        log.info(
          { button: result.button, press: id, outcome: result.outcome },
          `press ${id}: ${result.message}`,
        );
      }
      if (record === undefined || !answersLast) return;
      const isNews = record.unanswered || result.outcome === 'rejected';
      record.unanswered = false;
      if (result.outcome === 'rejected') record.refused = { since: clock.monotonic(), reason: result.reason };
      if (isNews) onChange(result.button);
    },
    signalChanged: (button) => {
      const record = records.get(button);
      if (record?.unanswered !== true) return;
      record.unanswered = false;
      onChange(button);
    },
    of: (button) => {
      const { presses, droppedPresses, lastPressAt, droppedAt, unanswered, refused } = recordOf(button);
      return {
        presses,
        droppedPresses,
        ...(lastPressAt === undefined ? {} : { lastPressAt }),
        ...(droppedAt === undefined ? {} : { droppedAt }),
        unanswered,
        ...(refused === undefined ? {} : { refused }),
      };
    },
    stop: () => {
      for (const entry of waiting.values()) {
        entry.settled = true;
        entry.timer?.cancel();
      }
      waiting.clear();
    },
  };
}
