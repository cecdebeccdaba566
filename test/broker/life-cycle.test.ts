import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Registry } from 'prom-client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createBroker } from '../../broker/broker.ts';
import { ListenError } from '../../service/listen.ts';
import { brokerOptions } from '../support/broker-options.ts';
import { listenOnFreePort } from '../support/listening.ts';
import { capturedLog, connectClient, startBroker } from './brokers.ts';
import { connectPacket, connectWire, openWire, subscribePacket, types } from './wire.ts';
import { patienceMs } from '../support/patience.ts';

/** The build, for a child process, because Node 20 cannot read TypeScript. */
const built = fileURLToPath(new URL('../../dist', import.meta.url));

async function failure(changed: Parameters<typeof brokerOptions>[0]): Promise<ListenError> {
  const broker = createBroker(brokerOptions(changed));
  onTestFinished(() => broker.stop());
  const error: unknown = await broker.start().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ListenError)) throw new Error('it started, or failed otherwise', { cause: error });
  return error;
}

describe('start', () => {
  test('returns and logs the address with the port that was opened', async () => {
    const { log, lines } = capturedLog();
    const { url, port } = await startBroker({ log });
    expect(port).toBeGreaterThan(0);
    expect(url).toBe(`mqtt://127.0.0.1:${port}`);
    expect(lines.map((line): unknown => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ msg: 'listening', url }),
    );
    const { mqtt } = await connectClient(url);
    expect(mqtt.connected).toBe(true);
  });

  test('serves IPv6 loopback', async () => {
    const { url, port } = await startBroker({ host: '::1' });
    expect(url).toBe(`mqtt://[::1]:${port}`);
  });

  test('serves an IPv6 address with a zone, which has no valid URL', async () => {
    const { port } = await startBroker({ host: '::1%lo', allowAnonymousBeyondLoopback: true });
    const { mqtt } = await connectClient(`mqtt://[::1]:${port}`);
    expect(mqtt.connected).toBe(true);
  });

  test('is refused the second time, and works again after a stop', async () => {
    const { broker } = await startBroker();
    await expect(broker.start()).rejects.toThrow('already been started');
    await broker.stop();
    const { url } = await broker.start();
    await connectClient(url);
  });
});

describe('an address that cannot be opened', () => {
  test('such as a port in use: the error names the address, the likely owner and three remedies', async () => {
    const { port } = await startBroker();
    const error = await failure({ port });
    expect(error).toMatchObject({ name: 'ListenError', code: 'EADDRINUSE' });
    for (const part of [
      `127.0.0.1:${port}`,
      'release-button',
      'Mosquitto',
      'broker.port',
      '--broker-port',
      'mqtt.url',
    ])
      expect(error.message).toContain(part);
  });

  test('does not keep the broker from starting later, when the port is free', async () => {
    const portOwner = createServer();
    const port = await listenOnFreePort(portOwner);
    const broker = createBroker(brokerOptions({ port }));
    onTestFinished(() => broker.stop());
    await expect(broker.start()).rejects.toThrow(ListenError);
    await new Promise((resolve) => {
      portOwner.close(resolve);
    });
    expect((await broker.start()).port).toBe(port);
  });

  test('such as one of another machine: the error points to broker.host', async () => {
    // No machine has an address in 192.0.2.0/24, which is reserved for documentation (RFC 5737).
    const error = await failure({ host: '192.0.2.1', allowAnonymousBeyondLoopback: true });
    expect(error.code).toBe('EADDRNOTAVAIL');
    expect(error.message).toContain('broker.host');
  });

  test.each(['0.0.0.0', '::', '192.168.1.5', 'button.example', '127.0.0.1.example'])(
    'such as %s, which is beyond loopback, is refused without permission, and the error says what to do',
    async (host) => {
      const error = await failure({ host });
      expect(error.code).toBe('EXPOSED');
      expect(error.message).toContain('broker.allowAnonymousBeyondLoopback');
      expect(error.message).toContain('broker.host');
    },
  );

  test('is not a problem with permission: the broker listens on all addresses', async () => {
    const { port } = await startBroker({ host: '0.0.0.0', allowAnonymousBeyondLoopback: true });
    await connectClient(`mqtt://127.0.0.1:${port}`);
  });
});

describe('stop', () => {
  test('does nothing before a start, and nothing the second time', async () => {
    const broker = createBroker(brokerOptions());
    await broker.stop();
    await broker.start();
    await Promise.all([broker.stop(), broker.stop()]);
    await broker.stop();
  });

  test('leaves no open port if it comes during a start', async () => {
    const broker = createBroker(brokerOptions());
    const starting = broker.start();
    await broker.stop();
    const client = openWire((await starting).port);
    await client.untilClosed();
  });

  test('sends 0x8B to MQTT 5 clients and disconnects all clients, also those that have not sent CONNECT', async () => {
    const { broker, port } = await startBroker();
    const newer = await connectWire(port, { version: 5, clientId: 'newer' });
    const older = await connectWire(port, { version: 4, clientId: 'older' });
    const silent = openWire(port);
    silent.send(connectPacket({ version: 5, clientId: 'silent' }).subarray(0, 4));
    // This answer shows that the broker has accepted the earlier connections.
    await connectWire(port, { version: 4, clientId: 'last' });
    await broker.stop();
    await Promise.all([newer, older, silent].map((client) => client.untilClosed()));
    expect((await newer.frame(types.disconnect)).body[0]).toBe(0x8b);
  });

  test('does not wait for a client that does not read', async () => {
    const limits = { farewellMs: 100, drainTimeoutMs: 3_600_000 };
    const { broker, port, url } = await startBroker({ limits });
    const stuck = await connectWire(port, { version: 5, clientId: 'stuck' });
    stuck.send(subscribePacket(5, ['#'], { qos: 0 }));
    await stuck.frame(types.suback);
    stuck.socket.pause();
    const { mqtt } = await connectClient(url);
    for (let count = 0; count < 200; count += 1) mqtt.publish('a', Buffer.alloc(60_000));
    await broker.stop();
  });

  test('leaves no handle open, so the process ends by itself', () => {
    const run = (end: string) =>
      spawnSync(
        process.execPath,
        [
          '--input-type=module',
          '-e',
          `
            import { createBroker } from './broker/broker.js';
            import { silentLog } from './service/log.js';
            import { connectAsync } from 'mqtt';
            const options = ${JSON.stringify({ ...brokerOptions(), log: undefined })};
            const broker = createBroker({ ...options, log: silentLog() });
            const { url } = await broker.start();
            const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
            await client.subscribeAsync('#', { qos: 1 });
            await client.publishAsync('a', 'x', { qos: 1, retain: true });
            ${end}
            // This timer does not keep the process alive: it fires only if something else does.
            setTimeout(() => process.exit(9), 1_000).unref();
          `,
        ],
        { cwd: built, encoding: 'utf8', timeout: patienceMs },
      );
    expect(run('await broker.stop(); await broker.stop();')).toMatchObject({ status: 0, signal: null });
    // Without the stop, the process must not end: otherwise this test proves nothing.
    expect(run('await client.endAsync();')).toMatchObject({ status: 9 });
  });
});

describe('metrics', () => {
  test('count clients, refusals by reason, denials, and published and retained messages', async () => {
    const metrics = new Registry();
    const { port, url } = await startBroker({ metrics });
    const { mqtt } = await connectClient(url);
    await mqtt.publishAsync('a', 'x', { qos: 1, retain: true });
    await mqtt.publishAsync('b', 'x', { qos: 1 });
    await mqtt.publishAsync('$SYS/x', 'x', { qos: 1 }).catch(() => {});
    const hostile = openWire(port);
    hostile.send(connectPacket({ version: 5, clientId: 'toString' }));
    const garbage = openWire(port);
    garbage.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    // The client closes this connection, so it is not a refusal.
    const resetting = openWire(port);
    resetting.socket.once('connect', () => resetting.socket.resetAndDestroy());
    await Promise.all([hostile, garbage, resetting].map((client) => client.untilClosed()));
    const text = await metrics.metrics();
    for (const line of [
      'release_button_broker_connected_clients 1',
      'release_button_broker_retained_messages 1',
      'release_button_broker_retained_bytes 2',
      'release_button_broker_connections_total 1',
      'release_button_broker_denied_requests_total 1',
      'release_button_broker_published_messages_total 2',
      'release_button_broker_connections_refused_total{reason="client-id"} 1',
      'release_button_broker_connections_refused_total{reason="malformed"} 1',
    ])
      expect(text).toContain(line);
  });

  test('count a client that sends nothing, with the reason', async () => {
    const metrics = new Registry();
    const { port } = await startBroker({ metrics, connectTimeoutMs: 200 });
    await openWire(port).untilClosed();
    expect(await metrics.metrics()).toContain(
      'release_button_broker_connections_refused_total{reason="connect-timeout"} 1',
    );
  });

  test('count every refusal of a flood, and the log mentions the flood once', async () => {
    const metrics = new Registry();
    const { log, lines } = capturedLog();
    const { port } = await startBroker({ metrics, log });
    const flood = Array.from({ length: 20 }, () => openWire(port));
    for (const client of flood) client.send(connectPacket({ version: 4, clientId: 'valueOf' }));
    await Promise.all(flood.map((client) => client.untilClosed()));
    expect(await metrics.metrics()).toContain(
      'release_button_broker_connections_refused_total{reason="client-id"} 20',
    );
    expect(lines.filter((line) => line.includes('a connection was refused'))).toHaveLength(1);
  });
});
