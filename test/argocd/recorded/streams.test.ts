// The contract for streams: framing, selection, types, and the order in which an operation shows. Times are not compared.
import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import type { Simulator } from '../argocd.ts';
import { arrangeStream } from './arrangement.ts';
import { eventually, headersOf, normalised, play, send, startArranged } from './playback.ts';
import { tokenFor } from './recorded-world.ts';
import { allRecordings, type Recording } from './recordings.ts';
import { openStream, type OpenStream } from './stream-client.ts';
import { scripts, type Stage } from './stream-scripts.ts';

const all = allRecordings();
const streams = [...all.values()].filter((each) => each.kind === 'stream');
const refused = streams.filter(({ response }) => response.status !== null && response.status >= 400);
const silent = streams.filter(({ response }) => response.headersAtMs === null);

let running: Simulator | undefined;
let opened: OpenStream | undefined;
afterEach(async () => {
  opened?.close();
  await running?.stop();
  running = undefined;
});

function open(url: string, recording: Recording): OpenStream {
  opened = openStream(url, recording.request.path, headersOf(recording));
  return opened;
}

const event = z.looseObject({
  result: z.optional(
    z.looseObject({
      application: z.optional(z.looseObject({ metadata: z.optional(z.looseObject({ name: z.string() })) })),
    }),
  ),
});

/** The events without parts that differ each time. An event that then repeats the last one is left out. */
function trace(lines: readonly string[], only: string | undefined): unknown[] {
  const events: unknown[] = [];
  let last = '';
  for (const line of lines) {
    const text = line.replace(/^data: /, '').trim();
    if (text === '' || text === ':') continue;
    const json: unknown = JSON.parse(text);
    const name = z.parse(event, json).result?.application?.metadata?.name;
    if (only !== undefined && name !== undefined && name !== only) continue;
    const value = normalised(json);
    const serialised = JSON.stringify(value);
    if (serialised !== last || text === '{}') events.push(value);
    last = serialised;
  }
  return events;
}

/** What stands between and around the events: `data: ` with a trailing space and two empty lines, or nothing. */
function framing(lines: readonly string[]): string[] {
  return [...new Set(lines.map((line) => line.replace(/\{.*\}/, '{…}')))].toSorted();
}

function recordedLines({ response }: Recording): string[] {
  return (response.lines ?? []).map(({ text }) => text);
}

describe('streams', () => {
  it.each(Object.entries(scripts))('%s', async (name, script) => {
    const recording = all.get(name);
    if (!recording) throw new Error(`there is no recording ${name}`);
    const { simulator, url } = await startArranged(arrangeStream(recording));
    running = simulator;
    const stream = open(url, recording);
    const wanted = recordedLines(recording);
    const laterOnly = recording.given.includes('app-created');
    if (!laterOnly && wanted.some((line) => line.includes('"ADDED"')))
      await stream.waitFor((line) => line.includes('{'));
    const stage: Stage = {
      stream,
      async play(earlier) {
        const found = all.get(earlier);
        if (!found) throw new Error(`there is no recording ${earlier}`);
        expect((await play(url, found)).status).toBe(found.response.status);
      },
      stop: () => simulator.stop(),
      async ask(method, path, body, account = 'button') {
        const Authorization = `Bearer ${tokenFor('valid', account)}`;
        const headers = { Authorization, 'Content-Type': 'application/json' };
        const reply = await send(url, {
          method,
          path,
          headers,
          ...(body ? { body: JSON.stringify(body) } : {}),
        });
        expect(reply.status).toBe(200);
      },
      async control(endpoint, body) {
        const path = `/simulator/${endpoint}`;
        const reply = await send(url, { method: 'POST', path, headers: {}, body: JSON.stringify(body) });
        expect(reply.body).toBeTruthy();
        expect(reply.status).toBe(200);
      },
    };
    await script.run(stage);
    await eventually(() => {
      expect(trace(stream.lines, script.only)).toEqual(trace(wanted, script.only));
      return Promise.resolve();
    });
    if (name.includes('sigkill')) {
      await stream.waitForEnd();
      expect(stream.ended).toBe('cut');
    } else expect(stream.ended).toBeUndefined();
    expect(stream.status).toBe(200);
    expect(stream.headers?.['content-type']).toBe(recording.response.headers['content-type']);
    expect(stream.headers?.['content-encoding']).toBe(recording.response.headers['content-encoding']);
    expect(framing(stream.lines)).toEqual(framing(wanted.filter((line) => line !== ':')));
  });
});

describe('refused streams', () => {
  it.each(refused.map((each) => [each.name, each] as const))('%s', async (_name, recording) => {
    const { simulator, url } = await startArranged(arrangeStream(recording));
    running = simulator;
    const stream = open(url, recording);
    await stream.waitForEnd();
    expect(stream.ended).toBe('end');
    expect(stream.status).toBe(recording.response.status);
    expect(stream.headers?.['content-type']).toBe(recording.response.headers['content-type']);
    await eventually(() => {
      expect(stream.lines).toEqual(recordedLines(recording));
      return Promise.resolve();
    });
  });
});

describe('streams without events', () => {
  it.each(silent.map((each) => [each.name, each] as const))(
    '%s: not even headers are sent',
    async (_name, recording) => {
      const { simulator, url } = await startArranged(arrangeStream(recording));
      running = simulator;
      const stream = open(url, recording);
      // A stream that was opened later has received its own events and the change that everybody gets.
      const path = '/api/v1/stream/applications';
      const other = openStream(url, path, { Authorization: `Bearer ${tokenFor('valid', 'admin')}` });
      await other.waitFor((line) => line.includes('"ADDED"'), 11);
      await send(url, {
        method: 'POST',
        path: '/simulator/drift',
        headers: {},
        body: '{"app":"guestbook","noticed":false}',
      });
      await send(url, { method: 'POST', path: '/simulator/drift', headers: {}, body: '{"app":"guestbook"}' });
      await other.waitFor((line) => line.includes('"MODIFIED"'));
      other.close();
      expect(stream.status).toBeUndefined();
      expect(stream.ended).toBeUndefined();
    },
  );
});
