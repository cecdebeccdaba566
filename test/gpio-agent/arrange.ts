// An agent on simulated pins, a fake clock and a fake link.
import { Registry } from 'prom-client';
import { schemaOf } from '../../config/setting.ts';
import { agent as agentSection } from '../../config/sections/agent.ts';
import { createGpioAgent } from '../../gpio-agent/agent.ts';
import { createSimulatedDriver } from '../../gpio-agent/drivers/simulated.ts';
import type { AgentConfig } from '../../gpio-agent/options.ts';
import type { ButtonSignal, Signal } from '../../messages/button.ts';
import type { ClockState } from '../../messages/presence.ts';
import { createHealth } from '../../service/health.ts';
import { silentLog, type Log } from '../../service/log.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createFakeLink, type FakeLink } from './fake-link.ts';

/** Lines of the first button and the first LED in the default configuration. */
export const buttonLine = 17;
export const ledLine = 27;

export function agentConfig(input: unknown = {}): AgentConfig {
  return schemaOf(agentSection.settings).parse(input);
}

export interface Arrangement {
  readonly config?: unknown;
  readonly edges?: boolean;
  readonly clockSynchronised?: () => ClockState;
  readonly log?: Log;
}

export function arrange({
  config,
  edges = true,
  clockSynchronised = () => true,
  log = silentLog(),
}: Arrangement = {}) {
  const clock = createFakeClock();
  const driver = createSimulatedDriver({ clock, edges });
  const fake = createFakeLink();
  const health = createHealth(clock);
  const metrics = new Registry();
  const sleep = { ms: 3_600_000 };
  const agent = createGpioAgent({
    config: agentConfig(config),
    link: fake.link,
    driver,
    clock,
    log,
    health,
    metrics,
    version: '0.0.0',
    host: 'pi',
    instance: 'one',
    clockSynchronised,
    uptimeMs: () => clock.monotonic() + sleep.ms,
  });
  const signal = (value: Signal, change: Partial<ButtonSignal> = {}) =>
    fake.deliver('button/main/signal', signalMessage(value, change), { retained: true });
  const worker = (availability: 'online' | 'offline', id = 'main') =>
    fake.deliver(`worker/${id}/availability`, availability, { retained: true });
  /** Starts the agent, and lets the first levels settle. */
  const start = async () => {
    const started = agent.start();
    clock.advance(100);
    await started;
  };
  /** Lets the machine sleep: only its uptime goes on. */
  const sleepFor = (ms: number) => void (sleep.ms += ms);
  return { clock, driver, fake, health, metrics, agent, start, signal, worker, sleepFor };
}

export function signalMessage(signal: Signal, change: Partial<ButtonSignal> = {}): ButtonSignal {
  return { signal, worker: 'main', outOfSync: 1, blocked: 0, at: '2026-01-01T00:00:00.000Z', ...change };
}

/** Starts, settles and connects the agent, with an online worker whose signal is `drifted`. */
export async function arrangeReady(arrangement: Arrangement = {}) {
  const agentOnPins = arrange(arrangement);
  await agentOnPins.start();
  agentOnPins.fake.connect();
  agentOnPins.worker('online');
  agentOnPins.signal('drifted');
  return agentOnPins;
}

/** Runs the callbacks of promises that are already settled. */
export function promisesRun(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export function pressesOf(fake: FakeLink) {
  return fake.sentNow.filter(({ topic }) => topic === 'button/main/press');
}
