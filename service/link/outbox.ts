// What to send on the next connection: the retained state that we own, and recent events.
import type { Clock } from '../clock.ts';
import type { Outgoing } from './wire.ts';

export interface Outbox {
  /** Remembers owned state. For each topic, only the newest message counts. */
  remember(message: Outgoing): void;
  /** Forgets owned state, and remembers that the broker must clear its copy. Returns the message that clears it. */
  forget(topic: string): Outgoing;
  /** Forgets owned state. The broker keeps its copy. */
  leave(topic: string): void;
  /** The broker has accepted the message that clears a topic. */
  cleared(message: Outgoing): void;
  /** The owned state of a topic. */
  state(topic: string): Outgoing | undefined;
  /**
   * Keeps an event until it is done or too old.
   * @param onAcknowledged called when the broker has acknowledged the event, on any connection
   */
  keep(message: Outgoing, onAcknowledged?: () => void): void;
  /** The broker has acknowledged the event, or refused it for good. */
  done(message: Outgoing, how: 'acknowledged' | 'refused'): void;
  /** All owned state and all topics to clear, then the events that are still young enough, oldest first. */
  pending(): { readonly states: readonly Outgoing[]; readonly events: readonly Outgoing[] };
  dropEvents(): void;
}

/** In milliseconds. An older event is no longer sent. */
const keepEventsMs = 60_000;
const keepEventsMax = 1_000;
/** The limit for all kept events together, in characters. The oldest are dropped first. A small machine has only 512 MB. */
const keepEventsLength = 4 * 1024 * 1024;

export function createOutbox(clock: Clock): Outbox {
  const states = new Map<string, Outgoing>();
  const clears = new Map<string, Outgoing>();
  /** In the order of their arrival. `until`: the monotonic time until which each may be sent */
  const events = new Map<Outgoing, { readonly until: number; readonly onAcknowledged?: () => void }>();
  let length = 0;

  const drop = (message: Outgoing) => {
    if (events.delete(message)) length -= message.payload.length;
  };

  return {
    remember: (message) => {
      clears.delete(message.topic);
      states.set(message.topic, message);
    },
    forget: (topic) => {
      const message: Outgoing = { topic, payload: '', qos: 1, retain: true };
      states.delete(topic);
      clears.set(topic, message);
      return message;
    },
    leave: (topic) => {
      states.delete(topic);
    },
    cleared: (message) => {
      if (clears.get(message.topic) === message) clears.delete(message.topic);
    },
    state: (topic) => states.get(topic),
    keep: (message, onAcknowledged) => {
      const ms = Math.min(keepEventsMs, (message.expirySeconds ?? Infinity) * 1000);
      events.set(message, {
        until: clock.monotonic() + ms,
        ...(onAcknowledged === undefined ? {} : { onAcknowledged }),
      });
      length += message.payload.length;
      for (const oldest of events.keys()) {
        if (events.size <= keepEventsMax && length <= keepEventsLength) break;
        drop(oldest);
      }
    },
    done: (message, how) => {
      const kept = events.get(message);
      drop(message);
      if (how === 'acknowledged') kept?.onAcknowledged?.();
    },
    pending: () => {
      const now = clock.monotonic();
      for (const [message, { until }] of events) if (until <= now) drop(message);
      return { states: [...states.values(), ...clears.values()], events: [...events.keys()] };
    },
    dropEvents: () => {
      events.clear();
      length = 0;
    },
  };
}
