// Foreign lamps: sends each lamp the signal of its button when the signal changes, and when the lamp may have lost it.
import { text } from '../messages/codec.ts';
import type { Signal } from '../messages/button.ts';
import type { ForeignLight, Lamp } from '../messages/foreign-lights.ts';
import { lampOf } from '../messages/foreign-lights.ts';
import { foreignAddress, foreignFilter } from '../messages/foreign.ts';
import { isValue, jsonOf, memberAt } from '../messages/member.ts';
import type { Clock, Timer } from '../service/clock.ts';
import type { Link } from '../service/link/link.ts';
import type { Log } from '../service/log.ts';

export interface Lamps {
  /** Subscribes to the messages by which a lamp reports its return. */
  start(): void;
  /** Sets the current signal of a button. */
  show(button: string, signal: Signal): void;
  /** Sends `unknown` to all lamps, so that no lamp keeps a state that nobody watches. */
  stop(): Promise<void>;
}

type Entry = ForeignLight & { readonly againEveryMs: number };

/** A lamp gets no message more often than this, and then the latest one, because radios are slow. In milliseconds. */
const paceMs = 500;
/** A lamp's report of its return counts no more often than this. In milliseconds. */
const backEveryMs = 5_000;
const farewellMs = 1_000;

export function createLamps(options: {
  readonly lights: readonly Entry[];
  readonly link: Link;
  readonly clock: Clock;
  readonly log: Log;
}): Lamps {
  const { link } = options;
  const shows = options.lights.map((light) => createShow(options, lampOf(light), light.againEveryMs));
  let stopListening = () => {};

  return {
    start: () => {
      for (const show of shows) show.start();
      // A worker on standby sends nothing: the lamps belong to the active one.
      stopListening = link.onState(({ state }) => {
        for (const show of shows) show.connected(state === 'connected');
      });
    },
    show: (button, signal) => {
      for (const show of shows) if (show.lamp.button === button) show.show(signal);
    },
    stop: async () => {
      stopListening();
      const { state } = link.state;
      await Promise.all(shows.map((show) => show.stop(state === 'connected')));
    },
  };
}

interface Show {
  readonly lamp: Lamp;
  start(): void;
  show(signal: Signal): void;
  /** Also called after every reconnect, because messages of the previous connection may be lost. */
  connected(isConnected: boolean): void;
  stop(isConnected: boolean): Promise<void>;
}

function createShow(
  { link, clock, log }: { readonly link: Link; readonly clock: Clock; readonly log: Log },
  lamp: Lamp,
  againEveryMs: number,
): Show {
  const { button, topic, payloads, back } = lamp;
  const address = foreignAddress(topic, text());
  let running = false;
  let isConnected = false;
  let wanted: string | undefined;
  let sent: string | undefined;
  let sentAt = -Infinity;
  let forcedAt = Infinity;
  let backAt = -Infinity;
  let timer: Timer | undefined;

  const plan = () => {
    timer?.cancel();
    timer = undefined;
    if (!running || !isConnected || wanted === undefined) return;
    const now = clock.monotonic();
    const again = againEveryMs === 0 ? Infinity : sentAt + againEveryMs;
    const due = Math.max(wanted === sent ? Math.min(forcedAt, again) : now, sentAt + paceMs);
    if (due <= now) send(wanted, now);
    else if (due < Infinity) timer = clock.setTimeout(plan, due - now);
  };

  const send = (payload: string, now: number) => {
    log.debug({ button, topic, payload }, `sent ${payload} to the lamp at ${topic}`);
    if (forcedAt <= now) backAt = now;
    forcedAt = Infinity;
    sent = payload;
    sentAt = now;
    link.publish(address, payload);
    plan();
  };

  return {
    lamp,
    start: () => {
      running = true;
      log.info({ button, topic }, `the lamp at ${topic} shows button ${button}`);
      if (back === undefined) return;
      link.subscribe(
        foreignFilter(back.topic, text()),
        (message, { retained }) => {
          // A retained report is about the past, and every connection begins with all signals anyway.
          if (retained || message === undefined || !saysBack(back, message)) return;
          forcedAt = Math.min(forcedAt, Math.max(clock.monotonic(), backAt + backEveryMs));
          plan();
        },
        { withoutRetained: true },
      );
    },
    show: (signal) => {
      const payload = payloads.get(signal);
      // With thousands of applications this is called dozens of times a second.
      if (payload === wanted) return;
      wanted = payload;
      plan();
    },
    connected: (is) => {
      isConnected = is;
      sent = undefined;
      plan();
    },
    stop: async (canSay) => {
      running = false;
      timer?.cancel();
      const unknown = payloads.get('unknown');
      if (canSay && unknown !== undefined) await link.publishAcknowledged(address, unknown, farewellMs);
    },
  };
}

function saysBack({ values }: NonNullable<Lamp['back']>, message: string): boolean {
  return values.some(({ path, when }) =>
    isValue(path.length === 0 ? message.trim() : memberAt(jsonOf(message), path), when),
  );
}
