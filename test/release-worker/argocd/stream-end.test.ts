// The end of the event stream over HTTP: cut by the server, closed by the client, aborted. Nothing is left open.
import { describe, expect, it } from 'vitest';
import { until } from '../../support/wait.ts';
import { eventsOf, follow, idleMs, silentMs } from './follow.ts';
import { nothingUnexpected } from './nothing-unexpected.ts';
import { clientOf, clientOfPlayed, serve } from './playback.ts';
import { recording } from './recordings.ts';
import { refusalOf } from './situations.ts';

nothingUnexpected();

/** Everything that would keep the process from ending, except for standard output and the like. */
function handles(): number {
  return process.getActiveResourcesInfo().filter((each) => /TCP|TLS|Timeout|Immediate/.test(each)).length;
}

const sse = { 'content-type': 'text/event-stream' };
const event = (name: string) =>
  `data: {"result":{"type":"ADDED","application":{"metadata":{"name":"${name}"}}}} \n\n\n`;

describe('cut', () => {
  it.each(['stream-server-sigkill-sse', 'stream-server-sigterm-sse'])(
    'without a final chunk, as by %s: all events before came',
    async (name) => {
      const { argocd } = await clientOfPlayed(name);
      const { events, end } = follow(argocd);
      const error = await end;
      expect(error.kind).toBe('unavailable');
      expect(error.message).toMatch(/follow the event stream.*ECONNRESET/);
      expect(events).toEqual(eventsOf(recording(name)));
    },
  );

  it('by a reset', async () => {
    const { url } = await serve((response) => {
      response.writeHead(200, sse).write(event('a'), () => response.socket?.resetAndDestroy());
    });
    expect(await follow(clientOf(url)).end).toMatchObject({ kind: 'unavailable' });
  });

  it('in order', async () => {
    const { url } = await serve((response) => response.writeHead(200, sse).end(event('a')));
    const { events, end } = follow(clientOf(url));
    expect((await end).message).toMatch(/ended$/);
    expect(events).toHaveLength(1);
  });

  it.each([
    ['before it has sent anything', '', silentMs, /has sent nothing for 600 s/],
    ['after it has', event('a'), idleMs, /has been silent for 45 s/],
  ])('by us, since it is silent, %s', async (_, text, ms, words) => {
    const { url, asked, connections } = await serve((response) => {
      if (text !== '') response.writeHead(200, sse).write(text);
    });
    const { clock, signs, end } = follow(clientOf(url));
    await until('the request', () => asked.length === 1 && (text === '' || signs() > 0));
    clock.advance(ms);
    expect((await end).message).toMatch(words);
    await until('the connection to be closed', () => connections() === 0);
  });

  it('by the client, because one event does not end', async () => {
    const { url, connections } = await serve((response) => {
      response.writeHead(200, sse).write('data: ');
      const more = (): void => {
        if (!response.destroyed) response.write('x'.repeat(262_144), () => setImmediate(more));
      };
      more();
    });
    expect((await follow(clientOf(url)).end).message).toMatch(/cannot be read/);
    await until('the connection to be closed', () => connections() === 0);
  });
});

describe('aborted', () => {
  it.each([
    ['before there is an answer', ''],
    ['while events come', event('a')],
  ])('%s, it ends at once and leaves no handle', async (_, text) => {
    const { url, asked, connections } = await serve((response) => {
      if (text !== '') response.writeHead(200, sse).write(text);
    });
    const before = handles();
    const { abort, signs, end, clock } = follow(clientOf(url));
    await until('the request', () => asked.length === 1 && (text === '' || signs() > 0));
    abort();
    expect((await end).kind).toBe('unavailable');
    expect(clock.pendingTimers()).toBe(0);
    await until('the connection to be closed', () => connections() === 0);
    await until('all handles to be gone', () => handles() <= before + 1); // the timer of this wait
  });

  it('before it was opened, nothing is sent', async () => {
    const { url, asked } = await serve(() => {});
    const abort = new AbortController();
    abort.abort();
    expect((await follow(clientOf(url), {}, abort).end).kind).toBe('unreachable');
    expect(asked).toEqual([]);
  });

  it('while nobody iterates, nothing goes wrong, and an iteration ends', async () => {
    const { url, asked, connections } = await serve((response) => response.writeHead(200, sse).write(':\n'));
    const abort = new AbortController();
    const request = clientOf(url).openStream(abort.signal);
    await until('the request', () => asked.length === 1);
    abort.abort();
    await until('the connection to be closed', () => connections() === 0);
    await refusalOf(request[Symbol.asyncIterator]().next());
  });

  it('a server that stops while nobody iterates does not end the process', async () => {
    const { url, asked, connections } = await serve((response) => response.destroy());
    const request = clientOf(url).openStream(new AbortController().signal);
    await until('the request', () => asked.length === 1 && connections() === 0);
    await refusalOf(request[Symbol.asyncIterator]().next());
  });

  it('leaving the iteration closes the connection', async () => {
    const { url, connections } = await serve((response) => response.writeHead(200, sse).write(event('a')));
    for await (const chunk of clientOf(url).openStream(new AbortController().signal)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    await until('the connection to be closed', () => connections() === 0);
  });

  it('repeated streams leave no listeners at the signal', async () => {
    const { url } = await serve((response) => response.writeHead(200, sse).end(event('a')));
    const argocd = clientOf(url);
    const abort = new AbortController();
    for (let round = 0; round < 30; round += 1) await follow(argocd, {}, abort).end;
    abort.abort();
  });

  it('a refusal, a cut and an abort after the end change nothing', async () => {
    const { url } = await serve((response) => response.writeHead(200, sse).end(event('a')));
    const argocd = clientOf(url);
    const { abort, end } = follow(argocd);
    expect((await end).message).toMatch(/ended$/);
    abort();
    argocd.stop();
  });
});
