// One streaming request, through got: its chunks where it is an event stream, and otherwise the refusal as an error.
import type { Got, NormalizedOptions } from 'got';
import { isEventStream, type ArgoCdError, type ErrorAnswer } from './errors.ts';

/** A streaming answer: the first byte may come after minutes, or never. To be iterated once. */
export interface StreamRequest extends AsyncIterable<Uint8Array> {
  /** Ends it, and an iteration with it. */
  readonly destroy: () => void;
}

export interface StreamRequestOptions {
  readonly client: Got;
  readonly url: string;
  readonly fields: string;
  /** the caller's */
  readonly signal: AbortSignal;
  /** breaks the request off */
  readonly abort: AbortController;
  /** Gives the request its token, and what else may have changed since the last one. */
  readonly prepare: (sending: NormalizedOptions, signal: AbortSignal) => Promise<void>;
  /** milliseconds that a refusal may take to be read */
  readonly refusalTimeoutMs: number;
  /** characters of a refusal that are read */
  readonly refusalLength: number;
  /** once, with the HTTP status; 0: no answer */
  readonly onAnswer: (status: number) => void;
  readonly onClose: () => void;
  readonly errorOf: {
    /** an answer that is no event stream */
    readonly answer: (answer: ErrorAnswer) => ArgoCdError;
    readonly failure: (error: unknown, opened: boolean) => ArgoCdError;
  };
}

export function openStreamRequest(options: StreamRequestOptions): StreamRequest {
  const { client, abort, errorOf, onAnswer, prepare } = options;
  const signal = AbortSignal.any([options.signal, abort.signal]);
  let isSent = false;
  const stream = client.stream(options.url, {
    signal,
    headers: {
      accept: 'text/event-stream',
      // Argo CD never compresses these (`stream-gzip-sse`); a proxy that did would hold events back.
      'accept-encoding': 'identity',
    },
    searchParams: { fields: options.fields },
    // got would read the body of an error without a bound.
    throwHttpErrors: false,
    hooks: {
      beforeRequest: [
        async (sending) => {
          await prepare(sending, signal);
          isSent = true;
        },
      ],
    },
  });
  let tooLong: NodeJS.Timeout | undefined;
  stream.once('response', ({ statusCode }: { statusCode: number }) => {
    onAnswer(statusCode);
    if (statusCode !== 200) tooLong = setTimeout(() => stream.destroy(), options.refusalTimeoutMs);
  });
  // The iteration reports errors. One that comes while nobody iterates would end the process.
  stream.on('error', () => {});
  stream.once('close', () => {
    clearTimeout(tooLong);
    options.onClose();
    if (isSent && stream.response === undefined && !options.signal.aborted) onAnswer(0);
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
        if (stream.response?.statusCode === 200 || body.length >= options.refusalLength) break;
      }
    } catch (error) {
      // A refusal counts although its words were cut off.
      if (stream.response === undefined || isOpen()) throw errorOf.failure(error, isOpen());
    } finally {
      stream.destroy();
    }
    if (stream.response === undefined || isOpen()) return;
    const { statusCode: status, headers } = stream.response;
    throw errorOf.answer({
      status,
      contentType: headers['content-type'] ?? '',
      location: headers.location,
      body,
    });
  };
  return { [Symbol.asyncIterator]: chunks, destroy: () => abort.abort() };
}
