// Certificates: an untrusted one is refused with a remedy, and the remedy works.
import { createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listenForTest } from '../../support/listening.ts';
import { until } from '../../support/wait.ts';
import type { ClientOptions } from '../support/client.ts';
import { createCertificates } from './certificates.ts';
import { clientOf, played, secret, serve } from './playback.ts';
import { forwardProxy } from './proxy-server.ts';
import { refusalOf } from './situations.ts';

const guestbook = { namespace: 'argocd', name: 'guestbook', project: 'default' };
const { selfSigned, signed, pair, remove } = createCertificates();

beforeAll(() => {
  selfSigned('here', 'DNS:localhost,IP:127.0.0.1');
  selfSigned('elsewhere', 'DNS:localhost,DNS:argocd-server');
  selfSigned('ca', 'DNS:ca.example');
  signed('expired', 'ca', 'IP:127.0.0.1', -1);
});

afterAll(remove);

async function ask(tls: { key: string; cert: string }, options: Partial<ClientOptions>) {
  const { url, asked } = await serve(played('get-one'), tls);
  const argocd = clientOf(url, options);
  return { read: argocd.get(guestbook), argocd, asked, url };
}

describe('a self-signed certificate', () => {
  it('is refused without its CA, with the remedy, before the token is sent', async () => {
    const { read, argocd, asked } = await ask(pair('here'), {});
    const failure = await refusalOf(read);
    expect(failure.kind).toBe('unreachable');
    expect(failure.message).toMatch(/SELF_SIGNED_CERT.*argocd\.caFile/);
    expect(failure.message).not.toContain('insecure');
    const sync = await refusalOf(argocd.sync(guestbook, { prune: false, infos: [] }));
    expect(sync.kind).toBe('unreachable');
    const stream = argocd.openStream(new AbortController().signal)[Symbol.asyncIterator]();
    expect((await refusalOf(stream.next())).message).toMatch(/argocd\.caFile/);
    expect(asked).toEqual([]);
  });

  it('is trusted with its CA', async () => {
    const { read, asked } = await ask(pair('here'), { ca: pair('here').ca });
    expect(await read).toMatchObject({ name: 'guestbook' });
    expect(asked[0]?.headers.authorization).toBe(`Bearer ${secret}`);
  });

  it('is not trusted with another CA', async () => {
    const { read } = await ask(pair('here'), { ca: pair('ca').ca });
    expect((await refusalOf(read)).message).toMatch(/argocd\.caFile/);
  });

  it('is accepted if every certificate is trusted', async () => {
    const { read } = await ask(pair('here'), { insecure: true });
    expect(await read).toMatchObject({ name: 'guestbook' });
  });
});

describe('the wrong scheme', () => {
  it('http:// to a port with TLS: the remedy is https://', async () => {
    const { url } = await serve(played('get-one'), pair('here'));
    const failure = await refusalOf(clientOf(url.replace('https:', 'http:'), {}).get(guestbook));
    expect(failure.message).toMatch(/if the port uses TLS, write https:\/\/ instead of http:\/\//);
  });

  it('https:// to a port without TLS: the remedy names the port first', async () => {
    const { url } = await serve(played('get-one'));
    const failure = await refusalOf(clientOf(url.replace('http:', 'https:'), {}).get(guestbook));
    expect(failure.message).toMatch(/No TLS connection could be made: check the port in argocd\.server/);
  });
});

describe('a certificate for other names', () => {
  it('is refused although its CA is trusted, and the remedy is another name', async () => {
    const { read } = await ask(pair('elsewhere'), { ca: pair('elsewhere').ca });
    const failure = await refusalOf(read);
    expect(failure.kind).toBe('unreachable');
    expect(failure.message).toMatch(/ALTNAME.*for other names: use one of them in argocd\.server/);
    expect(failure.message).not.toMatch(/caFile/);
  });

  it('is accepted under its own name', async () => {
    const { url } = await serve(played('get-one'), pair('elsewhere'));
    const argocd = clientOf(url.replace('127.0.0.1', 'localhost'), { ca: pair('elsewhere').ca });
    expect(await argocd.get(guestbook)).toMatchObject({ name: 'guestbook' });
  });

  it('is accepted if every certificate is trusted', async () => {
    const { read } = await ask(pair('elsewhere'), { insecure: true });
    expect(await read).toMatchObject({ name: 'guestbook' });
  });
});

it('an expired certificate is refused, and the remedy mentions the clock', async () => {
  const { read } = await ask(pair('expired'), { ca: pair('ca').ca });
  const failure = await refusalOf(read);
  expect(failure.kind).toBe('unreachable');
  expect(failure.message).toMatch(/CERT_HAS_EXPIRED.*clock of this machine/);
});

it('a sync over an open connection is unsure, whether certificates are checked or not', async () => {
  for (const options of [{ insecure: true }, { ca: pair('here').ca }]) {
    const { url, asked } = await serve((response, { method }) => {
      if (method === 'GET') response.writeHead(404).end();
      else response.destroy();
    }, pair('here'));
    const argocd = clientOf(url, options);
    await refusalOf(argocd.get(guestbook));
    expect(await refusalOf(argocd.sync(guestbook, { prune: false, infos: [] }))).toMatchObject({
      kind: 'unsure',
    });
    expect(asked).toHaveLength(2);
  }
});

describe('a sync whose connection is held up by TLS', () => {
  /** TCP connects at once, TLS when the test lets it continue. */
  async function heldUp() {
    const { server, asked, url } = await serve((response) => response.writeHead(503).end(), pair('here'));
    const waiting: Socket[] = [];
    const port = await listenForTest(createServer((socket) => waiting.push(socket)));
    return {
      url: url.replace(/\d+$/, String(port)),
      asked,
      waiting,
      goOn: () => waiting.forEach((socket) => server.emit('connection', socket)),
    };
  }
  const ways = [
    ['direct', () => Promise.resolve({})],
    ['through a proxy', async (to: string) => ({ proxy: (await forwardProxy({ to })).url })],
  ] as const;

  it.each(ways)('is not sent if it was stopped before TLS is complete: %s', async (_, way) => {
    const { url, asked, waiting, goOn } = await heldUp();
    const why = new Error('terminated meanwhile');
    let unwanted = false;
    const ready = () => (unwanted ? Promise.reject(why) : Promise.resolve());
    const argocd = clientOf(url, { ca: pair('here').ca, ...(await way(url)) });
    const asking = argocd
      .sync(guestbook, { prune: false, infos: [] }, ready)
      .catch((error: unknown) => error);
    await until('the connection', () => waiting.length === 1);
    unwanted = true;
    goOn();
    expect(await asking).toBe(why);
    expect(asked).toEqual([]);
  });

  it.each(ways)('is sent when TLS is complete: %s', async (_, way) => {
    const { url, asked, waiting, goOn } = await heldUp();
    const argocd = clientOf(url, { ca: pair('here').ca, ...(await way(url)) });
    const asking = refusalOf(argocd.sync(guestbook, { prune: false, infos: [] }, () => Promise.resolve()));
    await until('the connection', () => waiting.length === 1);
    goOn();
    expect(await asking).toMatchObject({ kind: 'unavailable' });
    expect(asked).toHaveLength(1);
  });
});

it('a read over a kept-alive connection that is cut is retried over a new one', async () => {
  for (const options of [{ insecure: true }, { ca: pair('here').ca }]) {
    let count = 0;
    const { url, asked } = await serve((response) => {
      count += 1;
      if (count === 1) response.writeHead(404).end();
      else response.destroy();
    }, pair('here'));
    const argocd = clientOf(url, options);
    await refusalOf(argocd.get(guestbook));
    expect(await refusalOf(argocd.get(guestbook))).toMatchObject({ kind: 'unsure' });
    expect(asked.map(({ connection }) => connection)).toEqual([0, 0, 1]);
  }
});
