// What a recorded stream leaves in the registry, when the real client follows it over HTTP.
import { createRegistry } from '../../../../release-worker/drift/registry.ts';
import type { Registry } from '../../../../release-worker/drift/registry.ts';
import { until } from '../../../support/wait.ts';
import { follow, silentMs } from '../follow.ts';
import { answering, clientOf, serve } from '../playback.ts';
import type { Recording } from '../recordings.ts';
import { inStates } from './outcome.ts';
import type { Outcome } from './outcome.ts';

const sse = 'text/event-stream';

export async function outcomeOfStream(recording: Recording): Promise<Outcome> {
  const { status, end: recordedEnd } = recording.response;
  const asEvents = framed(recording);
  const { lines = [] } = asEvents.response;
  const served = await serve(answering(asEvents));
  const registry = createRegistry();
  const count = lines.filter(({ text }) => text.startsWith('data: ')).length;
  let seen = 0;
  const unreadable: string[] = [];
  const followed = follow(clientOf(served.url), {
    onEvent: (type, record) => {
      registry.event(type, record);
      seen += 1;
    },
    onUnreadable: (why) => unreadable.push(why),
  });
  if (status === null) {
    await until('the request', () => served.asked.length === 1);
    followed.clock.advance(silentMs);
  } else if (status === 200 && recordedEnd?.how.startsWith('closed by the client') === true) {
    await until('all events', () => seen + unreadable.length === count);
    followed.abort();
  }
  const { kind, status: refusedWith, message } = await followed.end;
  if (status !== null && status !== 200) return { kind, status: refusedWith, message };
  if (kind !== 'unavailable') throw new Error(`the stream ended as ${kind}: ${message}`);
  if (status === null) return followed.signs() === 0 ? ['silent'] : ['not silent'];
  return [
    ...leftIn(registry),
    ...(unreadable.length === 0 ? [] : [`${unreadable.length} of ${count} events cannot be read`]),
  ];
}

function leftIn(registry: Registry): readonly string[] {
  return registry.size === 0 ? [] : inStates(registry.all());
}

/**
 * As server-sent events, which is what the client asks for: some streams were recorded as one JSON object a line, with
 * the same objects in it.
 */
function framed(recording: Recording): Recording {
  const { headers, lines = [], status } = recording.response;
  if (status !== 200 || headers['content-type'] === sse) return recording;
  return {
    ...recording,
    response: {
      ...recording.response,
      headers: { 'content-type': sse },
      lines: lines.flatMap((line) => [
        { ...line, text: `data: ${line.text} ` },
        { atMs: line.atMs, text: '' },
        { atMs: line.atMs, text: '' },
      ]),
    },
  };
}
