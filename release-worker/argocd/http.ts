// How we speak with Argo CD: every request carries a token and the extra headers in force, is bounded in time, and is
// sent again where that is harmless. What is sent again: a read that failed in passing (`repeat.ts`), and once anything
// that a stale token had kept from having an effect. Never a POST otherwise, and never the stream, which its caller opens anew.
import { got } from 'got';
import type { Got } from 'got';
import * as z from 'zod/mini';
import type { Header } from '../../config/argocd-secrets.ts';
import { delay } from '../../service/clock.ts';
import type { Clock } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';
import { createUnderWay, unlessAborted } from './bounded.ts';
import type { Bounds } from './bounded.ts';
import { createConnections } from './connections.ts';
import { tokenCredentials } from './credentials.ts';
import { ArgoCdError, errorFromAnswer, errorFromFailure, notArgoCd } from './errors.ts';
import type { Asking } from './errors.ts';
import { createExchange, failure, isChange, maximumErrorLength } from './exchange.ts';
import type { Answered, Call, Outcome } from './exchange.ts';
import type { OnAnswer } from './metrics.ts';
import { pauseBefore } from './repeat.ts';
import type { SecretSource } from './secret-source.ts';
import { sessionCredentials } from './session.ts';
import { openStreamRequest } from './stream-request.ts';
import type { StreamRequest } from './stream-request.ts';
import { createVeil, hideIn } from './veil.ts';

export interface HttpOptions {
  /** base URL, with a path where Argo CD runs below one */
  readonly server: string;
  readonly credentials:
    | {
        readonly token: SecretSource<string>;
        /** where it is read again */ readonly tokenFile?: string | undefined;
      }
    | { readonly username: string; readonly password: SecretSource<string> };
  /** sent with every request in addition, for what stands in front of Argo CD; their values are secrets */
  readonly headers?: SecretSource<readonly Header[]>;
  /** may have user name and password */
  readonly proxy?: URL | undefined;
  /** PEM certificates of the CA to trust */
  readonly ca?: string | SecretSource<string>;
  /** trust any certificate */
  readonly insecure: boolean;
  /** milliseconds for one unary request in all, repetitions included */
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  /** 0 to 1 */
  readonly random: () => number;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** after each answer, for metrics; status 0: no answer */
  readonly onAnswer?: OnAnswer;
}

export interface ArgoCdHttp {
  readonly server: string;
  /** what a person does about a token that is not accepted */
  readonly remedy: string;
  call<Answer>(call: Call<Answer>): Promise<Answered<Answer>>;
  openStream(fields: string, signal: AbortSignal): StreamRequest;
  /** Breaks off what is under way; what comes later fails at once. */
  stop(): void;
}

/** `session-create-ok` */
const sessionSchema = z.object({ token: z.string().check(z.minLength(1)) });

export function createHttp(options: HttpOptions): ArgoCdHttp {
  const { insecure, requestTimeoutMs, onAnswer, proxy, clock, random, log } = options;
  const server = options.server.replace(/\/+$/, '');
  const connections = createConnections(server, proxy);
  const veil = createVeil();
  if (proxy !== undefined) veil.add(decodeURIComponent(proxy.password));
  const base = got.extend({
    agent: connections.kept,
    ...(connections.request === undefined ? {} : { request: connections.request }),
    followRedirect: false,
    throwHttpErrors: false,
    retry: { limit: 0 },
    https: { rejectUnauthorized: !insecure },
    headers: { accept: 'application/json', 'user-agent': 'release-button' },
  });
  const trusting = createTrust(base, options.ca);
  const { client } = trusting;
  const exchangeAs = (asking: Asking) => createExchange({ client, connections, asking, clock, onAnswer });
  const underWay = createUnderWay(clock);
  const { bounded } = underWay;

  /** The certificates in force along with them: both are looked up before each request. */
  const extraHeaders = async () => {
    await trusting.update();
    return Object.fromEntries(
      ((await options.headers?.current()) ?? []).map(({ name, value }) => {
        veil.add(value);
        return [name, value];
      }),
    );
  };

  const login = (username: string, password: string) =>
    bounded(requestTimeoutMs, async (bounds) => {
      const exchange = exchangeAs(asking('', (text) => veil.hide(hideIn(text, password))));
      const outcome = await exchange(
        {
          name: 'session',
          what: `log in as ${username}`,
          path: '/api/v1/session',
          body: { username, password },
          schema: sessionSchema,
        },
        { ...bounds, headers: await extraHeaders() },
      );
      if (outcome.error !== undefined) throw outcome.error;
      return outcome.answered.answer.token;
    });

  const { credentials: given } = options;
  const credentials =
    'token' in given
      ? tokenCredentials(given.token, given.tokenFile)
      : sessionCredentials({ ...given, server, login, clock, log });
  const asking = (remedy: string, hide = veil.hide): Asking => ({
    server,
    remedy,
    hide,
    ...(proxy === undefined ? {} : { proxy: proxy.host }),
  });
  const asked = asking(credentials.remedy);
  const exchange = exchangeAs(asked);

  /** @throws ArgoCdError of a kind that says that nothing was sent */
  const tokenAndHeaders = async (what: string, { signal, timedOut }: Omit<Bounds, 'untimed'>) => {
    const both = Promise.all([credentials.token(), extraHeaders()]).catch((error: unknown) => {
      throw neverSent(error);
    });
    const [token, extra] = await unlessAborted(both, signal, () => {
      const timeoutMs = timedOut();
      return errorFromFailure(what, asked, {
        ...(timeoutMs === undefined
          ? { code: '', message: 'broken off' }
          : { code: 'ETIMEDOUT', message: `no token within ${timeoutMs} ms` }),
        sent: false,
        changes: false,
      });
    });
    veil.add(token);
    return { token, headers: { ...extra, authorization: `Bearer ${token}` } };
  };

  const call = <Answer>(request: Call<Answer>): Promise<Answered<Answer>> =>
    bounded(request.timeoutMs ?? requestTimeoutMs, async (bounds) => {
      const changes = isChange(request);
      const { ready } = request;
      const held = ready === undefined ? request : { ...request, ready: () => bounds.untimed(ready) };
      const endsAt = clock.monotonic() + (request.timeoutMs ?? requestTimeoutMs);
      let { token, headers } =
        request.anonymous === true
          ? { token: '', headers: await extraHeaders() }
          : await tokenAndHeaders(request.what, bounds);
      let renewed = false;
      let repetition = 0;
      for (;;) {
        const outcome = await exchange(held, { ...bounds, headers });
        if (!renewed && request.anonymous !== true && isRefused(request, outcome)) {
          // Refused is not carried out: a POST too may be sent again.
          renewed = true;
          credentials.refused(token);
          const before = token;
          ({ token, headers } = await tokenAndHeaders(request.what, bounds));
          if (token !== before) continue;
        }
        if (outcome.error === undefined) {
          if (request.anonymous !== true) credentials.accepted(token);
          return outcome.answered;
        }
        repetition += 1;
        const pause = changes
          ? undefined
          : pauseBefore(repetition, outcome.failed, {
              refresh: request.name === 'refresh',
              once: request.once === true,
              random: random(),
              now: clock.now(),
            });
        if (pause === undefined || clock.monotonic() + pause >= endsAt) throw outcome.error;
        if (!(await delay(clock, pause, bounds.signal))) throw outcome.error;
      }
    });

  const openStream = (fields: string, signal: AbortSignal): StreamRequest => {
    const ending = new AbortController();
    let request: StreamRequest | undefined;
    const breakOff = () => {
      ending.abort();
      request?.destroy();
    };
    const forget = underWay.add(breakOff);
    const destroy = () => {
      forget();
      breakOff();
    };
    const what = 'open the event stream';
    const open = async () => {
      const waiting = AbortSignal.any([signal, ending.signal]);
      const { token, headers } = await tokenAndHeaders(what, { signal: waiting, timedOut: () => undefined });
      return openStreamRequest({
        client: client(),
        url: `${server}/api/v1/stream/applications`,
        fields,
        headers,
        signal,
        timeouts: connections.timeouts,
        refusalTimeoutMs: requestTimeoutMs,
        refusalLength: maximumErrorLength,
        onAnswer: (status) => onAnswer?.('stream', status),
        errorOf: {
          answer: (answer) => {
            // The next stream is opened with another token, where there is one.
            if (answer.status === 401) credentials.refused(token);
            if (answer.status === 200) return notArgoCd(what, asked, answer);
            return errorFromAnswer(what, asked, answer);
          },
          failure: (error, opened) =>
            failure(opened ? 'follow the event stream' : what, asked, connections, error, false),
        },
        onClose: forget,
      });
    };
    const opening = open().then((opened) => {
      request = opened;
      if (ending.signal.aborted) opened.destroy();
      return opened;
    });
    // The iteration reports it. One that comes while nobody iterates would end the process.
    opening.catch(forget);
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      yield* await opening;
    };
    return { [Symbol.asyncIterator]: chunks, destroy };
  };

  return {
    server,
    remedy: credentials.remedy,
    call,
    openStream,
    stop: () => {
      underWay.stop();
      connections.destroy();
    },
  };
}

/** The HTTP client with the certificates in force. A kept connection is one of its certificates: Node's agents see to that. */
function createTrust(base: Got, ca: HttpOptions['ca']) {
  const trusting = (pem: string) => base.extend({ https: { certificateAuthority: pem } });
  let trusted = typeof ca === 'string' ? ca : undefined;
  let client = trusted === undefined ? base : trusting(trusted);
  return {
    client: () => client,
    update: async () => {
      if (typeof ca !== 'object') return;
      const current = await ca.current();
      if (current === trusted) return;
      trusted = current;
      client = trusting(current);
    },
  };
}

function isRefused<Answer>({ isRefusal }: Call<Answer>, { answered, error }: Outcome<Answer>): boolean {
  if (answered === undefined) return error.kind === 'unauthenticated';
  return isRefusal?.(answered.answer) === true;
}

/** The request that wanted a token has certainly had no effect, whatever became of the one for the token. */
function neverSent(error: unknown): unknown {
  if (!(error instanceof ArgoCdError) || (error.kind !== 'unsure' && error.kind !== 'unavailable'))
    return error;
  const { found, remedy, status } = error;
  return new ArgoCdError({
    kind: 'unreachable',
    message: found,
    ...(remedy === undefined ? {} : { remedy }),
    ...(status === undefined ? {} : { status }),
  });
}
