// The event stream as application events: parses bytes into server-sent events and records, with limits and an idle timeout.
import { createParser } from 'eventsource-parser';
import { parseJson } from '../../messages/codec.ts';
import type { Clock, Timer } from '../../service/clock.ts';
import { streamEventSchema } from './application-schema.ts';
import { recordOf } from './record.ts';
import type { AppRecord } from './application.ts';
import type { ArgoCd } from './client.ts';
import { ArgoCdError, withKind } from './errors.ts';

export interface StreamHandlers {
  /** A whole event or keep-alive has arrived, so the stream is alive. Single bytes do not count. */
  readonly onSign: () => void;
  readonly onEvent: (type: 'changed' | 'deleted', record: AppRecord) => void;
  /** An event could not be read. The stream continues. */
  readonly onUnreadable: (why: string) => void;
}

export interface StreamOptions extends StreamHandlers {
  readonly argocd: Pick<ArgoCd, 'server' | 'openStream'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** a stream without an event or keep-alive for this time is closed, in milliseconds (keep-alives come every 15 s) */
  readonly idleMs: number;
  /** a stream that has never sent anything for this time is closed, in milliseconds: it may be half-open */
  readonly silentMs: number;
}

/** One application with its history has about 10 kB, and Kubernetes refuses objects above 1.5 MB. In characters. */
const maximumEventLength = 4_194_304;

/**
 * Follows the stream until it ends. Never resolves.
 * @throws ArgoCdError of kind `unavailable` when the stream was cut, ended or fell silent; of the refusal's kind when it
 * could not be opened. Errors of a handler are passed on.
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
  /** the current chunk has already counted as a sign of life */
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
      // Any other error concerns one line that has no meaning for us. The specification says to ignore such lines.
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
    // A stream changes nothing in Argo CD, so nothing is unsure if it breaks off.
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
