// The event stream as application events: bytes to server-sent events to records, with bounds and an idle watch.
import { createParser } from 'eventsource-parser';
import { parseJson } from '../../messages/codec.ts';
import type { Clock, Timer } from '../../service/clock.ts';
import { streamEventSchema } from './application-schema.ts';
import { recordOf } from './record.ts';
import type { AppRecord } from './application.ts';
import type { ArgoCd } from './client.ts';
import { ArgoCdError, withKind } from './errors.ts';

export interface StreamHandlers {
  /** An event or a keep-alive has arrived whole: the stream is alive. Bytes alone say nothing yet. */
  readonly onSign: () => void;
  readonly onEvent: (type: 'changed' | 'deleted', record: AppRecord) => void;
  /** An event that could not be read; the stream goes on. */
  readonly onUnreadable: (why: string) => void;
}

export interface StreamOptions extends StreamHandlers {
  readonly argocd: Pick<ArgoCd, 'server' | 'openStream'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** milliseconds without a sign after which an answering stream is given up (keep-alives come every 15 s) */
  readonly idleMs: number;
  /** milliseconds after which a stream that has never sent anything is opened anew: it may be half-open */
  readonly silentMs: number;
}

/** One application with its history is some 10 kB; Kubernetes itself refuses objects above 1.5 MB. In characters. */
const maximumEventLength = 4_194_304;

/**
 * Follows the stream until it ends. Never resolves to anything: whatever ends it is thrown.
 * @throws ArgoCdError of kind `unavailable` where the stream was cut, ended or fell silent; of the kind of the refusal
 * where it could not be opened. What a handler throws is passed on.
 */
export async function followStream(options: StreamOptions): Promise<never> {
  const { argocd, clock } = options;
  const request = argocd.openStream(options.signal);
  const decoder = new TextDecoder();
  let timer: Timer | undefined;
  let gaveUp: string | undefined;

  const giveUp = (why: string) => {
    gaveUp ??= why;
    request.destroy();
  };
  const watch = (ms: number, what: string) => {
    timer?.cancel();
    timer = clock.setTimeout(() => giveUp(what), ms);
  };
  /** of the chunk that is being read */
  let signed = false;
  const sign = () => {
    if (signed) return;
    signed = true;
    watch(options.idleMs, `has been silent for ${Math.round(options.idleMs / 1000)} s`);
    options.onSign();
  };
  const parser = createParser({
    maxBufferSize: maximumEventLength,
    onComment: sign,
    onEvent: ({ data }) => {
      sign();
      readEvent(data, options);
    },
    onError: ({ type, message }) => {
      if (type === 'max-buffer-size-exceeded') giveUp(`cannot be read: ${message}`);
      // Anything else is one line that says nothing to us, which the specification has ignored.
      else options.onUnreadable(message);
    },
  });

  watch(
    options.silentMs,
    `has sent nothing for ${Math.round(options.silentMs / 1000)} s since it was opened`,
  );
  try {
    for await (const chunk of request) {
      signed = false;
      parser.feed(decoder.decode(chunk, { stream: true }));
      if (gaveUp !== undefined) break;
    }
    gaveUp ??= 'ended';
  } catch (error) {
    // A stream changes nothing in Argo CD: that it broke off leaves nothing to be unsure of.
    if (gaveUp === undefined) throw withKind(error, { unsure: 'unavailable' });
  } finally {
    timer?.cancel();
    request.destroy();
  }
  throw new ArgoCdError({
    kind: 'unavailable',
    message: `the event stream of Argo CD at ${argocd.server} ${gaveUp}`,
  });
}

function readEvent(data: string, { onEvent, onUnreadable }: StreamHandlers): void {
  const decoded = parseJson(data, streamEventSchema);
  if (!decoded.ok) return onUnreadable(decoded.error);
  const { type, application } = decoded.value.result ?? {};
  if (application === undefined) return onUnreadable('an event without an application');
  return onEvent(type === 'DELETED' ? 'deleted' : 'changed', recordOf(application));
}
