// The agent on the real link and the embedded broker, with the real clock. Only the pins are simulated.
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { createGpioAgent } from '../../gpio-agent/agent.ts';
import { createSimulatedDriver } from '../../gpio-agent/drivers/simulated.ts';
import { agentAvailability, agentInfo } from '../../messages/agent.ts';
import { systemClock } from '../../service/clock.ts';
import { createHealth } from '../../service/health.ts';
import { createLink } from '../../service/link/link.ts';
import { silentLog } from '../../service/log.ts';
import { connectClient, startBroker, type Client } from '../broker/brokers.ts';
import { until } from '../support/wait.ts';
import { agentConfig, buttonLine, ledLine, signalMessage } from './arrange.ts';

async function startAgent(url: string, config: unknown = {}) {
  const clock = systemClock();
  const driver = createSimulatedDriver({ clock });
  const link = createLink({
    url,
    prefix: 'release-button',
    role: 'agent',
    clientId: 'release-button-agent-main',
    presence: {
      availability: agentAvailability.at({ agent: 'main' }),
      availabilityFilter: agentAvailability.filter({ agent: 'main' }),
      infoFilter: agentInfo.filter({ agent: 'main' }),
    },
    keepAliveSeconds: 20,
    reconnect: { minMs: 20, maxMs: 100 },
    clock,
    log: silentLog(),
  });
  const metrics = new Registry();
  const agent = createGpioAgent({
    config: agentConfig(config),
    link,
    driver,
    clock,
    log: silentLog(),
    health: createHealth(clock),
    metrics,
    version: '0.0.0',
    host: 'pi',
    instance: 'one',
    clockSynchronised: () => true,
    uptimeMs: () => clock.monotonic(),
  });
  const stop = async () => {
    await agent.stop();
    await link.stop();
  };
  onTestFinished(stop);
  link.start();
  await agent.start();
  return { driver, link, metrics, stop };
}

/** Connects a client that acts as the worker. */
async function worker(url: string, signal: 'drifted' | 'clear') {
  const client = await connectClient(url);
  await client.mqtt.subscribeAsync('release-button/#', { qos: 1 });
  const publish = (topic: string, message: unknown, retain: boolean) =>
    client.mqtt.publishAsync(
      `release-button/${topic}`,
      typeof message === 'string' ? message : JSON.stringify(message),
      { qos: 1, retain },
    );
  await publish('worker/main/availability', 'online', true);
  await publish('button/main/signal', signalMessage(signal), true);
  return { client, publish };
}

function received({ received }: Client, topic: string): unknown[] {
  return received
    .filter((packet) => packet.topic === `release-button/${topic}`)
    .map(({ payload }): unknown => JSON.parse(payload.toString()));
}

/**
 * The light shows a signal. The level of the LED alone proves nothing, because it could be a flash of the pattern for
 * offline.
 */
const shows = (client: Client, signal: string) =>
  expect.poll(() => received(client, 'led/main/state').at(-1)).toMatchObject({ because: 'signal', signal });

test('a press reaches the broker once, and the light follows the signal', async () => {
  const { url } = await startBroker();
  const { client, publish } = await worker(url, 'drifted');
  const { driver, stop } = await startAgent(url);
  await shows(client, 'drifted');
  expect(driver.isLit(ledLine)).toBe(true);

  driver.press(buttonLine);
  await until('the event', () => received(client, 'button/main/event').length > 0);
  await until('the state', () => received(client, 'button/main/state').length > 1);
  expect(received(client, 'button/main/press')).toMatchObject([
    { gesture: 'press', source: 'gpio', agent: 'main' },
  ]);

  await publish('button/main/signal', signalMessage('clear'), true);
  await until('the light to go off', () => driver.isLit(ledLine) === false);
  await stop();
  await expect
    .poll(() => received(client, 'led/main/state').at(-1))
    .toMatchObject({ pattern: 'off', because: 'offline' });
  expect(received(client, 'button/main/press')).toHaveLength(1);
});

test('a press that no worker answers shows failed', async () => {
  const { url } = await startBroker();
  const { client } = await worker(url, 'clear');
  const { driver } = await startAgent(url, { resultTimeoutMs: 200 });
  const shownLight = () => received(client, 'led/main/state').at(-1);
  await expect.poll(shownLight).toMatchObject({ because: 'signal', signal: 'clear' });
  driver.press(buttonLine);
  await expect.poll(shownLight).toMatchObject({ because: 'signal', signal: 'failed', pattern: 'sos' });
});

test('without the broker the light shows offline, and a press is dropped and never arrives later', async () => {
  const { broker, url, port } = await startBroker();
  const first = await worker(url, 'drifted');
  const { driver, link, metrics } = await startAgent(url);
  await shows(first.client, 'drifted');
  await first.client.mqtt.endAsync();
  await broker.stop();
  await until('the cut', () => link.state.state === 'connecting');
  driver.press(buttonLine, 60);
  await expect.poll(() => metrics.metrics()).toMatch(/dropped_presses_total{.*} 1/);

  const restarted = await startBroker({ port });
  const second = await worker(restarted.url, 'drifted');
  const buttonState = () => received(second.client, 'button/main/state').at(-1);
  // The button must be released, because a second press during the first one does not count.
  await expect.poll(buttonState).toMatchObject({ pressed: false, presses: 1, droppedPresses: 1 });
  driver.press(buttonLine);
  await expect.poll(buttonState).toMatchObject({ presses: 2, droppedPresses: 1 });
  expect(received(second.client, 'button/main/press')).toHaveLength(1);
});
