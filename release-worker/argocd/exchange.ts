// One request to Argo CD and its answer, through got, with bounds. Every failure is an ArgoCdError, together with what
// decides whether a read is asked again.
import type { ClientRequest } from 'node:http';
import { RequestError } from 'got';
import type { Got } from 'got';
import type * as z from 'zod/mini';
import { parseJson } from '../../messages/codec.ts';
import type { Decoded } from '../../messages/codec.ts';
import type { Clock } from '../../service/clock.ts';
import { ArgoCdError, aboutAnother, errorFromAnswer, errorFromFailure, notArgoCd } from './errors.ts';
import type { Asking } from './errors.ts';
import { whenItStands } from './connections.ts';
import type { Connections } from './connections.ts';
import type { ArgoCdCall, OnAnswer } from './metrics.ts';
import { ProxyError, proxyBusy } from './proxy.ts';
import type { Failed } from './repeat.ts';

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
  /**
   * For a body: called once the connection stands, and awaited before anything of the request goes out. What it throws
   * is thrown as it is, and nothing was sent. Called anew where the request is sent again.
   */
  readonly ready?: (() => Promise<void>) | undefined;
  readonly timeoutMs?: number;
  /** for what Argo CD tells everybody: no token is sent, so that none needs to be good */
  readonly anonymous?: true;
  /** of a read: sent again only where a kept connection was cut, which tells nothing of the server */
  readonly once?: true;
  readonly schema: z.ZodMiniType<Answer>;
  /** Reads an answer that may be long, a piece at a time; undefined: it is to be read by `schema`, as a whole. */
  readonly inPieces?: (text: string) => Promise<Answer | undefined>;
  /** what else an answer is about, if it is not about what was asked for */
  readonly otherThanAsked?: (answer: Answer) => string | undefined;
  /** whether an answer says that the token is not accepted, although its status does not */
  readonly isRefusal?: (answer: Answer) => boolean;
}

/** Whether Argo CD is asked to change something: such a request is never repeated on a guess. */
export function isChange({ body, method }: Pick<Call<unknown>, 'body' | 'method'>): boolean {
  return body !== undefined || method !== undefined;
}

export interface Answered<Answer> {
  readonly answer: Answer;
  /** the server says of itself that it only pretends to be Argo CD */
  readonly simulated: boolean;
  /** the server's clock when it answered, in milliseconds since the epoch, to the second; where it says so */
  readonly date?: number;
}

export interface Sending {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** milliseconds, where the signal was aborted because they were over */
  readonly timedOut: () => number | undefined;
}

export type Outcome<Answer> =
  | { readonly answered: Answered<Answer>; readonly error?: never }
  | { readonly answered?: never; readonly error: ArgoCdError; readonly failed: Failed };

export interface ExchangeOptions {
  /** with the certificates in force */
  readonly client: () => Got;
  readonly connections: Connections;
  readonly asking: Asking;
  readonly clock: Clock;
  readonly onAnswer?: OnAnswer | undefined;
}

/** @throws what `ready` throws */
export type Exchange = <Answer>(call: Call<Answer>, sending: Sending) => Promise<Outcome<Answer>>;

/** 10,000 applications are some 15 MB with our selection; more than this is not an answer to our question. */
const maximumAnswerBytes = 134_217_728;
export const maximumErrorLength = 65_536;

export function createExchange(options: ExchangeOptions): Exchange {
  const { client, connections, asking, clock, onAnswer } = options;
  const { server } = asking;

  return async (call, { headers, signal, timedOut }) => {
    const { name, what, path, query, body } = call;
    const changes = isChange(call);
    const tooLarge = new AbortController();
    const content = body === undefined ? undefined : contentOf(JSON.stringify(body), call.ready);
    const sentAt = clock.monotonic();
    const answered = (status: number) => onAnswer?.(name, status, clock.monotonic() - sentAt);
    let response;
    try {
      const pending = client()(`${server}${path}`, {
        signal: AbortSignal.any([signal, tooLarge.signal]),
        timeout: connections.timeouts,
        // As text, got would keep both as long as the answer is worked on: megabytes of a list.
        responseType: 'buffer',
        ...(query === undefined ? {} : { searchParams: { ...query } }),
        ...(changes
          ? {
              method: call.method ?? 'POST',
              // Must be exactly this: a charset parameter is answered with 415 (`sync-content-type-charset`).
              headers: { ...headers, ...content?.headers, 'content-type': 'application/json' },
              ...(content === undefined ? {} : { body: content.body }),
              // A kept connection may have died unnoticed, which would leave it open whether the request arrived.
              agent: connections.fresh,
            }
          : { headers: { ...headers } }),
      });
      if (content?.onRequest !== undefined) void pending.on('request', content.onRequest);
      void pending.on('downloadProgress', ({ transferred }) => {
        if (transferred > maximumAnswerBytes) tooLarge.abort();
      });
      response = await pending;
    } catch (error) {
      if (content?.refusal !== undefined) throw content.refusal.error;
      answered(0);
      if (tooLarge.signal.aborted)
        return { error: answerTooLarge({ name, what, changes, server }), failed: { reused: false } };
      return {
        error: failure(what, asking, connections, error, changes, {
          held: content?.held === true,
          timeoutMs: timedOut(),
        }),
        failed: signal.aborted ? { reused: false } : failedOf(error),
      };
    }
    const { statusCode: status } = response;
    answered(status);
    const contentType = response.headers['content-type'] ?? '';
    const retryAfter = response.headers['retry-after'];
    const failed = { status, reused: false, ...(retryAfter === undefined ? {} : { retryAfter }) };
    if (status !== 200) {
      const { location } = response.headers;
      const body = response.rawBody.toString('utf8').slice(0, maximumErrorLength);
      return { error: errorFromAnswer(what, asking, { status, contentType, location, body }), failed };
    }
    const decoded = await read(call, response.rawBody.toString('utf8'));
    const isJson = contentType.startsWith('application/json');
    // The start of a good answer is lost, or the answer of another version: it may well have been carried out.
    const kind = changes && isJson ? 'unsure' : 'not-argocd';
    if (decoded.ok) {
      const simulated = response.headers['x-simulated'] !== undefined;
      const other = call.otherThanAsked?.(decoded.value);
      if (other !== undefined) return { error: aboutAnother(what, asking, other, { kind, status }), failed };
      const date = Date.parse(response.headers.date ?? '');
      return {
        answered: { answer: decoded.value, simulated, ...(Number.isNaN(date) ? {} : { date }) },
      };
    }
    const detail = isJson ? { detail: decoded.error } : {};
    return { error: notArgoCd(what, asking, { status, contentType, ...detail }, kind), failed };
  };
}

async function read<Answer>({ schema, inPieces }: Call<Answer>, text: string): Promise<Decoded<Answer>> {
  const value = await inPieces?.(text);
  return value === undefined ? parseJson(text, schema) : { ok: true, value };
}

function answerTooLarge({
  name,
  what,
  changes,
  server,
}: {
  readonly name: string;
  readonly what: string;
  readonly changes: boolean;
  readonly server: string;
}): ArgoCdError {
  return new ArgoCdError({
    kind: changes ? 'unsure' : 'not-argocd',
    message: `could not ${what}: the answer of ${server} has more than ${maximumAnswerBytes} bytes`,
    remedy:
      name === 'list'
        ? 'A list has whole specifications, inline Helm values too: put long ones into files, or let the account see fewer applications (applications, get)'
        : 'That is no answer of Argo CD: check argocd.server (ARGOCD_SERVER)',
  });
}

interface Content {
  /** to be told of the request that it goes out with */
  readonly onRequest?: (request: ClientRequest) => void;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | AsyncGenerator<string>;
  /** it still waits, so that nothing can have gone out */
  readonly held: boolean;
  /** why it is not to go out */
  readonly refusal: { readonly error: unknown } | undefined;
}

/** The headers go out with the first piece of the body, and not before. */
function contentOf(text: string, ready: Call<unknown>['ready']): Content {
  if (ready === undefined) return { headers: {}, body: text, held: false, refusal: undefined };
  let held = true;
  let refusal: Content['refusal'];
  let standing = () => {};
  const stands = new Promise<void>((resolve) => {
    standing = resolve;
  });
  const whenReady = async function* () {
    await stands;
    try {
      await ready();
    } catch (error) {
      refusal = { error };
      throw error;
    }
    held = false;
    yield text;
  };
  return {
    headers: { 'content-length': String(Buffer.byteLength(text)) },
    body: whenReady(),
    onRequest: (request) => whenItStands(request, standing),
    get held() {
      return held;
    },
    get refusal() {
      return refusal;
    },
  };
}

/**
 * @param about.timeoutMs where it was we who broke off, after this long
 * @param about.held the request still waited to be sent
 */
export function failure(
  what: string,
  asking: Asking,
  connections: Pick<Connections, 'stood' | 'byProxy'>,
  error: unknown,
  changes: boolean,
  about: { readonly timeoutMs?: number | undefined; readonly held?: boolean } = {},
): ArgoCdError {
  const { timeoutMs, held = false } = about;
  const timeout = { code: 'ETIMEDOUT', message: `no answer within ${timeoutMs} ms` };
  return errorFromFailure(what, asking, {
    ...(timeoutMs === undefined ? { code: codeOf(error), message: messageOf(error) } : timeout),
    sent: !held && (error instanceof RequestError ? connections.stood(error) : true),
    byProxy: error instanceof RequestError && timeoutMs === undefined && connections.byProxy(error),
    changes,
  });
}

/** Empty where there is none, and where there is a number because a DOMException is behind it (a signal that timed out). */
function codeOf(error: unknown): string {
  const code: unknown = error instanceof RequestError ? error.code : '';
  return typeof code === 'string' && code !== 'ERR_GOT_REQUEST_ERROR' && code !== proxyBusy ? code : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function failedOf(error: unknown): Failed {
  if (!(error instanceof RequestError)) return { reused: false };
  const { cause } = error;
  if (cause instanceof ProxyError && cause.code === proxyBusy) return { status: 503, reused: false };
  return { code: codeOf(error), reused: error.request?.reusedSocket === true };
}
