// Checks that the broker accepts us, and reads which processes have published under the prefix.
import { agentAvailability, agentInfo } from '../messages/agent.ts';
import type { AgentInfo } from '../messages/agent.ts';
import type { Filter } from '../messages/channel.ts';
import { buttonSignal } from '../messages/button.ts';
import type { ButtonSignal } from '../messages/button.ts';
import { freezeState } from '../messages/freeze.ts';
import type { FreezeMessage } from '../messages/freeze.ts';
import type { Availability } from '../messages/presence.ts';
import { releaseLast } from '../messages/release.ts';
import type { Release } from '../messages/release.ts';
import { workerAvailability, workerInfo } from '../messages/worker.ts';
import type { WorkerInfo } from '../messages/worker.ts';
import type { Config } from '../config/sections.ts';
import { delay } from '../service/clock.ts';
import type { Clock } from '../service/clock.ts';
import { linkFromConfig } from '../service/link/from-config.ts';
import type { Link } from '../service/link/link.ts';
import { silentLog } from '../service/log.ts';
import { late, within } from './within.ts';

export type ProcessInfo = Pick<WorkerInfo & AgentInfo, 'version' | 'host' | 'clock' | 'at'>;

/** An agent or a worker, from its retained messages. */
export interface Present {
  readonly kind: 'worker' | 'agent';
  readonly id: string;
  availability?: Availability;
  info?: ProcessInfo;
  /** The ids of a worker's buttons. */
  buttons?: readonly string[];
  /** What an agent may have missed in the last hour, if it counts that. */
  unseen?: NonNullable<AgentInfo['unseen']>;
}

export type BrokerFound =
  | {
      readonly connected: true;
      /** The connection in words, for people */
      readonly message: string;
      readonly present: readonly Present[];
      /** The last release of each worker, keyed by worker */
      readonly last: ReadonlyMap<string, Release>;
      /** Keyed by button */
      readonly signals: ReadonlyMap<string, ButtonSignal>;
      /** The freezes of each worker, keyed by worker */
      readonly freezes: ReadonlyMap<string, FreezeMessage>;
      /** Our clock when everything had been read */
      readonly at: number;
    }
  | { readonly connected: false; readonly message: string };

const connectMs = 5_000;
/** RabbitMQ closes two MQTT 5 connections without an answer. Only then does the link try MQTT 3.1.1. */
const tries = 3;
/** Short pauses between attempts, because a person is waiting. */
const reconnect = { reconnectMinMs: 200, reconnectMaxMs: 400 };
/** Nothing marks the end of the retained messages, so a pause without a message counts as the end. */
const pauseMs = 500;
const readMs = 3_000;
const stopMs = 2_000;
/** More processes than anybody runs on one prefix. */
const presentMax = 1_000;

export async function askBroker(options: {
  readonly mqtt: Config['mqtt'];
  readonly url: string;
  readonly id: string;
  readonly clock: Clock;
  readonly random: () => number;
}): Promise<BrokerFound> {
  const { clock, random, id, url } = options;
  const mqtt = { ...options.mqtt, ...reconnect };
  const link = linkFromConfig({ mqtt, url, role: 'doctor', id }, { clock, random, log: silentLog() });
  const present = new Map<string, Present>();
  const signals = new Map<string, ButtonSignal>();
  const last = new Map<string, Release>();
  const freezes = new Map<string, FreezeMessage>();
  let heard = 0;
  const entry = (kind: Present['kind'], id: string): Present | undefined => {
    heard += 1;
    const key = `${kind} ${id}`;
    const known = present.get(key);
    if (known !== undefined || present.size >= presentMax) return known;
    const made: Present = { kind, id };
    present.set(key, made);
    return made;
  };
  const hear = <M, P>(filter: Filter<M, P>, take: (message: M, params: P) => void) =>
    link.subscribe(filter, (message, { params }) => {
      if (message !== undefined) take(message, params);
    });
  const setAvailability = (one: Present | undefined, state: Availability) => {
    if (one !== undefined) one.availability = state;
  };
  const setInfo = (one: Present | undefined, { version, host, clock, at }: ProcessInfo) => {
    if (one !== undefined) one.info = { version, host, clock, at };
  };
  hear(workerAvailability.filter(), (state, { worker }) => setAvailability(entry('worker', worker), state));
  hear(agentAvailability.filter(), (state, { agent }) => setAvailability(entry('agent', agent), state));
  hear(releaseLast.filter(), (release, { worker }) => {
    heard += 1;
    if (last.size < presentMax) last.set(worker, release);
  });
  hear(buttonSignal.filter(), (signal, { button }) => {
    heard += 1;
    if (signals.size < presentMax) signals.set(button, signal);
  });
  hear(workerInfo.filter(), (info, { worker }) => {
    const one = entry('worker', worker);
    setInfo(one, info);
    if (one !== undefined) one.buttons = info.buttons.map(({ id }) => id);
  });
  hear(agentInfo.filter(), (info, { agent }) => {
    const one = entry('agent', agent);
    setInfo(one, info);
    if (one !== undefined && info.unseen !== undefined) one.unseen = info.unseen;
  });
  hear(freezeState.filter(), (state, { worker }) => {
    heard += 1;
    if (freezes.size < presentMax) freezes.set(worker, state);
  });

  try {
    const failure = await connect(link, clock);
    if (failure !== undefined) return { connected: false, message: failure };
    const { message } = link.state;
    await within(clock, readMs, link.subscribed());
    const endsAt = clock.monotonic() + readMs;
    for (let before = -1; before !== heard && clock.monotonic() < endsAt;) {
      before = heard;
      await delay(clock, pauseMs);
    }
    return {
      connected: true,
      message,
      present: [...present.values()],
      last,
      signals,
      freezes,
      at: clock.now(),
    };
  } finally {
    await within(clock, stopMs, link.stop());
  }
}

/** Undefined after it has connected, otherwise the reason why not. */
async function connect(link: Link, clock: Clock): Promise<string | undefined> {
  let last: string | undefined;
  const outcome = await within(
    clock,
    connectMs,
    new Promise<string | undefined>((resolve) => {
      let failures = 0;
      link.onState(({ state, message }) => {
        if (state === 'connected') resolve(undefined);
        else if (message.includes('; next try')) {
          last = message.replace(/; next try.*$/s, '');
          failures += 1;
          if (failures >= tries) resolve(last);
        }
      });
      link.start();
    }),
  );
  return outcome === late ? (last ?? `no answer within ${connectMs / 1000} s`) : outcome;
}
