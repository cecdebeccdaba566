// The event stream over HTTP: opened as Argo CD expects it, read as it was recorded, or refused.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { streamFields } from '../../../release-worker/argocd/field-selection.ts';
import { stays, until } from '../../support/wait.ts';
import { eventsOf, follow } from './follow.ts';
import { nothingUnexpected } from './nothing-unexpected.ts';
import { clientOf, clientOfPlayed, secret, serve } from './playback.ts';
import { recording, recordings } from './recordings.ts';
import { refusalOf } from './situations.ts';

nothingUnexpected();

const sse = { 'content-type': 'text/event-stream' };
const event = (name: string) =>
  `data: {"result":{"type":"ADDED","application":{"metadata":{"name":"${name}"}}}} \n\n\n`;

const streams = [...recordings.values()].filter(
  ({ kind, response }) =>
    kind === 'stream' && response.status === 200 && response.headers['content-type'] === sse['content-type'],
);

describe('opened', () => {
  it('requests server-sent events of the selected members, with the token, uncompressed', async () => {
    const { argocd, served } = await clientOfPlayed('stream-sse-fields-sync');
    const { events, abort, end } = follow(argocd);
    await until('the events', () => events.length > 0);
    expect(served.asked[0]).toMatchObject({
      method: 'GET',
      path: '/api/v1/stream/applications',
      query: { fields: streamFields },
    });
    expect(served.asked[0]?.headers).toMatchObject({
      accept: 'text/event-stream',
      'accept-encoding': 'identity',
      authorization: `Bearer ${secret}`,
    });
    abort();
    await end;
  });

  it.each(streams.map(({ name }) => name))('brings every event of %s', async (name) => {
    const { argocd, served } = await clientOfPlayed(name);
    const { events, unreadable, abort, end } = follow(argocd);
    const expected = eventsOf(recording(name));
    if (/^closed by (the )?client/.test(recording(name).response.end?.how ?? '')) {
      const { lines = [] } = recording(name).response;
      const count = lines.filter(({ text }) => text.startsWith('data: ')).length;
      await until('all events', () => events.length + unreadable.length === count);
      abort();
    }
    expect((await end).kind).toBe('unavailable');
    expect(events).toEqual(expected);
    await until('the connection to be closed', () => served.connections() === 0);
  });

  it('counts the answer when it begins', async () => {
    const counted: [string, number][] = [];
    const { url } = await serve((response) => response.writeHead(200, sse).write(':\n'));
    const argocd = clientOf(url, { onAnswer: (call, status) => counted.push([call, status]) });
    const { signs, abort, end } = follow(argocd);
    await until('a sign', () => signs() > 0);
    abort();
    await end;
    expect(counted).toEqual([['stream', 200]]);
  });

  it('is read even if a proxy has compressed it', async () => {
    const { url } = await serve((response) => {
      response.writeHead(200, { ...sse, 'content-encoding': 'gzip' }).end(gzipSync(event('a')));
    });
    const { events, end } = follow(clientOf(url));
    expect(await end).toMatchObject({ kind: 'unavailable', message: expect.stringMatching(/ended$/) });
    expect(events).toHaveLength(1);
  });

  it('reads no faster than its events are consumed', async () => {
    const chunk = Buffer.alloc(1_048_576, ':\n');
    let written = 0;
    const { url } = await serve((response) => {
      response.writeHead(200, sse);
      const more = (): void => {
        written += 1;
        if (!response.destroyed) response.write(chunk, more);
      };
      more();
    });
    const argocd = clientOf(url);
    const abort = new AbortController();
    const iterator = argocd.openStream(abort.signal)[Symbol.asyncIterator]();
    await iterator.next();
    await until('the server to be held up', async () => {
      const seen = written;
      return stays('held up', () => written === seen, 100).then(
        () => true,
        () => false,
      );
    });
    const before = written;
    expect(written).toBeLessThan(100);
    for (let count = 0; count < 500; count += 1) await iterator.next();
    await until('the server to go on', () => written > before);
    abort.abort();
    await refusalOf(drained(iterator));
  });
});

async function drained(iterator: AsyncIterator<unknown>): Promise<void> {
  for (;;) if ((await iterator.next()).done === true) return;
}

describe('refused', () => {
  it.each([
    'stream-no-token',
    'stream-no-token-with-fields',
    'stream-invalid-token',
    'stream-bad-signature',
    'stream-open-revoked-token',
  ])('%s is a token that is not accepted', async (name) => {
    // Recorded without a token or with another one, which the playback does not check.
    const { status, headers, lines = [] } = recording(name).response;
    const { url } = await serve((response) => {
      response.writeHead(status ?? 0, { 'content-type': headers['content-type'] });
      response.end(lines.map(({ text }) => `${text}\n`).join(''));
    });
    const { end, signs } = follow(clientOf(url));
    const refusal = await end;
    expect(refusal).toMatchObject({ kind: 'unauthenticated', status: 401 });
    expect(refusal.message).toMatch(/does not accept the token.*ARGOCD_AUTH_TOKEN/);
    expect(signs()).toBe(0);
  });

  it('gives the reason if there is one', async () => {
    const { argocd } = await clientOfPlayed('stream-bad-signature');
    expect((await follow(argocd).end).message).toContain('token signature is invalid');
  });

  it('gives only the status if the selection removed the text', async () => {
    const { argocd } = await clientOfPlayed('stream-selector-invalid');
    expect(await follow(argocd).end).toMatchObject({ kind: 'unavailable', status: 500 });
  });

  it.each([
    ['a web page', 200, { 'content-type': 'text/html' }, '<html>', 'not-argocd'],
    ['lines of JSON', 200, { 'content-type': 'application/json' }, '{"result":{}}\n', 'not-argocd'],
    ['no content type', 200, {}, 'x', 'not-argocd'],
    ['an unknown path', 404, { 'content-type': 'text/plain' }, 'Not Found\n', 'not-argocd'],
    ['a redirect', 307, { location: 'https://argocd.example' }, '', 'not-argocd'],
    ['a gateway that does not get through', 502, { 'content-type': 'text/html' }, '<html>', 'unavailable'],
  ])('by %s, although the body never ends', async (_, status, headers, body, kind) => {
    const { url, connections } = await serve((response) => {
      response.writeHead(status, headers);
      response.flushHeaders();
      if (body !== '') response.write(body);
    });
    const { end, signs } = follow(clientOf(url, { requestTimeoutMs: 100 }));
    expect(await end).toMatchObject({ kind, status });
    expect(signs()).toBe(0);
    await until('the connection to be closed', () => connections() === 0);
  });

  it('with an endless body', async () => {
    const { url, connections } = await serve((response) => {
      response.writeHead(500, { 'content-type': 'text/html' });
      const more = (): void => {
        if (!response.destroyed) response.write('x'.repeat(65_536), () => setImmediate(more));
      };
      more();
    });
    expect(await follow(clientOf(url)).end).toMatchObject({ kind: 'unavailable', status: 500 });
    await until('the connection to be closed', () => connections() === 0);
  });

  it('with a text that is cut off', async () => {
    const { url } = await serve((response) => {
      response.writeHead(401, sse).write('data: {"err', () => response.socket?.end());
    });
    expect(await follow(clientOf(url)).end).toMatchObject({ kind: 'unauthenticated', status: 401 });
  });

  it('because the server cannot be reached', async () => {
    const { url, server } = await serve(() => {});
    server.close();
    const counted: number[] = [];
    const argocd = clientOf(url, { onAnswer: (_, status) => counted.push(status) });
    const refusal = await follow(argocd).end;
    expect(refusal.kind).toBe('unreachable');
    expect(refusal.message).toMatch(/open the event stream.*Nothing listens there/);
    expect(counted).toEqual([0]);
  });
});
