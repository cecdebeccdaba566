// One call of Argo CD through got: from the token to the answer, with retries and bounds. Every failure is an ArgoCdError.
import { HTTPError, RequestError, type Got, type NormalizedOptions, type Response } from 'got';
import type { Clock } from '../../service/clock.ts';
import { isChange, readAnswer, refusesToken, type Answered, type Call } from './call.ts';
import type { Connections } from './connections.ts';
import type { Credentials } from './credentials.ts';
import { ArgoCdError, errorFromAnswer, errorFromFailure, type Asking } from './errors.ts';
import { createBody } from './held-body.ts';
import type { OnAnswer } from './metrics.ts';
import { proxyBusy } from './proxy.ts';
import { retryOf } from './retry.ts';
import { timeUp, type UnderWay } from './under-way.ts';

export interface ExchangeOptions {
  readonly client: Got;
  readonly connections: Connections;
  readonly underWay: UnderWay;
  /** Gives a request its token, and what else may have changed since the last one. Returns the token. */
  readonly prepare: (
    sending: NormalizedOptions,
    signal: AbortSignal,
    credentials: Credentials | undefined,
  ) => Promise<string>;
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onAnswer?: OnAnswer | undefined;
}

/**
 * @param credentials undefined: no token is sent
 * @throws ArgoCdError, or what `ready` throws
 */
export type Exchange = <Answer>(
  call: Call<Answer>,
  asking: Asking,
  credentials: Credentials | undefined,
) => Promise<Answered<Answer>>;

/** 10,000 applications are some 15 MB with our selection; more than this is not an answer to our question. */
const maximumAnswerBytes = 134_217_728;
export const maximumErrorLength = 65_536;
const tooLarge = 'too large';

export function createExchange(options: ExchangeOptions): Exchange {
  const { client, connections, underWay, prepare, requestTimeoutMs, clock, random, onAnswer } = options;

  return (call, asking, credentials) => {
    const { name, what, path, query, timeoutMs = requestTimeoutMs } = call;
    const changes = isChange(call);
    return underWay.bounded(timeoutMs, async ({ abort, untimed }) => {
      const { signal } = abort;
      const bodyOf = ({ body, ready }: typeof call) =>
        body === undefined
          ? undefined
          : createBody(JSON.stringify(body), ready === undefined ? undefined : () => untimed(ready));
      let body = bodyOf(call);
      let token = '';
      let renewed = false;
      /** undefined while the request is not ready to be sent */
      let sentAt: number | undefined;
      let counted = true;
      /** of the attempt before, while a retry waits */
      let failure: RequestError | undefined;

      const count = (status: number) => {
        if (!counted && sentAt !== undefined && body?.refusal === undefined)
          onAnswer?.(name, status, clock.monotonic() - sentAt);
        counted = true;
      };
      const beforeRequest = async (sending: NormalizedOptions) => {
        failure = undefined;
        sentAt = undefined;
        token = await prepare(sending, signal, credentials);
        sentAt = clock.monotonic();
        counted = false;
      };
      const refused = ({ statusCode: status, headers, rawBody }: Response) =>
        errorFromAnswer(what, asking, {
          status,
          contentType: headers['content-type'] ?? '',
          location: headers.location,
          body: rawBody.toString('utf8').slice(0, maximumErrorLength),
        });
      /** @param isSent the request was ready to be sent */
      const failed = (thrown: unknown, isSent: boolean): unknown => {
        const error = failure ?? thrown;
        if (body?.refusal !== undefined) return body.refusal.error;
        if (error instanceof HTTPError) return refused(error.response);
        if (signal.reason === tooLarge) return answerTooLarge(call, asking.server);
        return errorOf(what, asking, connections, error, {
          changes,
          isSent: isSent && body?.held !== true,
          ...(signal.reason === timeUp
            ? { timeout: `no ${isSent ? 'answer' : 'token'} within ${timeoutMs} ms` }
            : {}),
        });
      };

      const pending = client(`${asking.server}${path}`, {
        signal,
        // As text, got would keep both as long as the answer is worked on: megabytes of a list.
        responseType: 'buffer',
        ...(query === undefined ? {} : { searchParams: { ...query } }),
        ...(changes
          ? {
              method: call.method ?? 'POST',
              // Must be exactly this: a charset parameter is answered with 415 (`sync-content-type-charset`).
              headers: { 'content-type': 'application/json' },
              // A kept connection may have died unnoticed, which would leave it open whether the request arrived.
              agent: connections.fresh,
            }
          : {}),
        ...(body === undefined
          ? {}
          : {
              headers: { 'content-type': 'application/json', 'content-length': String(body.length) },
              body: body.content,
            }),
        retry: retryOf(call, {
          clock,
          random,
          signal,
          endsAt: clock.monotonic() + timeoutMs,
          onFailure: (error) => {
            count(0);
            failure = error;
          },
        }),
        hooks: {
          beforeRequest: [beforeRequest],
          afterResponse: [
            async (response, retry) => {
              count(response.statusCode);
              if (renewed || credentials === undefined || !refusesToken(call, response)) return response;
              // Refused is not carried out: a POST too may be sent again.
              renewed = true;
              sentAt = undefined;
              credentials.refused(token);
              if ((await credentials.token()) === token) return response;
              body = bodyOf(call);
              return retry({ preserveHooks: true, ...(body === undefined ? {} : { body: body.content }) });
            },
          ],
        },
      });
      void pending.on('request', (request) => body?.onRequest(request));
      void pending.on('downloadProgress', ({ transferred }) => {
        if (transferred > maximumAnswerBytes) abort.abort(tooLarge);
      });
      let response;
      try {
        response = await pending;
      } catch (error) {
        const isSent = sentAt !== undefined;
        count(0);
        throw failed(error, isSent);
      }
      if (response.statusCode !== 200) throw refused(response);
      const answered = await readAnswer(call, asking, response);
      credentials?.accepted(token);
      return answered;
    });
  };
}

function answerTooLarge(
  call: Pick<Call<unknown>, 'name' | 'what' | 'body' | 'method'>,
  server: string,
): ArgoCdError {
  return new ArgoCdError({
    kind: isChange(call) ? 'unsure' : 'not-argocd',
    message: `could not ${call.what}: the answer of ${server} has more than ${maximumAnswerBytes} bytes`,
    remedy:
      call.name === 'list'
        ? 'A list has whole specifications, inline Helm values too: put long ones into files, or let the account see fewer applications (applications, get)'
        : 'That is no answer of Argo CD: check argocd.server (ARGOCD_SERVER)',
  });
}

/** The error of a request without an answer. */
export function errorOf(
  what: string,
  asking: Asking,
  connections: Pick<Connections, 'stood' | 'byProxy'>,
  error: unknown,
  about: {
    readonly changes: boolean;
    /** the request was ready to be sent, and nothing held it back */
    readonly isSent: boolean;
    /** in words, where we broke off because the time was up */
    readonly timeout?: string;
  },
): ArgoCdError {
  const { changes, isSent, timeout } = about;
  const isGots = error instanceof RequestError;
  // What the hooks throw is wrapped by got.
  if (isGots && error.cause instanceof ArgoCdError) return error.cause;
  return errorFromFailure(what, asking, {
    ...(timeout === undefined
      ? { code: codeOf(error), message: error instanceof Error ? error.message : String(error) }
      : { code: 'ETIMEDOUT', message: timeout }),
    sent: isSent && (!isGots || connections.stood(error)),
    byProxy: isGots && timeout === undefined && connections.byProxy(error),
    changes,
  });
}

/** Empty where there is none that tells a person anything. It is a number where a DOMException is behind it. */
function codeOf(error: unknown): string {
  const code: unknown = error instanceof RequestError ? error.code : '';
  return typeof code === 'string' && code !== 'ERR_GOT_REQUEST_ERROR' && code !== proxyBusy ? code : '';
}
