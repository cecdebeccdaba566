// What is to be sent when there is a connection again: the retained state that we own, and recent events.
import type { Clock } from '../clock.ts';
import type { Outgoing } from './connection.ts';

export interface Outbox {
  /** Remembers owned state; the newest of a topic counts. */
  remember(message: Outgoing): void;
  /** Forgets owned state; `true`: the empty message has yet to be sent. */
  forget(topic: string, unsent: boolean): void;
  keep(message: Outgoing): void;
  done(message: Outgoing): void;
  /** All owned state and what is to be cleared, then the kept events that are still young enough, oldest first. */
  pending(): { readonly states: readonly Outgoing[]; readonly events: readonly Outgoing[] };
  clearedOnBroker(topic: string): void;
  dropEvents(): number;
}

/** Events are of the moment: one older than this is not worth sending. */
const keepEventsMs = 60_000;
const keepEventsMax = 1_000;

export function createOutbox(clock: Clock): Outbox {
  const states = new Map<string, Outgoing>();
  const clears = new Map<string, Outgoing>();
  let events: { readonly message: Outgoing; readonly until: number }[] = [];

  return {
    remember: (message) => {
      clears.delete(message.topic);
      states.set(message.topic, message);
    },
    forget: (topic, unsent) => {
      states.delete(topic);
      if (unsent) clears.set(topic, { topic, payload: '', qos: 1, retain: true });
    },
    keep: (message) => {
      events.push({ message, until: clock.monotonic() + keepEventsMs });
      if (events.length > keepEventsMax) events = events.slice(-keepEventsMax);
    },
    done: (message) => {
      events = events.filter((event) => event.message !== message);
    },
    pending: () => {
      events = events.filter((event) => event.until > clock.monotonic());
      return {
        states: [...states.values(), ...clears.values()],
        events: events.map((event) => event.message),
      };
    },
    clearedOnBroker: (topic) => {
      clears.delete(topic);
    },
    dropEvents: () => {
      const dropped = events.length;
      events = [];
      return dropped;
    },
  };
}
