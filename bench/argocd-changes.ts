// Changes at the simulated Argo CD, when each left it, and when somebody said that he had noticed.
import { createParser } from 'eventsource-parser';
import { got } from 'got';
import * as z from 'zod/mini';
import { streamFields } from '../release-worker/argocd/field-selection.ts';
import { token, type Simulator } from './installation.ts';
import { seconds } from './processes.ts';

/** How many applications are out of sync since then, as far as Argo CD or somebody else has said. */
export interface Count {
  /** performance.now() */
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

/** Follows the same event stream as the worker, without the burst at its beginning. */
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
  // Ending it is an error.
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => parser.feed(decoder.decode(chunk, { stream: true })));
  // Its head comes with the first event only.
  while (!(await simulator.calls()).has('stream')) await seconds(0.01);
  return {
    /** In the order in which they left. */
    changes,
    end: () => abort.abort(),
  };
}

/** Applications that go out of sync and back, so many of them one after the other, then the next ones. */
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
    /** Each alters how many are out of sync. */
    flip,
    /** Until all are in sync again. */
    finish: async () => {
      for (let count = left(); count > 0; count -= 1) await flip();
    },
  };
}

/** Clocks are one, but a message may be read before the one that left before it. In milliseconds. */
const toleranceMs = 5;

/** For each change the milliseconds until a count was said that knows of it; Infinity for never. */
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
