// Reads that fail for a moment are retried within limits. Requests that may have had an effect never are.
import { ClientRequest, createServer } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ArgoCd } from '../../../release-worker/argocd/client.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { freePort } from '../../support/ports.ts';
import { until } from '../../support/wait.ts';
import { follow } from './follow.ts';
import { nothingUnexpected } from './nothing-unexpected.ts';
import { bodyText, clientOf, serve, type Answer } from './playback.ts';
import { recording } from './recordings.ts';
import { refusalOf } from './situations.ts';

nothingUnexpected();

const guestbook = { namespace: 'argocd', name: 'guestbook', project: 'default' };
const json = { 'content-type': 'application/json' };
const application = bodyText(recording('get-one').response.body);
const get = (argocd: ArgoCd) => argocd.get(guestbook);
const sync = (argocd: ArgoCd) => argocd.sync(guestbook, { prune: false, infos: [] });

/** Fails this many times, then answers. */
function failing(times: number, fail: Answer): Answer {
  let left = times;
  return (response, asked) => {
    if (left > 0) {
      left -= 1;
      fail(response, asked);
    } else response.writeHead(200, json).end(application);
  };
}

const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(code, { ...json, ...headers }).end('{"error":"x","code":14,"message":"x"}');
  };

/** A client whose pauses end when the test says so. */
async function paused(answer: Answer, { requestTimeoutMs = 10_000, random = 0 } = {}) {
  const served = await serve(answer);
  const clock = createFakeClock();
  const argocd = clientOf(served.url, { clock, requestTimeoutMs, random: () => random });
  return {
    ...served,
    clock,
    argocd,
    // One timer is the time limit of the whole call.
    pause: (count: number) =>
      until(`pause ${count}`, () => served.asked.length === count && clock.pendingTimers() === 2),
  };
}

/** got compares a date with the system's clock. */
function dateOfFakeClock(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: createFakeClock().now() });
  onTestFinished(() => void vi.useRealTimers());
}

/** As in Node.js 24.20 and later: after the event `error`, the callback of `end` gets an error. */
function failureInCallbacks(): void {
  const { prototype } = ClientRequest;
  prototype.end = new Proxy(prototype.end, {
    apply: (end, request: ClientRequest, given: unknown[]) => {
      const callback = given.find((each) => typeof each === 'function');
      const error = new Error('Socket closed before the connection was established');
      if (callback !== undefined) request.once('error', () => Reflect.apply(callback, undefined, [error]));
      const returned: unknown = Reflect.apply(end, request, given);
      return returned;
    },
  });
  onTestFinished(() => void Reflect.deleteProperty(prototype, 'end'));
}

describe('a read', () => {
  it.each([429, 502, 503, 504])(
    'that is answered with %i is asked again, and then answered',
    async (code) => {
      const { url, asked } = await serve(failing(1, status(code)));
      expect(await get(clientOf(url))).toMatchObject({ name: 'guestbook' });
      expect(asked).toHaveLength(2);
    },
  );

  it.each([
    [0, 320, 640],
    [0.5, 400, 800],
    [1, 480, 960],
  ])(
    'is asked three times at most, with a longer pause before the last, and not together with others (chance %f)',
    async (random, first, second) => {
      const { argocd, asked, clock, pause } = await paused(status(503), { random });
      const refusal = refusalOf(get(argocd));
      for (const [index, ms] of [first, second].entries()) {
        await pause(index + 1);
        clock.advance(ms - 1);
        expect(clock.pendingTimers()).toBe(2);
        clock.advance(1);
      }
      expect(await refusal).toMatchObject({ kind: 'unavailable', status: 503 });
      expect(asked).toHaveLength(3);
    },
  );

  it('is retried over another connection if the server has closed a kept-alive one', async () => {
    const { url, asked } = await serve((response, { connection }) => {
      if (connection === 0 && asked.length > 1) response.destroy();
      else response.writeHead(200, json).end(application);
    });
    const argocd = clientOf(url);
    for (let round = 0; round < 2; round += 1) expect(await get(argocd)).toMatchObject({ name: 'guestbook' });
    expect(asked.map(({ connection }) => connection)).toEqual([0, 0, 1]);
  });

  it('is not retried if a new connection was cut, because that is the server’s answer', async () => {
    const { url, asked } = await serve((response) => response.destroy());
    expect(await refusalOf(get(clientOf(url)))).toMatchObject({ kind: 'unsure' });
    expect(asked).toHaveLength(1);
  });

  it('finds a server that begins to listen a moment later', async () => {
    const port = await freePort();
    const clock = createFakeClock();
    const answer = get(clientOf(`http://127.0.0.1:${port}`, { clock }));
    await until('the pause', () => clock.pendingTimers() === 2);
    const server = createServer((_, response) => response.writeHead(200, json).end(application));
    await new Promise<void>((resolve) => {
      server.listen(port, '127.0.0.1', resolve);
    });
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    clock.advance(320);
    expect(await answer).toMatchObject({ name: 'guestbook' });
  });

  it('is retried if Node.js reports a refused connection to the callback of `end`, too', async () => {
    failureInCallbacks();
    const counted: number[] = [];
    const argocd = clientOf(`http://127.0.0.1:${await freePort()}`, {
      onAnswer: (_, status) => counted.push(status),
    });
    const error = await refusalOf(get(argocd));
    expect(error).toMatchObject({ kind: 'unreachable' });
    expect(error.message).toContain('ECONNREFUSED');
    expect(counted).toEqual([0, 0, 0]);
  });

  it.each([400, 403, 404, 500, 501])('that is answered with %i is not retried', async (code) => {
    const { url, asked } = await serve(status(code));
    await refusalOf(get(clientOf(url)));
    expect(asked).toHaveLength(1);
  });

  it('that timed out is not retried, and neither is a refresh', async () => {
    const { url, asked } = await serve(() => {});
    const argocd = clientOf(url, { requestTimeoutMs: 500 });
    for (const refresh of [undefined, 'normal'] as const)
      expect(await refusalOf(argocd.get(guestbook, refresh))).toMatchObject({ kind: 'unsure' });
    expect(asked).toHaveLength(2);
  });

  it('that refreshes is retried after 503, but not if a gateway timed out', async () => {
    const once = await serve(failing(1, status(503)));
    expect(await clientOf(once.url).get(guestbook, 'normal')).toMatchObject({ name: 'guestbook' });
    const gaveUp = await serve(status(504));
    await refusalOf(clientOf(gaveUp.url).get(guestbook, 'normal'));
    expect(gaveUp.asked).toHaveLength(1);
  });

  it('is limited by its timeout, and then fails with the last answer', async () => {
    const { argocd, asked } = await paused(status(503), { requestTimeoutMs: 100 });
    expect(await refusalOf(get(argocd))).toMatchObject({ status: 503 });
    expect(asked).toHaveLength(1);
  });

  it('ends at once when the client stops during a pause', async () => {
    const { argocd, asked, pause } = await paused(status(503));
    const refusal = refusalOf(get(argocd));
    await pause(1);
    argocd.stop();
    expect(await refusal).toMatchObject({ status: 503 });
    expect(asked).toHaveLength(1);
  });
});

describe('Retry-After', () => {
  it.each([
    ['seconds', '3', 3_000],
    ['a date', 'Thu, 01 Jan 2026 00:00:04 GMT', 4_000],
    ['a date that has passed', 'Wed, 31 Dec 2025 00:00:00 GMT', 320],
    ['nonsense', 'soon', 320],
  ])('as %s is waited for', async (_, header, ms) => {
    dateOfFakeClock();
    const { argocd, asked, clock, pause } = await paused(failing(1, status(429, { 'retry-after': header })));
    const answer = get(argocd);
    await pause(1);
    clock.advance(ms - 1);
    expect(clock.pendingTimers()).toBe(2);
    clock.advance(1);
    expect(await answer).toMatchObject({ name: 'guestbook' });
    expect(asked).toHaveLength(2);
  });

  it.each(['11', '86400', 'Thu, 01 Jan 2026 01:00:00 GMT'])(
    'of %s is too long to wait: it ends at once',
    async (header) => {
      dateOfFakeClock();
      const { argocd, asked } = await paused(status(503, { 'retry-after': header }), {
        requestTimeoutMs: 300_000,
      });
      expect(await refusalOf(get(argocd))).toMatchObject({ status: 503 });
      expect(asked).toHaveLength(1);
    },
  );
});

describe('a call that its caller repeats anyway', () => {
  it.each<[string, Answer]>([
    ['429', status(429)],
    ['503 with Retry-After', status(503, { 'retry-after': '0' })],
    ['a connection that is cut', (response) => response.destroy()],
  ])('is not sent again after %s', async (_, answer) => {
    const { url, asked } = await serve(answer);
    await refusalOf(clientOf(url).probe({ once: true }));
    expect(asked).toHaveLength(1);
  });

  it('is not retried if nobody listens', async () => {
    const counted: number[] = [];
    const argocd = clientOf(`http://127.0.0.1:${await freePort()}`, {
      onAnswer: (_, code) => counted.push(code),
    });
    await refusalOf(argocd.probe({ once: true }));
    expect(counted).toEqual([0]);
  });

  it('is retried if a kept-alive connection was cut, which says nothing about the server', async () => {
    const { url, asked } = await serve((response, { connection }) => {
      if (connection === 0 && asked.length > 1) response.destroy();
      else response.writeHead(200, json).end('{"Version":"v3.6.0"}');
    });
    const argocd = clientOf(url);
    for (let round = 0; round < 2; round += 1) await argocd.probe({ once: true });
    expect(asked.map(({ connection }) => connection)).toEqual([0, 0, 1]);
  });

  it('is `probe` with `once`; without it, `probe` is retried as any read', async () => {
    const { url, asked } = await serve(status(503));
    const argocd = clientOf(url);
    await refusalOf(argocd.probe({ once: true }));
    expect(asked).toHaveLength(1);
    await refusalOf(argocd.probe());
    expect(asked).toHaveLength(4);
  });
});

describe('requests that are never retried', () => {
  it.each([429, 502, 503, 504])('a sync that is answered with %i', async (code) => {
    const { url, asked } = await serve(status(code, { 'retry-after': '0' }));
    await refusalOf(sync(clientOf(url)));
    expect(asked).toHaveLength(1);
  });

  it('a sync whose connection is cut, or cannot be made', async () => {
    const { url, asked, server } = await serve((response) => response.destroy());
    const counted: number[] = [];
    const argocd = clientOf(url, { onAnswer: (_, code) => counted.push(code) });
    await refusalOf(sync(argocd));
    expect(asked).toHaveLength(1);
    server.close();
    server.closeAllConnections();
    await refusalOf(sync(argocd));
    expect(counted).toEqual([0, 0]);
  });

  it('the stream, which its caller opens again', async () => {
    const { url, asked } = await serve(status(503, { 'retry-after': '0' }));
    expect(await follow(clientOf(url)).end).toMatchObject({ status: 503 });
    expect(asked).toHaveLength(1);
  });
});
