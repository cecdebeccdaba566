// One streaming request through got: yields the chunks of an event stream, and throws an error if Argo CD refuses.
import { errorOf } from './failures.ts';
import type { Asking } from './errors.ts';
import type { Credentials } from './credentials.ts';
import { maximumErrorLength, type ExchangeOptions } from './exchange.ts';
import { errorFromAnswer, isEventStream, notArgoCd } from './refusals.ts';

/** A streaming answer. Its first byte may come after minutes, or never. It can be iterated once. */
export interface StreamRequest extends AsyncIterable<Uint8Array> {
  /** Aborts the request and the iteration. */
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
      // Argo CD never compresses the stream (`stream-gzip-sse`). A proxy that compresses it would hold events back.
      'accept-encoding': 'identity',
    },
    searchParams: { fields },
    // got would read the body of an error answer without a limit.
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
  // The iteration reports errors. Without this listener, an error while nobody iterates would end the process.
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
      // The status of a refusal counts even if its body was cut off.
      if (stream.response === undefined || isOpen())
        throw errorOf(doing, asking, connections, error, { changes: false, isSent });
    } finally {
      stream.destroy();
    }
    if (stream.response === undefined || isOpen()) return;
    const { statusCode: status, headers } = stream.response;
    const answer = { status, contentType: headers['content-type'] ?? '', location: headers.location, body };
    // The next stream request uses another token, if there is one.
    if (status === 401) credentials.refused(token);
    throw status === 200 ? notArgoCd(what, asking, answer) : errorFromAnswer(what, asking, answer);
  };
  return { [Symbol.asyncIterator]: chunks, destroy: () => abort.abort() };
}
