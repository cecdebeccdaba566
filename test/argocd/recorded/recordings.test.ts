// The simulator answers as a real Argo CD answered.
import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import type { Simulator } from '../argocd.ts';
import { arrange, nameIn } from './arrangement.ts';
import { eventually, headersOf, normalised, play, send, startArranged } from './playback.ts';
import { projects, tokenFor } from './recorded-world.ts';
import { notPlayed } from './not-played.ts';
import { allRecordings, type Recording } from './recordings.ts';
import { scripts } from './stream-scripts.ts';

const recordings = allRecordings();
const exchanges = [...recordings.values()].filter(
  (each) => each.kind === 'exchange' && each.response.status !== null,
);

let running: Simulator | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

/** The parts of an answer that are compared. */
function comparable(status: number | null, contentType: unknown, body: unknown): unknown {
  return { status, contentType, body: normalised(body) };
}

function parsedBody(text: string, contentType: unknown): unknown {
  return contentType === 'application/json' && text !== '' ? JSON.parse(text) : text;
}

const state = z.object({
  items: z.array(
    z.looseObject({
      operation: z.optional(z.unknown()),
      status: z.optional(
        z.looseObject({
          operationState: z.optional(
            z.looseObject({ phase: z.string(), operation: z.optional(z.unknown()) }),
          ),
        }),
      ),
    }),
  ),
});

/** Waits until the earlier requests have had the effect that the recording shows. */
async function settled(url: string, recording: Recording): Promise<void> {
  const name = nameIn(recording.request.path) ?? '';
  const { given } = recording;
  if (given.includes('operation-pending')) return;
  const fields =
    'items.operation.sync,items.status.operationState.phase,items.status.operationState.operation.sync';
  await eventually(async () => {
    const headers = { Authorization: `Bearer ${tokenFor('valid', 'admin')}` };
    const path = `/api/v1/applications?name=${name}&fields=${fields}`;
    const { body } = await send(url, { method: 'GET', path, headers });
    const [item] = z.parse(state, JSON.parse(body)).items;
    const operationState = item?.status?.operationState;
    // The recorded operation was terminated after its hook had started. Only then a result exists.
    if (recording.name === 'terminate-ok') expect(operationState?.operation).not.toEqual({ sync: null });
    if (given.includes('operation-running')) expect(operationState?.phase).toBe('Running');
    else if (given.includes('operation-terminating')) expect(operationState?.phase).toBe('Terminating');
    else expect(item?.operation).toBeUndefined();
  });
}

/** Changes the deny window so that it allows manual syncs. */
async function letManualSyncs(url: string): Promise<void> {
  const body = JSON.stringify({ projects: projects(true) });
  const { status } = await send(url, { method: 'POST', path: '/simulator/world', headers: {}, body });
  expect(status).toBe(200);
}

/** Recorded while Argo CD's cache had no resource tree, so without the health of single resources. */
const withoutTree = new Set(['get-after-failed-sync-with-retry', 'get-head-moved-before']);

/** Recorded after one more refresh, which only the stream shows. */
const refreshedBefore = new Set([
  'get-after-sync-pinned-revision',
  'get-after-terminate-window-over',
  'get-terminating-in-deny-window',
]);

const wholeApplication = z.looseObject({ status: z.looseObject({ resources: z.array(z.looseObject({})) }) });

function withoutResourceHealth(body: unknown): unknown {
  const { success, data } = wholeApplication.safeParse(body);
  if (!success) return body;
  const resources = data.status.resources.map((each) => ({ ...each, health: 'not compared' }));
  return { ...data, status: { ...data.status, resources } };
}

/** The part of the body that is compared. */
function relevant(name: string, body: unknown): unknown {
  // The build and the tokens differ in the simulator.
  if (name === 'version-with-token' || name === 'session-create-ok')
    return Object.keys(z.parse(z.looseObject({}), body));
  return withoutTree.has(name) ? withoutResourceHealth(body) : body;
}

describe('the simulator answers as recorded in', () => {
  it.each(exchanges.map((each) => [each.name, each] as const))('%s', async (_name, recording) => {
    const arrangement = arrange(recording, recordings);
    const { simulator, url } = await startArranged(arrangement);
    running = simulator;
    for (const [index, earlier] of arrangement.before.entries()) {
      await play(url, earlier);
      const next = arrangement.before[index + 1] ?? recording;
      if (next.given.includes('window-manual')) await letManualSyncs(url);
      await settled(url, next);
    }
    if (refreshedBefore.has(recording.name)) {
      await play(url, {
        ...recording,
        request: { ...recording.request, path: `${recording.request.path}?refresh=normal` },
      });
    }
    const { response } = recording;
    const expected = comparable(
      response.status,
      response.headers['content-type'],
      relevant(recording.name, response.body),
    );
    const attempt = async (): Promise<void> => {
      const reply = await play(url, recording);
      const contentType = reply.headers['content-type'];
      const body = relevant(recording.name, parsedBody(reply.body, contentType));
      expect(comparable(reply.status, contentType, body)).toEqual(expected);
      expect(reply.headers['x-simulated']).toBe('argocd');
    };
    // After an operation the controller needs a moment to compare everything again.
    if (recording.request.method === 'GET' && arrangement.before.length > 0) await eventually(attempt);
    else await attempt();
  });
});

it('controller-down-refresh: a refresh gets no answer until the controller is back', async () => {
  const recording = recordings.get('controller-down-refresh');
  if (!recording) throw new Error('there is no recording controller-down-refresh');
  const { simulator, url } = await startArranged(arrange(recording, recordings));
  running = simulator;
  let hasAnswered = false;
  const refresh = play(url, recording).then((reply) => {
    hasAnswered = true;
    return reply;
  });
  await eventually(async () => {
    const headers = headersOf(recording);
    const { body } = await send(url, {
      method: 'GET',
      path: recording.request.path.replace(/\?.*/, ''),
      headers,
    });
    expect(body).toContain('argocd.argoproj.io/refresh"');
  });
  expect(hasAnswered).toBe(false);
  const controllerBack = JSON.stringify({ controllerDown: false });
  await send(url, { method: 'POST', path: '/simulator/faults', headers: {}, body: controllerBack });
  expect((await refresh).status).toBe(200);
});

describe('the list of recordings', () => {
  const played = (recording: Recording): boolean =>
    recording.kind === 'exchange' ||
    recording.name in scripts ||
    recording.response.headersAtMs === null ||
    (recording.response.status ?? 0) >= 400;

  it('contains only those that are played or listed as not played', () => {
    const copied = [...recordings.values()];
    expect(copied.filter((each) => !played(each)).map(({ name }) => name)).toEqual([]);
    expect(copied.filter(({ name }) => notPlayed.has(name)).map(({ name }) => name)).toEqual([]);
  });

  it('are all accounted for', () => {
    expect(recordings.size + notPlayed.size).toBe(337 + 8);
  });
});
