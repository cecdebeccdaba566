// Links, clocks and messages for the tests of the link.
import { onTestFinished, vi } from 'vitest';
import { buttonEvent, buttonState, type ButtonEvent, type ButtonState } from '../../messages/button.ts';
import { buttonPress } from '../../messages/press.ts';
import { workerAvailability, workerInfo, type WorkerInfo } from '../../messages/worker.ts';
import { systemClock } from '../../service/clock.ts';
import {
  createLink,
  type Link,
  type LinkOptions,
  type LinkState,
  type Presence,
} from '../../service/link/link.ts';
import { capturedLog } from '../broker/brokers.ts';
import { patienceMs } from '../support/patience.ts';
import { workerInfoWith } from '../support/worker-info.ts';

const presence: Presence = {
  availability: workerAvailability.at({ worker: 'main' }),
  availabilityFilter: workerAvailability.filter({ worker: 'main' }),
  infoFilter: workerInfo.filter({ worker: 'main' }),
};
export const availabilityTopic = 'P/worker/main/availability';

export interface TestLink {
  readonly link: Link;
  readonly states: readonly LinkState[];
  readonly lines: readonly string[];
  until(state: LinkState['state']): Promise<void>;
}

export function testLink(url: string, changed: Partial<LinkOptions> = {}): TestLink {
  const { log, lines } = capturedLog();
  const link = createLink({
    role: 'worker',
    url,
    prefix: 'P',
    clientId: 'P-worker-main',
    presence,
    keepAliveSeconds: 20,
    reconnect: { minMs: 20, maxMs: 50 },
    clock: systemClock(),
    log,
    ...changed,
  });
  onTestFinished(() => link.stop());
  const states: LinkState[] = [];
  link.onState((state) => states.push(state));
  return {
    link,
    states,
    lines,
    until: async (state) => {
      await vi.waitUntil(() => link.state.state === state, { timeout: patienceMs, interval: 5 });
    },
  };
}

export async function connectedLink(url: string, changed: Partial<LinkOptions> = {}): Promise<TestLink> {
  const connected = testLink(url, changed);
  connected.link.start();
  await connected.until('connected');
  await connected.link.subscribed();
  return connected;
}

const button = 'main';
export const eventAddress = buttonEvent.at({ button });
export const stateAddress = buttonState.at({ button });
export const pressAddress = buttonPress.at({ button });
export const eventTopic = `P/${eventAddress.topic}`;
export const stateTopic = `P/${stateAddress.topic}`;
export const pressTopic = `P/${pressAddress.topic}`;

/** An event and a state with a number, by which a test recognises them. */
export function event(number: number): ButtonEvent {
  return { event_type: 'press', heldMs: number };
}
export function state(number: number): ButtonState {
  return { agent: 'main', pressed: false, stuck: false, presses: number, droppedPresses: 0 };
}
export function numbers(payloads: readonly string[]): (number | undefined)[] {
  return payloads.map((payload) => {
    const digits = /"(?:heldMs|presses)":(\d+)/.exec(payload)?.[1];
    return digits === undefined ? undefined : Number(digits);
  });
}

export function info(host: string, instance: string): WorkerInfo {
  return workerInfoWith({ worker: 'main', host, instance });
}
export const infoAddress = workerInfo.at({ worker: 'main' });

export async function until(condition: () => boolean): Promise<void> {
  await vi.waitUntil(condition, { timeout: patienceMs, interval: 5 });
}
