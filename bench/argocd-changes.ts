// Makes changes at the simulated Argo CD, and measures the time from the moment when each change leaves it until a message shows
// the change.
import { createParser } from 'eventsource-parser';
import { got } from 'got';
import * as z from 'zod/mini';
import { streamFields } from '../release-worker/argocd/field-selection.ts';
import { token, type Simulator } from './installation.ts';
import { seconds } from './processes.ts';

/** How many applications are out of sync from `at` on, according to Argo CD or to a message. */
export interface Count {
  /** In the time of performance.now() */
  readonly at: number;
  readonly outOfSync: number;
}

const eventSchema = z.object({
  result: z.object({
    application: z.object({
      metadata: z.object({ name: z.string() }),
      status: z.object({ sync: z.object({ status: z.string() }) }),
    }),
  }),
});

/** Follows the same event stream as the worker, but without the burst at its beginning. */
export async function tap(simulator: Simulator, drifted: readonly string[]) {
  await simulator.forgetCalls();
  const outOfSync = new Set(drifted);
  const changes: Count[] = [];
  const parser = createParser({
    onEvent: ({ data }) => {
      const at = performance.now();
      const { metadata, status } = eventSchema.parse(JSON.parse(data)).result.application;
      const before = outOfSync.size;
      if (status.sync.status === 'OutOfSync') outOfSync.add(metadata.name);
      else outOfSync.delete(metadata.name);
      if (outOfSync.size !== before) changes.push({ at, outOfSync: outOfSync.size });
    },
  });
  const decoder = new TextDecoder();
  const abort = new AbortController();
  const stream = got.stream(`${simulator.url}/api/v1/stream/applications`, {
    headers: { accept: 'text/event-stream', authorization: `Bearer ${token}` },
    searchParams: { fields: streamFields, resourceVersion: '1' },
    signal: abort.signal,
  });
  // got reports the stop of the stream as an error.
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => parser.feed(decoder.decode(chunk, { stream: true })));
  // The response headers only arrive with the first event.
  while (!(await simulator.calls()).has('stream')) await seconds(0.01);
  return {
    /** In the order in which they were sent. */
    changes,
    end: () => abort.abort(),
  };
}

/** This many applications drift one after the other and then return, before the next ones do. */
const inARow = 25;

export function createFlips(simulator: Simulator, applications: readonly string[], deployed: string) {
  let step = 0;
  const flip = () => {
    const row = Math.floor(step / (2 * inARow));
    const inRow = step % (2 * inARow);
    step += 1;
    const app = applications[(row * inARow + (inRow % inARow)) % applications.length] ?? '';
    return simulator.drift(app, inRow < inARow ? undefined : deployed);
  };
  const left = () => (2 * inARow - (step % (2 * inARow))) % (2 * inARow);
  return {
    /** Makes one change. Each changes the number of applications that are out of sync. */
    flip,
    /** Makes the remaining changes, so that all applications are in sync again. */
    finish: async () => {
      for (let count = left(); count > 0; count -= 1) await flip();
    },
  };
}

/** In milliseconds. Both sides use the same clock, but a message may be read before an earlier one. */
const toleranceMs = 5;

/** For each change, the milliseconds until the first count that includes it; Infinity if none does. */
export function noticedAfter(changes: readonly Count[], said: readonly Count[]): readonly number[] {
  return changes.map((change, index) => {
    const noticed = said.find(
      ({ at, outOfSync }) =>
        at >= change.at - toleranceMs &&
        changes.some(
          (later, place) => place >= index && later.at - toleranceMs <= at && later.outOfSync === outOfSync,
        ),
    );
    return noticed === undefined ? Infinity : Math.max(0, noticed.at - change.at);
  });
}
