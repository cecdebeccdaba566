// HTTP as we speak it with Argo CD, through got: one request and its answer, bounds, time-outs. Every failure is an
// ArgoCdError. Nothing is repeated here, reads neither: whoever asks knows when to ask again.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { got, RequestError } from 'got';
import type { Got } from 'got';
import type * as z from 'zod/mini';
import { parseJson } from '../../messages/codec.ts';
import { ArgoCdError, errorFromAnswer, errorFromFailure, notArgoCd } from './errors.ts';
import type { ArgoCdCall, OnAnswer } from './metrics.ts';
import { openStreamRequest } from './stream-request.ts';
import type { StreamRequest } from './stream-request.ts';

export interface HttpOptions {
  /** base URL, with a path where Argo CD runs below one */
  readonly server: string;
  readonly token: string;
  /** PEM certificates of the CA to trust */
  readonly ca?: string;
  /** trust any certificate */
  readonly insecure: boolean;
  /** milliseconds for one unary request in all */
  readonly requestTimeoutMs: number;
  /** after each answer, for metrics; status 0: no answer */
  readonly onAnswer?: OnAnswer;
}

export interface Call<Answer> {
  readonly name: ArgoCdCall;
  /** in words, for messages: `list the applications` */
  readonly what: string;
  /** `DELETE` has no body; left out: POST with a body, GET without */
  readonly method?: 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** of a request that changes something */
  readonly body?: unknown;
  readonly timeoutMs?: number;
  readonly schema: z.ZodMiniType<Answer>;
}

export interface Answered<Answer> {
  readonly answer: Answer;
  /** the server says of itself that it only pretends to be Argo CD */
  readonly simulated: boolean;
}

export interface ArgoCdHttp {
  readonly server: string;
  call<Answer>(call: Call<Answer>): Promise<Answered<Answer>>;
  openStream(fields: string, signal: AbortSignal): StreamRequest;
  /** Breaks off what is under way; what comes later fails at once. */
  stop(): void;
}

/** 10,000 applications are some 15 MB with our selection; more than this is not an answer to our question. */
const maximumAnswerBytes = 134_217_728;
const maximumErrorLength = 65_536;
/** Argo CD's tokens have hundreds of characters. A short one, such as the simulator's, is a word that may well occur. */
const secretLength = 16;
const connectTimeoutMs = 10_000;
const connectTimeouts = {
  lookup: connectTimeoutMs,
  connect: connectTimeoutMs,
  secureConnect: connectTimeoutMs,
};

export function createHttp(options: HttpOptions): ArgoCdHttp {
  const { token, insecure, requestTimeoutMs, onAnswer } = options;
  const server = options.server.replace(/\/+$/, '');
  const kept = {
    http: new HttpAgent({ keepAlive: true, maxSockets: 20 }),
    https: new HttpsAgent({ keepAlive: true, maxSockets: 20 }),
  };
  const client: Got = got.extend({
    agent: kept,
    followRedirect: false,
    throwHttpErrors: false,
    retry: { limit: 0 },
    https: {
      rejectUnauthorized: !insecure,
      ...(options.ca === undefined ? {} : { certificateAuthority: options.ca }),
    },
    headers: { accept: 'application/json', authorization: `Bearer ${token}`, 'user-agent': 'release-button' },
  });
  const underWay = new Set<() => void>();
  let stopped = false;

  /** A server or proxy that repeats the request in its answer must not bring the token into our log. */
  const withoutToken = (body: string) => {
    const start = body.slice(0, maximumErrorLength);
    return token.length < secretLength ? start : start.replaceAll(token, '<token>');
  };

  const call = async <Answer>(request: Call<Answer>): Promise<Answered<Answer>> => {
    const { what, body, method } = request;
    const changes = body !== undefined || method !== undefined;
    const abort = new AbortController();
    let broken: 'in time' | 'too large' | undefined;
    const breakOff = (why?: typeof broken) => {
      broken = why;
      abort.abort();
    };
    const stopping = () => breakOff();
    underWay.add(stopping);
    if (stopped) breakOff();
    const timeoutMs = request.timeoutMs ?? requestTimeoutMs;
    // Not got's own time-out of the request, which does not reach one that still waits for a connection of the agent.
    const timer = setTimeout(() => breakOff('in time'), timeoutMs);
    const sentAt = performance.now();
    const answered = (status: number) => onAnswer?.(request.name, status, performance.now() - sentAt);
    let response;
    try {
      const pending = client(`${server}${request.path}`, {
        signal: abort.signal,
        timeout: connectTimeouts,
        ...(request.query === undefined ? {} : { searchParams: { ...request.query } }),
        ...(changes
          ? {
              method: method ?? 'POST',
              // Must be exactly this: a charset parameter is answered with 415 (`sync-content-type-charset`).
              headers: { 'content-type': 'application/json' },
              ...(body === undefined ? {} : { body: JSON.stringify(body) }),
              // A kept connection may have died unnoticed, which would leave it open whether the request arrived.
              agent: { http: false, https: false },
            }
          : {}),
      });
      void pending.on('downloadProgress', ({ transferred }) => {
        if (transferred > maximumAnswerBytes) breakOff('too large');
      });
      response = await pending;
    } catch (error) {
      answered(0);
      if (broken === 'too large') throw answerTooLarge(what, server, changes);
      throw failure(what, server, error, changes, broken === 'in time' ? timeoutMs : undefined);
    } finally {
      clearTimeout(timer);
      underWay.delete(stopping);
    }
    const { statusCode: status, headers } = response;
    answered(status);
    const contentType = headers['content-type'] ?? '';
    if (status !== 200)
      throw errorFromAnswer(what, server, {
        status,
        contentType,
        location: headers.location,
        body: withoutToken(response.body),
      });
    const decoded = parseJson(response.body, request.schema);
    if (decoded.ok) return { answer: decoded.value, simulated: headers['x-simulated'] !== undefined };
    const isJson = contentType.startsWith('application/json');
    const error = notArgoCd(what, server, {
      status,
      contentType,
      ...(isJson ? { detail: decoded.error } : {}),
    });
    // The start of a good answer is lost, or the answer of another version: it may well have been carried out.
    throw changes && isJson ? new ArgoCdError({ kind: 'unsure', message: error.message, status }) : error;
  };

  return {
    server,
    call,
    openStream: (fields, signal) => {
      const request = openStreamRequest({
        client,
        url: `${server}/api/v1/stream/applications`,
        fields,
        signal,
        timeouts: connectTimeouts,
        refusalTimeoutMs: requestTimeoutMs,
        refusalLength: maximumErrorLength,
        onAnswer: (status) => onAnswer?.('stream', status),
        errorOf: {
          answer: (answer) =>
            answer.status === 200
              ? notArgoCd('open the event stream', server, answer)
              : errorFromAnswer('open the event stream', server, {
                  ...answer,
                  body: withoutToken(answer.body),
                }),
          failure: (error, opened) =>
            failure(opened ? 'follow the event stream' : 'open the event stream', server, error, false),
        },
        onClose: () => underWay.delete(request.destroy),
      });
      underWay.add(request.destroy);
      if (stopped) request.destroy();
      return request;
    },
    stop: () => {
      stopped = true;
      for (const breakOff of underWay) breakOff();
      kept.http.destroy();
      kept.https.destroy();
    },
  };
}

function answerTooLarge(what: string, server: string, changes: boolean): ArgoCdError {
  return new ArgoCdError({
    kind: changes ? 'unsure' : 'not-argocd',
    message: `could not ${what}: the answer of ${server} has more than ${maximumAnswerBytes} bytes, which is no answer to that. Check argocd.server (ARGOCD_SERVER)`,
  });
}

/** @param timeoutMs where it was we who broke off, after this long */
function failure(
  what: string,
  server: string,
  error: unknown,
  changes: boolean,
  timeoutMs?: number,
): ArgoCdError {
  if (error instanceof RequestError) {
    // A number where a DOMException is behind it, as with a signal that timed out.
    const code: unknown = error.code;
    return errorFromFailure(what, server, {
      ...(timeoutMs === undefined
        ? { code: typeof code === 'string' ? code : '', message: error.message }
        : { code: 'ETIMEDOUT', message: `no answer within ${timeoutMs} ms` }),
      sent: mayHaveArrived(error, server),
      changes,
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  return errorFromFailure(what, server, { code: '', message, sent: true, changes });
}

/** Nothing of a request goes out before the connection stands, and TLS on it; got notes when that was. */
function mayHaveArrived({ timings }: RequestError, server: string): boolean {
  const ready = server.startsWith('https:') ? timings?.secureConnect : timings?.connect;
  return ready !== undefined;
}
