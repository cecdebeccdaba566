// The HTTP client of Argo CD. Every request carries the token, the extra headers and the certificates in force, has a time
// limit, and is sent again where that does no harm.
//
// got sends requests, refuses redirects, retries reads (`retry.ts`), and repeats a request once with a new token
// (`exchange.ts`). What stands around got, and why:
// - `under-way.ts`: got limits each attempt, not all of them together, and cannot end every request at a stop.
// - `connections.ts`: the release needs to know whether a failed sync may have arrived. A sync also waits in an open
//   connection until the worker confirms it.
// - `proxy.ts`: got has no proxies. Other packages hand a tunnel over before TLS stands in it.
// - `stream-request.ts`: got would read the refusal of a stream without a limit.
// - `refusals.ts`: Argo CD's refusals share status codes, and login pages answer with 200.
// - `failures.ts`: a failure without an answer needs a remedy, and whether it may have had an effect.
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
  readonly ca?: SecretSource<string>;
  /** trust any certificate */
  readonly insecure: boolean;
  /** milliseconds for one unary request in all, retries included */
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
  const underWay = createUnderWay(clock);
  const redactor = createRedactor();
  if (proxy !== undefined) redactor.add(decodeURIComponent(proxy.password));
  const client = got.extend({
    agent: connections.kept,
    ...(connections.request === undefined ? {} : { request: connections.request }),
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
    // The signal has told got already. It must not send what came too late.
    signal.throwIfAborted();
    for (const { name, value } of headers ?? []) {
      redactor.add(value);
      sending.headers[name] = value;
    }
    // A kept connection is one of its certificates: Node's agents see to that.
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

/** A request that wanted a token has certainly had no effect, whatever became of the request for the token. */
function neverSent(credentials: Credentials): Credentials {
  return {
    ...credentials,
    token: () =>
      credentials.token().catch((error: unknown) => {
        throw withKind(error, { unsure: 'unreachable', unavailable: 'unreachable' });
      }),
  };
}
