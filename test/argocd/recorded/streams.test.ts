// The simulator streams as a real Argo CD did: framing, selection, types, and the order of the events of an operation.
// Times are not compared.
import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import type { Simulator } from '../argocd.ts';
import { arrangeStream } from './arrangement.ts';
import { eventually, headersOf, normalised, play, send, startArranged } from './playback.ts';
import { tokenFor } from './recorded-world.ts';
import { allRecordings, type Recording } from './recordings.ts';
import { openStream, type OpenStream } from './stream-client.ts';
import { scripts, type Stage } from './stream-scripts.ts';

const recordings = allRecordings();
const streams = [...recordings.values()].filter((each) => each.kind === 'stream');
const refusedStreams = streams.filter(({ response }) => response.status !== null && response.status >= 400);
const silentStreams = streams.filter(({ response }) => response.headersAtMs === null);

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

/** The events without the parts that differ each time, and without events that then repeat the last one. */
function trace(lines: readonly string[], onlyApp: string | undefined): unknown[] {
  const events: unknown[] = [];
  let last = '';
  for (const line of lines) {
    const text = line.replace(/^data: /, '').trim();
    if (text === '' || text === ':') continue;
    const json: unknown = JSON.parse(text);
    const name = z.parse(event, json).result?.application?.metadata?.name;
    if (onlyApp !== undefined && name !== undefined && name !== onlyApp) continue;
    const value = normalised(json);
    const serialised = JSON.stringify(value);
    if (serialised !== last || text === '{}') events.push(value);
    last = serialised;
  }
  return events;
}

/** The text between and around the events: `data: ` with a trailing space and two empty lines, or nothing. */
function framing(lines: readonly string[]): string[] {
  return [...new Set(lines.map((line) => line.replace(/\{.*\}/, '{…}')))].toSorted();
}

function recordedLines({ response }: Recording): string[] {
  return (response.lines ?? []).map(({ text }) => text);
}

describe('the simulator streams as recorded in', () => {
  it.each(Object.entries(scripts))('%s', async (name, script) => {
    const recording = recordings.get(name);
    if (!recording) throw new Error(`there is no recording ${name}`);
    const { simulator, url } = await startArranged(arrangeStream(recording));
    running = simulator;
    const stream = open(url, recording);
    const expectedLines = recordedLines(recording);
    const laterOnly = recording.given.includes('app-created');
    if (!laterOnly && expectedLines.some((line) => line.includes('"ADDED"')))
      await stream.waitFor((line) => line.includes('{'));
    const stage: Stage = {
      stream,
      async play(earlier) {
        const earlierRecording = recordings.get(earlier);
        if (!earlierRecording) throw new Error(`there is no recording ${earlier}`);
        expect((await play(url, earlierRecording)).status).toBe(earlierRecording.response.status);
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
      expect(trace(stream.lines, script.onlyApp)).toEqual(trace(expectedLines, script.onlyApp));
      return Promise.resolve();
    });
    if (name.includes('sigkill')) {
      await stream.waitForEnd();
      expect(stream.ended).toBe('cut');
    } else expect(stream.ended).toBeUndefined();
    expect(stream.status).toBe(200);
    expect(stream.headers?.['content-type']).toBe(recording.response.headers['content-type']);
    expect(stream.headers?.['content-encoding']).toBe(recording.response.headers['content-encoding']);
    expect(framing(stream.lines)).toEqual(framing(expectedLines.filter((line) => line !== ':')));
  });
});

describe('the simulator refuses a stream as recorded in', () => {
  it.each(refusedStreams.map((each) => [each.name, each] as const))('%s', async (_name, recording) => {
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

describe('the simulator sends nothing in', () => {
  it.each(silentStreams.map((each) => [each.name, each] as const))(
    '%s, not even headers',
    async (_name, recording) => {
      const { simulator, url } = await startArranged(arrangeStream(recording));
      running = simulator;
      const stream = open(url, recording);
      // This stream was opened later. When it has received its events, the other one has had its chance too.
      const path = '/api/v1/stream/applications';
      const laterStream = openStream(url, path, { Authorization: `Bearer ${tokenFor('valid', 'admin')}` });
      await laterStream.waitFor((line) => line.includes('"ADDED"'), 11);
      await send(url, {
        method: 'POST',
        path: '/simulator/drift',
        headers: {},
        body: '{"app":"guestbook","noticed":false}',
      });
      await send(url, { method: 'POST', path: '/simulator/drift', headers: {}, body: '{"app":"guestbook"}' });
      await laterStream.waitFor((line) => line.includes('"MODIFIED"'));
      laterStream.close();
      expect(stream.status).toBeUndefined();
      expect(stream.ended).toBeUndefined();
    },
  );
});
