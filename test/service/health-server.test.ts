import { connect } from 'node:net';
import { Counter, Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { createHealth, type Health } from '../../service/health.ts';
import { createHealthServer, type HealthServer } from '../../service/health-server.ts';
import { silentLog } from '../../service/log.ts';
import { createFakeClock } from '../support/fake-clock.ts';

interface Started {
  readonly url: string;
  readonly port: number;
  readonly health: Health;
  readonly metrics: Registry;
  readonly server: HealthServer;
}

function server(port = 0): Omit<Started, 'url' | 'port'> {
  const health = createHealth(createFakeClock());
  const metrics = new Registry();
  const healthServer = createHealthServer({ host: '127.0.0.1', port, health, metrics, log: silentLog() });
  onTestFinished(() => healthServer.stop());
  return { health, metrics, server: healthServer };
}

async function started(): Promise<Started> {
  const healthServer = server();
  const { url } = await healthServer.server.start();
  return { ...healthServer, url, port: Number(new URL(url).port) };
}

test('/healthz answers 200 while the process can work, and 503 otherwise', async () => {
  const { url, health } = await started();
  const fetchHealth = async () => {
    const response = await fetch(`${url}/healthz?verbose`);
    return { status: response.status, body: await response.json() };
  };
  const hard = health.check('broker', 'failing');
  const soft = health.check('stream', 'degraded');
  expect(await fetchHealth()).toMatchObject({ status: 503, body: { status: 'failing' } });
  hard.ok('connected');
  expect(await fetchHealth()).toMatchObject({ status: 200, body: { status: 'degraded' } });
  soft.ok();
  const response = await fetch(`${url}/healthz`);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.json()).toEqual(health.report());
});

test('/livez answers 200 even if the process cannot work, because a restart would not help', async () => {
  const { url, health } = await started();
  health.check('broker', 'failing').bad('gone');
  const response = await fetch(`${url}/livez`);
  expect({ status: response.status, body: await response.text() }).toEqual({ status: 200, body: 'ok\n' });
});

test('/metrics answers in the format of Prometheus', async () => {
  const { url, metrics } = await started();
  new Counter({ name: 'presses_total', help: 'Presses.', registers: [metrics] }).inc(3);
  const response = await fetch(`${url}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe(metrics.contentType);
  expect(await response.text()).toContain('presses_total 3');
});

test('metrics that cannot be collected lead to 500, and the server continues', async () => {
  const { url, metrics } = await started();
  metrics.registerMetric(
    new Counter({
      name: 'broken_total',
      help: 'Broken.',
      registers: [],
      collect: () => {
        throw new Error('no such sensor');
      },
    }),
  );
  const response = await fetch(`${url}/metrics`);
  expect([response.status, await response.text()]).toEqual([500, 'no such sensor\n']);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test('other paths lead to 404, other methods to 405, and HEAD to the headers of GET', async () => {
  const { url } = await started();
  for (const path of ['/', '/healthz/', '/healthz/x', '/..%2fmetrics', '/constructor'])
    expect((await fetch(`${url}${path}`)).status).toBe(404);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const response = await fetch(`${url}/healthz`, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  }
  const head = await fetch(`${url}/healthz`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
});

test('a port in use is a ListenError that says what to do', async () => {
  const { port } = await started();
  const second = server(port);
  await expect(second.server.start()).rejects.toMatchObject({
    name: 'ListenError',
    code: 'EADDRINUSE',
    message: `cannot listen on 127.0.0.1:${port} for health and metrics: the port is in use, perhaps by another release-button. Stop that process (\`ss -ltnp 'sport = :${port}'\` names it) or choose another port with health.port or --health-port`,
  });
  await second.server.stop();
});

test('an address that this machine does not have is also a ListenError', async () => {
  const health = createHealth(createFakeClock());
  const unreachable = createHealthServer({
    host: '192.0.2.1',
    port: 0,
    health,
    metrics: new Registry(),
    log: silentLog(),
  });
  await expect(unreachable.start()).rejects.toThrow(
    'this machine has no such address. Set health.host to an address of this machine',
  );
});

test('the server stops while it has idle connections and requests in progress, and can be stopped twice', async () => {
  const { url, port, server: made } = await started();
  await fetch(`${url}/healthz`).then((response) => response.text());
  const socket = connect(port, '127.0.0.1');
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  socket.on('error', () => {});
  await new Promise<void>((resolve) => {
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n', () => resolve());
  });
  await fetch(`${url}/healthz`).then((response) => response.text());
  await Promise.all([made.stop(), made.stop()]);
  await closed;
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
});

test('the server can be stopped before it was started', async () => {
  await expect(server().server.stop()).resolves.toBeUndefined();
});

test('bytes that are not HTTP are refused, and the next request is answered', async () => {
  const { url, port } = await started();
  const answer = await new Promise<string>((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => void socket.write('\u0010\u0000MQTT\r\n\r\n'));
    socket.on('data', (bytes) => {
      text += bytes.toString();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
  expect(answer).toContain('400 Bad Request');
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});
