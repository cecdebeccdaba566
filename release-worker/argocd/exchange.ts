// One call of Argo CD through got: from the token to the answer, with retries and bounds. Every failure is an ArgoCdError.
import { HTTPError, type Got, type NormalizedOptions, type RequestError, type Response } from 'got';
import type { Clock } from '../../service/clock.ts';
import { isChange, readAnswer, refusesToken, type Answered, type Call } from './call.ts';
import type { Connections } from './connections.ts';
import type { Credentials } from './credentials.ts';
import { ArgoCdError, type Asking } from './errors.ts';
import { errorOf } from './failures.ts';
import type { OnAnswer } from './metrics.ts';
import { errorFromAnswer } from './refusals.ts';
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
      const { ready } = call;
      let refusal: { readonly error: unknown } | undefined;
      const held =
        ready &&
        (() =>
          untimed(ready).catch((error: unknown) => {
            refusal = { error };
            throw error;
          }));
      let token = '';
      let renewed = false;
      /** undefined while the request is not ready to be sent */
      let sentAt: number | undefined;
      let counted = true;
      /** of the attempt before, while a retry waits */
      let failure: RequestError | undefined;

      const count = (status: number) => {
        if (!counted && sentAt !== undefined && refusal === undefined)
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
        if (refusal !== undefined) return refusal.error;
        if (error instanceof HTTPError) return refused(error.response);
        if (signal.reason === tooLarge) return answerTooLarge(call, asking.server);
        return errorOf(what, asking, connections, error, {
          changes,
          isSent,
          timeout:
            signal.reason === timeUp ? `no ${isSent ? 'answer' : 'token'} within ${timeoutMs} ms` : undefined,
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
              agent: connections.fresh(held),
            }
          : {}),
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
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
              return retry({ preserveHooks: true });
            },
          ],
        },
      });
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
