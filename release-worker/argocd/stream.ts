// The event stream as application events: bytes to server-sent events to records, with bounds and an idle watch.
import { createParser } from 'eventsource-parser';
import { parseJson } from '../../messages/codec.ts';
import type { Clock, Timer } from '../../service/clock.ts';
import { recordOf, streamEventSchema } from './application.ts';
import type { AppRecord } from './application.ts';
import type { ArgoCd } from './client.ts';
import { ArgoCdError } from './errors.ts';

export interface StreamHandlers {
  /** Anything arrived, a keep-alive included: the stream is alive. */
  readonly onSign: () => void;
  readonly onEvent: (type: 'changed' | 'deleted', record: AppRecord) => void;
  /** An event that could not be read; the stream goes on. */
  readonly onUnreadable: (why: string) => void;
}

export interface StreamOptions extends StreamHandlers {
  readonly argocd: ArgoCd;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** milliseconds without a sign after which an answering stream is given up (keep-alives come every 15 s) */
  readonly idleMs: number;
  /** milliseconds after which a stream that has never sent anything is opened anew: it may be half-open */
  readonly silentMs: number;
}

/** One application with its history is some 10 kB; Kubernetes itself refuses objects above 1.5 MB. */
const maximumEventBytes = 4_194_304;

/**
 * Follows the stream until it ends. Never resolves to anything: whatever ends it is thrown.
 * @throws ArgoCdError
 */
export async function followStream(options: StreamOptions): Promise<never> {
  const { argocd, clock } = options;
  const request = argocd.openStream(options.signal);
  const decoder = new TextDecoder();
  let timer: Timer | undefined;
  let why = `the event stream of Argo CD at ${argocd.server} ended`;

  const watch = (ms: number, what: string) => {
    timer?.cancel();
    timer = clock.setTimeout(() => {
      why = `the event stream of Argo CD at ${argocd.server} ${what}`;
      request.destroy();
    }, ms);
  };
  const parser = createParser({
    maxBufferSize: maximumEventBytes,
    onEvent: ({ data }) => readEvent(data, options),
    onError: (error) => {
      why = `the event stream of Argo CD at ${argocd.server} cannot be read: ${error.message}`;
      request.destroy();
    },
  });

  watch(
    options.silentMs,
    `has sent nothing for ${Math.round(options.silentMs / 1000)} s since it was opened`,
  );
  try {
    for await (const chunk of request) {
      watch(options.idleMs, `has been silent for ${Math.round(options.idleMs / 1000)} s`);
      options.onSign();
      parser.feed(decoder.decode(chunk, { stream: true }));
    }
  } catch (error) {
    if (error instanceof ArgoCdError && error.kind !== 'unsure') throw error;
    const detail = error instanceof Error ? ` (${error.message})` : '';
    why += detail;
  } finally {
    timer?.cancel();
    request.destroy();
  }
  throw new ArgoCdError({ kind: 'unavailable', message: why });
}

function readEvent(data: string, { onEvent, onUnreadable }: StreamHandlers): void {
  const decoded = parseJson(data, streamEventSchema);
  if (!decoded.ok) return onUnreadable(decoded.error);
  const { type, application } = decoded.value.result ?? {};
  if (application === undefined) return onUnreadable('an event without an application');
  return onEvent(type === 'DELETED' ? 'deleted' : 'changed', recordOf(application, true));
}
