// The event stream as bytes: the same events, whatever pieces they arrive in, and silence is noticed.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ArgoCd, StreamRequest } from '../../../release-worker/argocd/client.ts';
import { ArgoCdError } from '../../../release-worker/argocd/errors.ts';
import { until } from '../../support/wait.ts';
import { settle } from '../support/settle.ts';
import { eventsOf, follow, idleMs, silentMs } from './follow.ts';
import { recordings, streamText, type Recording } from './recordings.ts';

/** Streams that contain only events of applications. Some were recorded with selections that match nothing. */
const sse = [...recordings.values()].filter((each) => {
  const { status, headers, lines = [] } = each.response;
  const data = lines.filter(({ text }) => text.startsWith('data: '));
  return (
    each.kind === 'stream' &&
    status === 200 &&
    headers['content-type'] === 'text/event-stream' &&
    eventsOf(each).length === data.length
  );
});
const bytes = (text: string) => new TextEncoder().encode(text);

/** A stream of these pieces, which then ends, or stays open until it is destroyed. */
function streamOf(
  pieces: Iterable<Uint8Array>,
  then: 'ends' | 'stays open' | ArgoCdError = 'ends',
): Pick<ArgoCd, 'server' | 'openStream'> & { destroyed(): boolean } {
  let destroyed = false;
  return {
    server: 'https://argocd.example',
    destroyed: () => destroyed,
    openStream: (): StreamRequest => {
      let destroy = () => {
        destroyed = true;
      };
      const over = new Promise<void>((resolve) => {
        destroy = () => {
          destroyed = true;
          resolve();
        };
      });
      return {
        destroy: () => destroy(),
        [Symbol.asyncIterator]: async function* () {
          yield* pieces;
          if (then instanceof ArgoCdError) throw then;
          if (then === 'stays open') {
            await over;
            throw new ArgoCdError({ kind: 'unsure', message: 'Premature close' });
          }
        },
      };
    },
  };
}

/** Cut at these positions, in any order, some perhaps twice. */
function cutAt(whole: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set([0, ...places.map((place) => place % whole.length), whole.length])].sort(
    (a, b) => a - b,
  );
  return at.slice(1).map((end, index) => whole.subarray(at[index], end));
}

describe('recorded streams', () => {
  it('are many, with keep-alives, and with deleted applications', () => {
    expect(sse.length).toBeGreaterThan(30);
    const events = sse.flatMap(eventsOf);
    expect(events.some(([type]) => type === 'deleted')).toBe(true);
    expect(sse.some((each) => streamText(each).includes('\n:\n'))).toBe(true);
  });

  it('give the same events in whatever pieces they arrive, even within a character', async () => {
    const places = fc.array(fc.nat(), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...sse), places, async (one, cuts) => {
        // Recorded texts are plain ASCII. An author's name or a message may not be.
        const strange = (text: string) =>
          text.replaceAll('Synced', 'Sýncèd→😀').replaceAll('"shop"', '"店鋪"');
        const lines = one.response.lines?.map((line) => ({ ...line, text: strange(line.text) }));
        const { response } = one;
        const expected = eventsOf({ ...one, response: { ...response, lines } });
        const { events, unreadable, end } = follow(streamOf(cutAt(bytes(strange(streamText(one))), cuts)));
        expect((await end).kind).toBe('unavailable');
        expect(events).toEqual(expected);
        expect(unreadable).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('give the same events byte by byte', async () => {
    const one = recordingWith('DELETED');
    const whole = bytes(streamText(one));
    const { events, end, signs } = follow(streamOf(Array.from(whole, (_, at) => whole.subarray(at, at + 1))));
    await end;
    expect(events).toEqual(eventsOf(one));
    const keepAlives = one.response.lines?.filter(({ text }) => text === ':') ?? [];
    expect(signs()).toBe(eventsOf(one).length + keepAlives.length);
  });

  it('give no event that was cut off in the middle', async () => {
    const one = recordingWith('DELETED');
    const expected = eventsOf(one);
    const text = streamText(one);
    const { events, end } = follow(streamOf([bytes(text.slice(0, text.lastIndexOf('data: ') + 50))]));
    await end;
    expect(events).toEqual(expected.slice(0, -1));
  });
});

function recordingWith(text: string): Recording {
  const found = sse.find((each) => streamText(each).includes(text));
  if (found === undefined) throw new Error(`no recorded stream has ${text}`);
  return found;
}

const event = (name: string) =>
  `data: {"result":{"type":"ADDED","application":{"metadata":{"name":"${name}"}}}} \n\n\n`;
const names = (events: readonly (readonly [string, { readonly name: string }])[]) =>
  events.map(([, { name }]) => name);

describe('an event that cannot be read', () => {
  it.each([
    ['no JSON', 'data: {"result": \n\n'],
    ['other JSON', 'data: ["a"] \n\n'],
    ['an application without a name', 'data: {"result":{"application":{"metadata":{}}}} \n\n'],
    ['no application, as with a selection that fits nothing', 'data: {} \n\n'],
    ['an error', 'data: {"error":{"message":"x"}} \n\n'],
    ['no event at all', 'something else\n\n'],
    ['a field that nobody knows', 'colour: red\n\n'],
    ['a retry that is no number', 'retry: soon\n\n'],
  ])('%s is told, and the stream goes on', async (_, text) => {
    const { events, unreadable, end } = follow(streamOf([bytes(event('a') + text + event('b'))]));
    expect(await end).toMatchObject({ kind: 'unavailable', message: expect.stringMatching(/ended$/) });
    expect(names(events)).toEqual(['a', 'b']);
    expect(unreadable).toHaveLength(1);
    expect(unreadable[0]).not.toBe('');
  });
});

describe('an event without end', () => {
  const megabyte = new Uint8Array(1_048_576).fill(120);

  it.each([
    ['one line', 'data: ', ''],
    ['many lines', '', '\ndata: '],
    ['what is not even a field', '', ''],
  ])('ends the stream before it fills the memory: %s', async (_, begin, between) => {
    let fed = 0;
    const endless = function* () {
      yield bytes(event('a') + begin);
      while (fed < 100) {
        fed += 1;
        yield bytes(between);
        yield megabyte;
      }
    };
    const stream = streamOf(endless());
    const { events, end } = follow(stream);
    expect(await end).toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/argocd\.example cannot be read: .*exceeded/),
    });
    expect(names(events)).toEqual(['a']);
    expect(fed).toBeLessThan(10);
    expect(stream.destroyed()).toBe(true);
  });

  it('a large one that Kubernetes still takes is read', async () => {
    const message = 'm'.repeat(1_500_000);
    const text = `data: {"result":{"application":{"metadata":{"name":"big"},"status":{"operationState":{"message":"${message}"}}}}} \n\n`;
    const { events, end } = follow(streamOf(cutAt(bytes(text), [1, 100_000, 1_000_000])));
    await end;
    expect(events[0]?.[1].detail?.message).toBe(message);
  });
});

describe('silence', () => {
  it('from the start ends the stream after a long time, because it may be half-open', async () => {
    const stream = streamOf([], 'stays open');
    const { clock, end, signs } = follow(stream);
    clock.advance(silentMs - 1);
    expect(stream.destroyed()).toBe(false);
    clock.advance(1);
    const error = await end;
    expect(error.kind).toBe('unavailable');
    expect(error.message).toBe(
      'the event stream of Argo CD at https://argocd.example has sent nothing for 600 s since it was opened',
    );
    expect(signs()).toBe(0);
    expect(clock.pendingTimers()).toBe(0);
  });

  it('after the last sign of life ends it soon, because keep-alives are missing', async () => {
    const stream = streamOf([bytes(event('a')), bytes(':\n')], 'stays open');
    const { clock, end, signs } = follow(stream);
    await until('the keep-alive', () => signs() === 2);
    clock.advance(idleMs - 1);
    expect(stream.destroyed()).toBe(false);
    clock.advance(1);
    const error = await end;
    expect(error.kind).toBe('unavailable');
    expect(error.message).toMatch(/has been silent for 45 s$/);
    expect(clock.pendingTimers()).toBe(0);
  });

  it.each([
    ['an event that trickles in', 'data: {"result"'],
    ['what is not even a field', 'colour: red\n'],
    ['empty lines', '\n'],
  ])('is not broken by %s', async (_, text) => {
    let more = () => {};
    const stream = streamOf([bytes(event('a'))], 'stays open');
    const argocd = {
      ...stream,
      openStream: (): StreamRequest => {
        const request = stream.openStream(new AbortController().signal);
        return {
          ...request,
          [Symbol.asyncIterator]: async function* () {
            yield bytes(event('a'));
            for (let at = 0; !stream.destroyed(); at += 1) {
              await new Promise<void>((resolve) => {
                more = resolve;
              });
              yield bytes(text.charAt(at % text.length));
            }
          },
        };
      },
    };
    const { clock, end, signs } = follow(argocd);
    await until('the event', () => signs() === 1);
    for (let passed = 0; passed < idleMs; passed += 1_000) {
      clock.advance(1_000);
      more();
      await settle();
    }
    more();
    expect((await end).message).toMatch(/has been silent for 45 s$/);
    expect(signs()).toBe(1);
  });

  it('is counted from the last sign of life', async () => {
    let more = () => {};
    let pause = new Promise<void>((resolve) => {
      more = resolve;
    });
    const stream = streamOf([], 'ends');
    const argocd = {
      ...stream,
      openStream: (): StreamRequest => ({
        ...stream.openStream(new AbortController().signal),
        [Symbol.asyncIterator]: async function* () {
          for (let sent = 0; sent < 3; sent += 1) {
            yield bytes(':\n');
            await pause;
          }
        },
      }),
    };
    const { clock, end, signs } = follow(argocd);
    for (let sign = 1; sign <= 3; sign += 1) {
      await until('the next sign', () => signs() === sign);
      clock.advance(idleMs - 1);
      const resume = more;
      pause = new Promise<void>((resolve) => {
        more = resolve;
      });
      resume();
    }
    more();
    expect((await end).message).toMatch(/ended$/);
    expect(stream.destroyed()).toBe(true);
    expect(clock.pendingTimers()).toBe(0);
  });
});

describe('the end', () => {
  it.each(['unauthenticated', 'not-argocd', 'unreachable', 'forbidden-or-missing'] as const)(
    'is the refusal where it could not be opened: %s',
    async (kind) => {
      const refusal = new ArgoCdError({ kind, message: 'what to do', status: 400 });
      expect(await follow(streamOf([], refusal)).end).toBe(refusal);
    },
  );

  it('leaves nothing unsure if the stream was cut', async () => {
    const cut = new ArgoCdError({ kind: 'unsure', message: 'could not follow (ECONNRESET)' });
    expect(await follow(streamOf([bytes(event('a'))], cut)).end).toMatchObject({
      kind: 'unavailable',
      message: 'could not follow (ECONNRESET)',
    });
  });

  it('is the error of a handler, and nothing stays open', async () => {
    const stream = streamOf([bytes(event('a'))], 'stays open');
    const onEvent = () => {
      throw new Error('thrown by a handler');
    };
    const { end, clock } = follow(stream, { onEvent });
    await expect(end).rejects.toThrow('thrown by a handler');
    expect(stream.destroyed()).toBe(true);
    expect(clock.pendingTimers()).toBe(0);
  });
});
