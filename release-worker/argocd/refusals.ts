// An answer of Argo CD that is a refusal, or that is not Argo CD's, as an error. Argo CD's refusals share status codes,
// so that their messages tell them apart; the words are those recorded from Argo CD 3.6 (`test/argocd-recordings`).
import * as z from 'zod/mini';
import { parseJson } from '../../messages/codec.ts';
import { shortened } from '../../messages/shortened.ts';
import { ArgoCdError, type ArgoCdErrorKind, type Asking } from './errors.ts';

/** Most of a message that is shown to a person, in characters. */
const messageLength = 300;

export interface ErrorAnswer {
  readonly status: number;
  readonly contentType: string;
  /** of a redirect */
  readonly location?: string | undefined;
  /** bounded by the caller */
  readonly body: string;
}

/** @param said by Argo CD, with a colon before it */
export function tokenRefused({ server, remedy }: Pick<Asking, 'server' | 'remedy'>, said = ''): ArgoCdError {
  const why = said === '' ? ': it is wrong, expired or revoked' : said;
  const message = `Argo CD at ${server} does not accept the token${why}`;
  return new ArgoCdError({ kind: 'unauthenticated', message, remedy });
}

/** @param what the request in words, such as `list the applications` */
export function errorFromAnswer(what: string, asking: Asking, answer: ErrorAnswer): ArgoCdError {
  const refusal = refusalIn(what, asking, answer);
  if (refusal === undefined) return notArgoCd(what, asking, answer);
  const [kind, message, remedy] = refusal;
  return new ArgoCdError({ kind, message, remedy, status: answer.status });
}

type Refusal = readonly [kind: ArgoCdErrorKind, message: string, remedy?: string | undefined];

/** Undefined where the answer is not Argo CD's. */
function refusalIn(what: string, asking: Asking, answer: ErrorAnswer): Refusal | undefined {
  const { server, remedy, proxy } = asking;
  const { status } = answer;
  const said = wordsIn(answer);
  const quoted = said === undefined ? '' : `: ${inOneLine(asking.redact(said.message))}`;
  const failed = `could not ${what}`;

  if (status >= 300 && status < 400) return redirected(server, answer);
  if (status === 401) {
    if (said === undefined && !isApi(answer))
      return [
        'unauthenticated',
        `what answers at ${server} asks for a login in its own words (HTTP 401), not in Argo CD's: a proxy in front of Argo CD has to let requests with a token of Argo CD through`,
      ];
    return remedy === ''
      ? ['unauthenticated', `${failed}: Argo CD at ${server} refuses${quoted}`]
      : ['unauthenticated', tokenRefused(asking, quoted).found, remedy];
  }
  if (status === 403) return forbidden(what, server, said?.message ?? '', quoted);
  if (status === 407)
    return [
      'unreachable',
      `${failed}: the proxy ${proxy ?? 'in between'} wants a login (HTTP 407)`,
      'Put user:password@ before its host in HTTP_PROXY (or ALL_PROXY), or the host of Argo CD into NO_PROXY',
    ];
  if (status === 408) return ['unsure', `${failed}: ${server} broke off (HTTP 408${quoted})`];
  if (status === 429 || status === 503)
    return ['unavailable', `${failed}: Argo CD at ${server} cannot answer now (HTTP ${status}${quoted})`];
  if (status >= 500) return ['unsure', `${failed}: Argo CD at ${server} failed (HTTP ${status}${quoted})`];
  if (status === 415)
    return [
      'invalid',
      `${failed}: ${server} does not take the request's Content-Type (HTTP 415)`,
      'Argo CD wants exactly application/json; does a proxy in between change it?',
    ];
  // What remains is Argo CD's only with its own words and code: other servers and gateways have these codes too.
  if (said?.hasCode !== true && !isEventStream(answer.contentType)) return undefined;
  if (status === 404) return ['not-found', `${failed} at ${server}${quoted}`];
  if (status === 400 && said !== undefined) return [kindOf400(said.message), `${failed}${quoted}`];
  return ['invalid', `${failed} at ${server} (HTTP ${status}${quoted})`];
}

function forbidden(what: string, server: string, said: string, quoted: string): Refusal {
  if (said.includes('blocked by sync window'))
    return ['blocked-by-window', `a sync window of Argo CD does not allow it now${quoted}`];
  if (said.startsWith('permission denied: '))
    return [
      'not-permitted',
      `the account of the token may not ${what}${quoted}`,
      'Its RBAC policy needs the permission',
    ];
  return [
    'forbidden-or-missing',
    `could not ${what} at ${server} (HTTP 403${quoted}): forbidden, missing, or Kubernetes cannot be reached just now`,
  ];
}

function redirected(server: string, { status, location = '' }: ErrorAnswer): Refusal {
  // Not the whole address: that of a login page carries its secrets in the query.
  const to =
    location !== '' && URL.canParse(location, server) ? ` to ${new URL(location, server).origin}` : '';
  return [
    'not-argocd',
    `${server} answers with a redirect (HTTP ${status}${to})`,
    'If that is Argo CD, most often https:// instead of http://, set argocd.server (ARGOCD_SERVER) to it; if it is a login page, the proxy in front of Argo CD has to let requests with a token of Argo CD through',
  ];
}

const kindsOf400: readonly (readonly [words: string, kind: ArgoCdErrorKind])[] = [
  ['another operation is already in progress', 'in-progress'],
  ['auto-sync currently set to', 'automated-refuses-revision'],
  ['code = Unavailable', 'repository-server-down'],
  ['error resolving repo revision', 'unresolvable-revision'],
  ['application is deleting', 'deleting'],
];

function kindOf400(message: string): ArgoCdErrorKind {
  return kindsOf400.find(([words]) => message.includes(words))?.[1] ?? 'invalid';
}

/** @param answer what came instead; `detail` says what is wrong with it */
export function notArgoCd(
  what: string,
  { server, redact }: Pick<Asking, 'server' | 'redact'>,
  answer: Pick<ErrorAnswer, 'status' | 'contentType'> & { readonly detail?: string },
  kind: ArgoCdErrorKind = 'not-argocd',
): ArgoCdError {
  const { status, contentType, detail = contentType === '' ? 'no content type' : contentType } = answer;
  return new ArgoCdError({
    kind,
    status,
    message: `could not ${what}: what ${server} answers (HTTP ${status}, ${inOneLine(redact(detail))}) is not Argo CD's`,
    remedy:
      'Check argocd.server (ARGOCD_SERVER): https:// instead of http://, the port, and the path where Argo CD runs below one (--rootpath)',
  });
}

/** @param other what the answer is about instead */
export function aboutAnother(
  what: string,
  { server, redact }: Pick<Asking, 'server' | 'redact'>,
  other: string,
  about: { readonly kind: ArgoCdErrorKind; readonly status: number },
): ArgoCdError {
  return new ArgoCdError({
    ...about,
    message: `could not ${what}: ${server} answers about ${inOneLine(redact(other))} instead`,
    remedy: 'Look for a cache or a proxy in between that mixes up answers',
  });
}

export function isEventStream(contentType: string | undefined): boolean {
  return contentType?.startsWith('text/event-stream') === true;
}

/** Argo CD's API answers so, its refusals included, apart from unknown paths and methods. */
function isApi({ contentType }: ErrorAnswer): boolean {
  return contentType.startsWith('application/json') || isEventStream(contentType);
}

const message = z.string().check(z.regex(/\S/));
const code = z.optional(z.unknown());
/** Unary calls answer in the first form, the stream in the second. */
const wordsSchema = z.union([
  z.object({ message, code }),
  z.object({ error: z.object({ message, grpc_code: code }) }),
]);

/** The server's own words; undefined where they are not in a form of Argo CD's. */
function wordsIn({
  contentType,
  body,
}: ErrorAnswer): { readonly message: string; readonly hasCode: boolean } | undefined {
  const decoded = parseJson(isEventStream(contentType) ? body.replace(/^data: /, '') : body, wordsSchema);
  if (!decoded.ok) return undefined;
  const { message: text, code: number } =
    'error' in decoded.value
      ? { ...decoded.value.error, code: decoded.value.error.grpc_code }
      : decoded.value;
  return { message: text, hasCode: typeof number === 'number' };
}

/** On one line, and not longer than a person reads. */
export function inOneLine(text: string): string {
  return shortened(text.trim().replaceAll(/\s+/g, ' '), messageLength);
}
