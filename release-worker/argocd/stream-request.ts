// One streaming request, through got: its chunks where it is an event stream, and otherwise the refusal as an error.
import { errorOf } from './failures.ts';
import type { Asking } from './errors.ts';
import type { Credentials } from './credentials.ts';
import { maximumErrorLength, type ExchangeOptions } from './exchange.ts';
import { errorFromAnswer, isEventStream, notArgoCd } from './refusals.ts';

/** A streaming answer: the first byte may come after minutes, or never. To be iterated once. */
export interface StreamRequest extends AsyncIterable<Uint8Array> {
  /** Ends it, and an iteration with it. */
  readonly destroy: () => void;
}

export function openStreamRequest(
  fields: string,
  { client, connections, underWay, prepare, requestTimeoutMs, onAnswer }: ExchangeOptions,
  asking: Asking,
  credentials: Credentials,
  givenUp: AbortSignal,
): StreamRequest {
  const what = 'open the event stream';
  const abort = underWay.begin();
  const signal = AbortSignal.any([givenUp, abort.signal]);
  let token = '';
  let isSent = false;
  const stream = client.stream(`${asking.server}/api/v1/stream/applications`, {
    signal,
    headers: {
      accept: 'text/event-stream',
      // Argo CD never compresses these (`stream-gzip-sse`); a proxy that did would hold events back.
      'accept-encoding': 'identity',
    },
    searchParams: { fields },
    // got would read the body of an error without a bound.
    throwHttpErrors: false,
    hooks: {
      beforeRequest: [
        async (sending) => {
          token = await prepare(sending, signal, credentials);
          isSent = true;
        },
      ],
    },
  });
  let tooLong: NodeJS.Timeout | undefined;
  stream.once('response', ({ statusCode }: { statusCode: number }) => {
    onAnswer?.('stream', statusCode);
    if (statusCode !== 200) tooLong = setTimeout(() => stream.destroy(), requestTimeoutMs);
  });
  // The iteration reports errors. One that comes while nobody iterates would end the process.
  stream.on('error', () => {});
  stream.once('close', () => {
    clearTimeout(tooLong);
    underWay.end(abort);
    if (isSent && stream.response === undefined && !givenUp.aborted) onAnswer?.('stream', 0);
  });

  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    const decoder = new TextDecoder();
    let body = '';
    const isOpen = () =>
      stream.response?.statusCode === 200 && isEventStream(stream.response.headers['content-type']);
    try {
      for await (const chunk of stream) {
        const bytes: unknown = chunk;
        if (!(bytes instanceof Uint8Array)) continue;
        if (isOpen()) {
          yield bytes;
          continue;
        }
        body += decoder.decode(bytes, { stream: true });
        if (stream.response?.statusCode === 200 || body.length >= maximumErrorLength) break;
      }
    } catch (error) {
      const doing = isOpen() ? 'follow the event stream' : what;
      // A refusal counts although its words were cut off.
      if (stream.response === undefined || isOpen())
        throw errorOf(doing, asking, connections, error, { changes: false, isSent });
    } finally {
      stream.destroy();
    }
    if (stream.response === undefined || isOpen()) return;
    const { statusCode: status, headers } = stream.response;
    const answer = { status, contentType: headers['content-type'] ?? '', location: headers.location, body };
    // The next stream is opened with another token, where there is one.
    if (status === 401) credentials.refused(token);
    throw status === 200 ? notArgoCd(what, asking, answer) : errorFromAnswer(what, asking, answer);
  };
  return { [Symbol.asyncIterator]: chunks, destroy: () => abort.abort() };
}
