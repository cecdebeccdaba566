// One call of Argo CD through got, from the token to the answer, with retries and limits. Every failure is an ArgoCdError.
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
  /** Sets the token, the extra headers and the certificates of a request. Returns the token. */
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
 * @throws ArgoCdError, or the error of `ready`
 */
export type Exchange = <Answer>(
  call: Call<Answer>,
  asking: Asking,
  credentials: Credentials | undefined,
) => Promise<Answered<Answer>>;

/** With our field selection, 10,000 applications are about 15 MB. A longer answer is not the list that was asked for. */
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
      /** undefined until the request is ready to be sent */
      let sentAt: number | undefined;
      let counted = true;
      /** the failure of the previous attempt, while a retry waits */
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
      /** @param isSent whether the request was ready to be sent */
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
        // For a text, got would keep both the bytes and the text while the caller parses it: megabytes for a list.
        responseType: 'buffer',
        ...(query === undefined ? {} : { searchParams: { ...query } }),
        ...(changes
          ? {
              method: call.method ?? 'POST',
              // Exactly this value: Argo CD answers 415 if there is a charset parameter (`sync-content-type-charset`).
              headers: { 'content-type': 'application/json' },
              // On a kept-alive connection that died unnoticed, nobody would know whether the request arrived.
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
              // Argo CD has not carried out a refused request, so even a POST may be sent again.
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
        ? 'A list contains whole specifications, including inline Helm values: move long values into files, or let the account see fewer applications (permission: applications, get)'
        : 'Argo CD does not send such an answer: check argocd.server (ARGOCD_SERVER)',
  });
}
