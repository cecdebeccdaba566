// Workers as their composition root builds them, on the real broker, with a simulated Argo CD.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { onTestFinished } from 'vitest';
import { createBroker } from '../../../broker/broker.ts';
import { workerPart, type WorkerPartOptions } from '../../../release-worker/main.ts';
import type { ButtonConfig } from '../../../release-worker/buttons.ts';
import { createContext, type Context } from '../../../service/context.ts';
import { silentLog } from '../../../service/log.ts';
import { until } from '../../support/wait.ts';
import { button } from './buttons.ts';
import { brokerOptions } from '../../support/broker-options.ts';

export interface Heard {
  readonly topic: string;
  readonly text: string;
  readonly retained: boolean;
  readonly correlation?: string;
}

/** A broker, and a client that receives every message on it. */
export async function onBroker() {
  const broker = createBroker(brokerOptions());
  const { url } = await broker.start();
  onTestFinished(() => broker.stop());
  const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
  onTestFinished(() => client.endAsync(true));
  const heard: Heard[] = [];
  client.on('message', (topic, payload, { retain, properties }) => {
    const correlation = properties?.correlationData?.toString();
    heard.push({
      topic: topic.replace(/^release-button\//, ''),
      text: payload.toString(),
      retained: retain,
      ...(correlation === undefined ? {} : { correlation }),
    });
  });
  await client.subscribeAsync('release-button/#', { qos: 1 });
  const on = (topic: string): readonly Record<string, unknown>[] =>
    heard
      .filter((one) => one.topic === topic && one.text !== '')
      .map(({ text }): Record<string, unknown> => (text.startsWith('{') ? JSON.parse(text) : { text }));
  return {
    url,
    heard,
    on,
    latest: (topic: string) => on(topic).at(-1),
    publish: async (topic: string, payload: string, retain = false) => {
      await client.publishAsync(`release-button/${topic}`, payload, { qos: 1, retain });
    },
    /** As in MQTT 5: the reply is wanted at this topic, with these correlation data. */
    request: async (topic: string, payload: string, responseTopic: string, correlation = 'c1') => {
      const properties = { responseTopic, correlationData: Buffer.from(correlation) };
      await client.publishAsync(`release-button/${topic}`, payload, { qos: 1, properties });
    },
    result: (id: string, pressId: string) =>
      until(`the result of ${pressId}`, () =>
        on(`button/${id}/result`).find((result) => result['pressId'] === pressId),
      ),
    untilSignal: (id: string, signal: string) =>
      until(`${id} to say ${signal}`, () => on(`button/${id}/signal`).at(-1)?.['signal'] === signal),
  };
}

export function stateDirectory(): string {
  const made = mkdtempSync(join(tmpdir(), 'release-button-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

export function workerConfig(
  brokerUrl: string,
  server: string,
  over: {
    readonly id?: string;
    readonly buttons?: readonly ButtonConfig[];
    readonly presses?: WorkerPartOptions['config']['worker']['presses'];
    readonly lights?: WorkerPartOptions['config']['worker']['lights'];
    readonly stateDir: string;
  },
): WorkerPartOptions['config'] {
  return {
    mqtt: {
      url: brokerUrl,
      topicPrefix: 'release-button',
      keepAliveSeconds: 20,
      reconnectMinMs: 50,
      reconnectMaxMs: 200,
    },
    worker: {
      id: over.id ?? 'main',
      stateDir: over.stateDir,
      maxPressAgeMs: 10_000,
      maxPressesPerMinute: 60,
      refreshOnPressMax: 20,
      buttons: [...(over.buttons ?? [button({ coolDownMs: 0 })])],
      presses: [...(over.presses ?? [])],
      lights: [...(over.lights ?? [])],
      release: { appTimeoutMs: 60_000, refreshTimeoutMs: 15_000, concurrency: 5, waitHealthy: false },
      drift: {
        maxAgeMs: 60_000,
        listEveryMs: 180_000,
        streamIdleMs: 45_000,
        automatedGraceMs: 10_000,
        maxPublishesPerSecond: 50,
      },
    },
    argocd: { server, token: 'simulated', insecure: false, requestTimeoutMs: 2_000 },
  };
}

export async function startWorker(
  config: WorkerPartOptions['config'],
  secretFiles: WorkerPartOptions['secretFiles'] = new Map(),
  over: Partial<Context> = {},
) {
  const worker = workerPart(
    { config, secretFiles, server: () => config.argocd.server ?? '' },
    { ...createContext(silentLog()), ...over },
  );
  onTestFinished(() => worker.stop());
  await worker.start();
  return worker;
}
