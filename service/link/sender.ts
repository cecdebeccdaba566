// Sends new messages over the open connection, and remembered messages over a new connection.
import type { Connection } from './connection.ts';
import type { Acknowledgement } from './in-flight.ts';
import { maximumPacketSize } from './mqtt-options.ts';
import type { Presence } from './options.ts';
import type { Outbox } from './outbox.ts';
import { outgoingOf } from './outgoing.ts';
import type { Outgoing } from './wire.ts';

export interface Sender {
  /** Resolves to true if the broker has acknowledged the state. */
  state(message: Outgoing): Promise<boolean>;
  /** Resolves to true if the broker has acknowledged the event. Otherwise it will be sent later. */
  event(message: Outgoing): Promise<boolean>;
  /** Sends the message once, on this connection only. */
  once(message: Outgoing): Promise<Acknowledgement>;
  online(): void;
  /** The largest packet to send, in bytes: the limit of the broker, if it names one, and no more than our own limit. */
  packetMax(): number;
  /** The connection is open. Remembered messages wait until shared state has been read. */
  hold(): void;
  readonly isHolding: boolean;
  /** Sends all remembered messages: state, then `online`, then events. */
  remembered(): void;
}

const timeoutMs = 10_000;
/** MQTT 3.1.1 cannot announce a limit. This is the default of the embedded broker (broker.maximumPacketBytes). */
const usualPacketMax = 262_144;

export function createSender(options: {
  readonly prefix: string;
  readonly outbox: Outbox;
  readonly presence: Presence | undefined;
  /** The connection that the broker has accepted */
  readonly connection: () => Connection | undefined;
}): Sender {
  const { prefix, outbox, presence, connection } = options;
  let isHolding = false;

  const once = async (message: Outgoing) =>
    (await connection()?.publish(message, { timeoutMs })) ?? 'not-connected';
  const state = async (message: Outgoing) => {
    const outcome = await once(message);
    if (outcome === 'acknowledged' && message.payload === '') outbox.cleared(message);
    return outcome === 'acknowledged';
  };
  const event = async (message: Outgoing) => {
    const outcome = await once(message);
    if (outcome === 'acknowledged' || outcome === 'refused') outbox.done(message, outcome);
    return outcome === 'acknowledged';
  };
  const online = () => {
    if (presence === undefined) return;
    void state(outgoingOf(prefix, presence.availability, 'online'));
  };

  return {
    state,
    event,
    once,
    online,
    packetMax: () => {
      const open = connection();
      const max = open?.packetMax ?? (open?.version === 5 ? maximumPacketSize : usualPacketMax);
      return Math.min(max, maximumPacketSize);
    },
    hold: () => {
      isHolding = true;
    },
    get isHolding() {
      return isHolding;
    },
    remembered: () => {
      isHolding = false;
      const { states, events } = outbox.pending();
      for (const message of states) void state(message);
      // `online` comes after the state: a client that sees `online` may trust the state, so no old signal may be left.
      online();
      for (const message of events) void event(message);
    },
  };
}
