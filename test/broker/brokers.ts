// Brokers and clients for these tests: our broker, and the bare library, which shows what our broker adds.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { Writable } from 'node:stream';
import { Aedes, type AedesOptions } from 'aedes';
import { connectAsync, type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { createBroker, type Broker, type BrokerOptions } from '../../broker/broker.ts';
import type { Log } from '../../service/log.ts';
import { brokerOptions } from '../support/broker-options.ts';
import { listenForTest } from '../support/listening.ts';

export async function startBroker(
  changed: Partial<BrokerOptions> = {},
): Promise<{ broker: Broker; url: string; port: number }> {
  const broker = createBroker(brokerOptions(changed));
  onTestFinished(() => broker.stop());
  return { broker, ...(await broker.start()) };
}

/** Starts the bare library in this process, for faults that it survives. */
export async function startBareLibrary(options: AedesOptions = {}): Promise<{ url: string; port: number }> {
  const aedes = await Aedes.createBroker(options);
  const server = createServer(aedes.handle);
  const port = await listenForTest(server);
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        aedes.close(resolve);
      }),
  );
  return { url: `mqtt://127.0.0.1:${port}`, port };
}

/** Starts the bare library in a separate process, for faults that end it. `exited` resolves to its exit code. */
export async function spawnBareLibrary(): Promise<{ port: number; exited: Promise<number | null> }> {
  const file = new URL('bare-library.mjs', import.meta.url).pathname;
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill());
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  const port = await new Promise<number>((resolve) => {
    child.stdout.once('data', (line: Buffer) => resolve(Number(line.toString())));
  });
  return { port, exited };
}

export interface Client {
  readonly mqtt: MqttClient;
  readonly received: readonly IPublishPacket[];
}

/** Connects a real client that does not reconnect. */
export async function connectClient(url: string, options: IClientOptions = {}): Promise<Client> {
  const mqtt = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, ...options });
  onTestFinished(async () => {
    await mqtt.endAsync(true);
  });
  const received: IPublishPacket[] = [];
  mqtt.on('message', (_topic, _payload, packet) => received.push(packet));
  mqtt.on('error', () => {});
  return { mqtt, received };
}

export function payloads(packets: readonly IPublishPacket[]): string[] {
  return packets.map(({ payload }) => payload.toString());
}

export function capturedLog(level = 'debug'): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  return { log: pino({ level }, stream), lines };
}
