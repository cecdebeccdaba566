// Requests through a real proxy: https by a tunnel, http by whole URLs. What the proxy sees, and what a failure means.
import { once } from 'node:events';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConnections } from '../../../release-worker/argocd/connections.ts';
import { proxyFor } from '../../../release-worker/argocd/proxy-setting.ts';
import { listenForTest } from '../../support/listening.ts';
import { freePort } from '../../support/ports.ts';
import { until } from '../../support/wait.ts';
import { createCertificates } from './certificates.ts';
import { follow } from './follow.ts';
import { nothingUnexpected } from './nothing-unexpected.ts';
import { bodyText, clientOf, secret, serve, type Answer } from './playback.ts';
import { forwardProxy } from './proxy-server.ts';
import { recording } from './recordings.ts';
import { refusalOf } from './situations.ts';

nothingUnexpected();

const guestbook = { namespace: 'argocd', name: 'guestbook', project: 'default' };
const nothing = { prune: false, infos: [] };
const json = { 'content-type': 'application/json' };
const { selfSigned, pair, remove } = createCertificates();

beforeAll(() => selfSigned('argocd', 'DNS:argocd.test,DNS:localhost'));
afterAll(remove);

const good: Answer = (response, { method, path }) => {
  if (path.includes('/stream/')) response.writeHead(200, { 'content-type': 'text/event-stream' }).end(':\n');
  else
    response
      .writeHead(200, json)
      .end(bodyText(recording(method === 'POST' ? 'sync-ok-with-infos' : 'get-one').response.body));
};

function credentialsIn(url: URL, username: string, password: string): URL {
  const own = new URL(url);
  own.username = username;
  own.password = password;
  return own;
}

describe('https through a proxy', () => {
  it('uses tunnels, one of them for many reads, and the proxy cannot read the requests', async () => {
    const { url, asked } = await serve(good, pair('argocd'));
    const proxy = await forwardProxy({ to: url });
    const argocd = clientOf('https://argocd.test', { proxy: proxy.url, ca: pair('argocd').ca });
    for (let round = 0; round < 3; round += 1)
      expect(await argocd.get(guestbook)).toMatchObject({ name: 'guestbook' });
    expect(proxy.seen).toHaveLength(1);
    await argocd.sync(guestbook, nothing);
    await argocd.sync(guestbook, nothing);
    expect((await follow(argocd).end).kind).toBe('unavailable');
    expect(asked.map(({ connection }) => connection).slice(0, 5)).toEqual([0, 0, 0, 1, 2]);
    expect(asked.at(-1)?.path).toBe('/api/v1/stream/applications');
    for (const { method, target } of proxy.seen)
      expect([method, target]).toEqual(['CONNECT', 'argocd.test:443']);
    expect(inspect(proxy.seen, { depth: Infinity })).not.toContain(secret);
  });

  it('to an untrusted certificate ends before anything is sent, with the right remedy', async () => {
    const { url, asked } = await serve(good, pair('argocd'));
    const proxy = await forwardProxy({ to: url });
    const argocd = clientOf('https://argocd.test', { proxy: proxy.url });
    for (const ask of [() => argocd.get(guestbook), () => argocd.sync(guestbook, nothing)]) {
      const refusal = await refusalOf(ask());
      expect(refusal.kind).toBe('unreachable');
      expect(refusal.message).toMatch(/through the proxy 127\.0\.0\.1:\d+ \(.*argocd\.caFile/);
    }
    expect(asked).toEqual([]);
    await until('the tunnels to be closed', () => proxy.connections() === 0);
  });

  it.each(['https://elsewhere.test', 'https://127.0.0.1'])(
    'holds the certificate against the host that was asked for (%s)',
    async (server) => {
      const { url, asked } = await serve(good, pair('argocd'));
      const proxy = await forwardProxy({ to: url });
      const refusal = await refusalOf(
        clientOf(server, { proxy: proxy.url, ca: pair('argocd').ca }).get(guestbook),
      );
      expect(refusal.kind).toBe('unreachable');
      expect(refusal.message).toMatch(/ALTNAME.*for other names/);
      expect(asked).toEqual([]);
    },
  );

  it('that is cut after the request was sent leaves it open whether a sync happened', async () => {
    const { url, asked } = await serve((response) => response.destroy(), pair('argocd'));
    const proxy = await forwardProxy({ to: url });
    const argocd = clientOf('https://argocd.test', { proxy: proxy.url, ca: pair('argocd').ca });
    expect(await refusalOf(argocd.sync(guestbook, nothing))).toMatchObject({ kind: 'unsure' });
    expect(asked).toHaveLength(1);
  });

  it('uses another tunnel if a kept-alive one was cut', async () => {
    const { url, asked } = await serve((response, one) => {
      if (one.connection === 0 && asked.length > 1) response.destroy();
      else good(response, one);
    }, pair('argocd'));
    const proxy = await forwardProxy({ to: url });
    const argocd = clientOf('https://argocd.test', { proxy: proxy.url, ca: pair('argocd').ca });
    await argocd.get(guestbook);
    await argocd.get(guestbook);
    expect(asked.map(({ connection }) => connection)).toEqual([0, 0, 1]);
  });
});

describe('http through a proxy', () => {
  it('uses whole URLs, also over kept-alive connections', async () => {
    const { url, asked } = await serve(good);
    const proxy = await forwardProxy({ to: url });
    const argocd = clientOf('http://argocd.test:8080/base', { proxy: proxy.url });
    await argocd.get(guestbook);
    await argocd.get(guestbook);
    await argocd.sync(guestbook, nothing);
    await follow(argocd).end;
    expect(proxy.seen.map(({ method, target }) => `${method} ${target.split('?')[0] ?? ''}`)).toEqual([
      'GET http://argocd.test:8080/base/api/v1/applications/guestbook',
      'GET http://argocd.test:8080/base/api/v1/applications/guestbook',
      'POST http://argocd.test:8080/base/api/v1/applications/guestbook/sync',
      'GET http://argocd.test:8080/base/api/v1/stream/applications',
    ]);
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(asked.map(() => `Bearer ${secret}`));
    expect(asked[0]?.query).toEqual({ appNamespace: 'argocd', project: 'default' });
  });

  it('that is cut after the request was sent leaves it open whether a sync happened', async () => {
    const { url } = await serve((response) => response.destroy());
    const proxy = await forwardProxy({ to: url });
    const argocd = clientOf('http://argocd.test', { proxy: proxy.url });
    expect(await refusalOf(argocd.sync(guestbook, nothing))).toMatchObject({ kind: 'unsure' });
  });
});

describe.each(['https://argocd.test', 'http://argocd.test'])('%s and its proxy', (server) => {
  const tls = server.startsWith('https:');
  const arrange = async (options: { refuse?: number; login?: string } = {}) => {
    const served = await serve(good, tls ? pair('argocd') : undefined);
    const proxy = await forwardProxy({ to: served.url, ...options });
    const client = (url = proxy.url) =>
      clientOf(server, { proxy: url, ...(tls ? { ca: pair('argocd').ca } : {}), requestTimeoutMs: 5_000 });
    return { ...served, proxy, client };
  };

  it('that requires a login gets it', async () => {
    const { client, proxy } = await arrange({ login: 'user:p@ss word' });
    const argocd = client(credentialsIn(proxy.url, 'user', 'p@ss word'));
    expect(await argocd.get(guestbook)).toMatchObject({ name: 'guestbook' });
    await argocd.get(guestbook);
    await argocd.sync(guestbook, nothing);
    expect((await follow(argocd).end).kind).toBe('unavailable');
  });

  it('that refuses the login is named without it, and no sync was sent', async () => {
    const { client, proxy, asked } = await arrange({ login: 'user:right' });
    const argocd = client(credentialsIn(proxy.url, 'somebody', 'hunter2-xyzzy'));
    const refusals = [
      await refusalOf(argocd.get(guestbook)),
      await refusalOf(argocd.sync(guestbook, nothing)),
      await follow(argocd).end,
    ];
    for (const refusal of refusals) {
      expect(refusal.kind).toBe('unreachable');
      expect(refusal.message).toMatch(/proxy 127\.0\.0\.1:\d+ .*HTTP 407.*user:password@/);
      expect(inspect(refusal, { depth: Infinity, showHidden: true })).not.toMatch(/hunter2|somebody/);
    }
    expect(inspect(argocd, { depth: Infinity, showHidden: true })).not.toContain('hunter2');
    expect(asked).toEqual([]);
  });

  it('that cannot be reached is named instead of Argo CD, and no sync was sent', async () => {
    const { client } = await arrange();
    const port = await freePort();
    const argocd = client(new URL(`http://somebody:hunter2-xyzzy@127.0.0.1:${port}`));
    for (const ask of [() => argocd.get(guestbook), () => argocd.sync(guestbook, nothing)]) {
      const refusal = await refusalOf(ask());
      expect(refusal.kind).toBe('unreachable');
      expect(refusal.message).toMatch(
        new RegExp(
          `the proxy 127\\.0\\.0\\.1:${port} did not connect \\(.*ECONNREFUSED.*HTTPS_PROXY.*NO_PROXY`,
        ),
      );
      expect(refusal.message).not.toMatch(/argocd\.server|hunter2|somebody/);
    }
  });

  it('gets no more requests after the stop', async () => {
    const { client, proxy } = await arrange();
    const argocd = client();
    await argocd.get(guestbook);
    argocd.stop();
    await until('the connections to be closed', () => proxy.connections() === 0);
    expect((await refusalOf(argocd.get(guestbook))).kind).toBe('unreachable');
  });
});

describe('a proxy that the environment names without a scheme', () => {
  it('is asked in plain HTTP, as by curl, and opens a tunnel', async () => {
    const { url } = await serve(good, pair('argocd'));
    const { host } = (await forwardProxy({ to: url })).url;
    const { proxy } = proxyFor('https://argocd.test', { HTTPS_PROXY: host });
    const argocd = clientOf('https://argocd.test', { proxy, ca: pair('argocd').ca });
    expect(await argocd.get(guestbook)).toMatchObject({ name: 'guestbook' });
  });
});

describe('a proxy that opens no tunnel', () => {
  it('is named with its answer; a read is retried, a sync was not sent', async () => {
    const { url } = await serve(good, pair('argocd'));
    const proxy = await forwardProxy({ to: url, refuse: 503 });
    const argocd = clientOf('https://argocd.test', { proxy: proxy.url });
    const sync = await refusalOf(argocd.sync(guestbook, nothing));
    expect(sync.kind).toBe('unreachable');
    expect(sync.message).toMatch(
      /the proxy 127\.0\.0\.1:\d+ did not connect \(it answers HTTP 503 to CONNECT\)/,
    );
    expect(proxy.seen).toHaveLength(1);
    expect((await refusalOf(argocd.get(guestbook))).kind).toBe('unreachable');
    expect(proxy.seen).toHaveLength(4);
  });

  it('and does not answer is subject to the usual time limit, and leaves no connection', async () => {
    const { url } = await serve(good, pair('argocd'));
    const proxy = await forwardProxy({ to: url, refuse: 0 });
    const argocd = clientOf('https://argocd.test', { proxy: proxy.url, requestTimeoutMs: 100 });
    for (const ask of [() => argocd.get(guestbook), () => argocd.sync(guestbook, nothing)]) {
      const refusal = await refusalOf(ask());
      expect(refusal.kind).toBe('unreachable');
      expect(refusal.message).toMatch(/through the proxy .*no answer within 100 ms/);
    }
    argocd.stop();
    await until('the connections to be closed', () => proxy.connections() === 0);
  });
});

describe('a tunnel', () => {
  it('to an IPv6 address is requested with brackets', async () => {
    const { url } = await serve(good, pair('argocd'));
    const proxy = await forwardProxy({ to: url });
    await refusalOf(clientOf('https://[fd00::1]:8443', { proxy: proxy.url }).get(guestbook));
    expect(proxy.seen.map(({ target }) => target)).toEqual(['[fd00::1]:8443']);
  });

  it.each([
    ['the proxy', 0],
    ['TLS', undefined],
  ])('in which %s keeps silent is given up, and its connection is closed', async (_, refuse) => {
    const to = `https://127.0.0.1:${await listenForTest(createServer((socket) => socket.resume()))}`;
    const proxy = await forwardProxy({ to, ...(refuse === undefined ? {} : { refuse }) });
    const { https: agent } = createConnections('https://argocd.test', proxy.url, 50).kept;
    if (agent === undefined || agent === false) throw new Error('no agent for https');
    const failure = await once(request('https://argocd.test', { agent }).end(), 'response').catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'ETIMEDOUT', message: 'no connection in time' });
    await until('the connections to be closed', () => proxy.connections() === 0);
  });
});
