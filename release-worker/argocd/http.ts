// The HTTP client of Argo CD. Every request carries the current token, extra headers and certificates. It has a time limit,
// and is retried only if that does no harm.
//
// got sends requests, refuses redirects, retries reads (`retry.ts`), and repeats a request once with a new token
// (`exchange.ts`). The files around got, each with its reason:
// - `under-way.ts`: got limits each attempt, not all attempts together, and cannot abort every request at a stop.
// - `connections.ts`: the release needs to know whether a failed sync may have arrived. A sync also waits in an open
//   connection until the worker confirms it.
// - `failing-once.ts`: since Node.js 24.20, got 14 does not retry a request that finds nobody listening.
// - `proxy.ts`: got does not support proxies. Other packages return a tunnel before its TLS handshake is complete.
// - `stream-request.ts`: got would read the body of a refused stream without a limit.
// - `refusals.ts`: Argo CD's refusals share status codes, and login pages answer with 200.
// - `failures.ts`: a failure without an answer needs a remedy, and must say whether the request may have had an effect.
// - `session.ts`, `redactor.ts`: repeated logins would lock the account, and no message may show a secret.
import { got, type NormalizedOptions } from 'got';
import * as z from 'zod/mini';
import type { Header } from '../../config/argocd-secrets.ts';
import type { Clock } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';
import type { Answered, Call } from './call.ts';
import { createConnections } from './connections.ts';
import { tokenCredentials, type Credentials } from './credentials.ts';
import { withKind, type Asking } from './errors.ts';
import { createExchange } from './exchange.ts';
import type { OnAnswer } from './metrics.ts';
import type { SecretSource } from './secret-source.ts';
import { sessionCredentials } from './session.ts';
import { openStreamRequest, type StreamRequest } from './stream-request.ts';
import { createUnderWay } from './under-way.ts';
import { createRedactor, redactIn } from './redactor.ts';

export interface HttpOptions {
  /** base URL, including the path if Argo CD is served below one */
  readonly server: string;
  readonly credentials:
    | {
        readonly token: SecretSource<string>;
        /** where it is read again */ readonly tokenFile?: string | undefined;
      }
    | { readonly username: string; readonly password: SecretSource<string> };
  /** sent in addition with every request, for proxies in front of Argo CD; the values are secrets */
  readonly headers?: SecretSource<readonly Header[]>;
  /** may contain user name and password */
  readonly proxy?: URL | undefined;
  /** PEM certificates of the CA to trust */
  readonly ca?: SecretSource<string>;
  /** accept any certificate */
  readonly insecure: boolean;
  /** limit of one unary request including its retries, in milliseconds */
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  /** 0 to 1 */
  readonly random: () => number;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** called for metrics after each answer; status 0: no answer */
  readonly onAnswer?: OnAnswer;
}

export interface ArgoCdHttp {
  readonly server: string;
  /** what a person can do about a token that Argo CD refuses */
  readonly remedy: string;
  call<Answer>(call: Call<Answer>): Promise<Answered<Answer>>;
  openStream(fields: string, signal: AbortSignal): StreamRequest;
  /** Aborts running requests. Later requests fail at once. */
  stop(): void;
}

/** `session-create-ok` */
const sessionSchema = z.object({ token: z.string().check(z.minLength(1)) });

export function createHttp(options: HttpOptions): ArgoCdHttp {
  const { insecure, requestTimeoutMs, onAnswer, proxy, clock, random, log } = options;
  const server = options.server.replace(/\/+$/, '');
  const connections = createConnections(server, proxy);
  const underWay = createUnderWay(clock);
  const redactor = createRedactor();
  if (proxy !== undefined) redactor.add(decodeURIComponent(proxy.password));
  const client = got.extend({
    agent: connections.kept,
    request: connections.request,
    followRedirect: false,
    https: { rejectUnauthorized: !insecure },
    headers: { accept: 'application/json', 'user-agent': 'release-button' },
  });

  const asking = (remedy: string, redact = redactor.redact): Asking => ({
    server,
    remedy,
    redact,
    ...(proxy === undefined ? {} : { proxy: proxy.host }),
  });

  const prepare = async (
    sending: NormalizedOptions,
    signal: AbortSignal,
    credentials: Credentials | undefined,
  ): Promise<string> => {
    const [token, headers, ca] = await Promise.all([
      credentials?.token(),
      options.headers?.current(),
      options.ca?.current(),
    ]);
    // got has already ended the request. What came too late must not be sent.
    signal.throwIfAborted();
    for (const { name, value } of headers ?? []) {
      redactor.add(value);
      sending.headers[name] = value;
    }
    // Node's agents reuse a connection only for requests with the same certificates.
    if (ca !== undefined) sending.https = { ...sending.https, certificateAuthority: ca };
    if (token === undefined) return '';
    redactor.add(token);
    sending.headers['authorization'] = `Bearer ${token}`;
    return token;
  };

  const shared = { client, connections, underWay, prepare, requestTimeoutMs, clock, random, onAnswer };
  const exchange = createExchange(shared);

  const login = async (username: string, password: string) => {
    const call = {
      name: 'session',
      what: `log in as ${username}`,
      path: '/api/v1/session',
      body: { username, password },
      schema: sessionSchema,
    } as const;
    const redact = (text: string) => redactor.redact(redactIn(text, password));
    const { answer } = await exchange(call, asking('', redact), undefined);
    return answer.token;
  };

  const { credentials: given } = options;
  const credentials = neverSent(
    'token' in given
      ? tokenCredentials(given.token, given.tokenFile)
      : sessionCredentials({ ...given, server, login, clock, log }),
  );
  const { remedy } = credentials;
  const asked = asking(remedy);

  return {
    server,
    remedy,
    call: (call) => exchange(call, asked, call.anonymous === true ? undefined : credentials),
    openStream: (fields, signal) => openStreamRequest(fields, shared, asked, credentials, signal),
    stop: () => {
      underWay.stop();
      connections.destroy();
    },
  };
}

/** A request that never got its token had no effect, whatever happened to the request for the token. */
function neverSent(credentials: Credentials): Credentials {
  return {
    ...credentials,
    token: () =>
      credentials.token().catch((error: unknown) => {
        throw withKind(error, { unsure: 'unreachable', unavailable: 'unreachable' });
      }),
  };
}
