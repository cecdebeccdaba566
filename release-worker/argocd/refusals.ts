// Converts a refusal of Argo CD, or an answer of something else, into an error. Argo CD's refusals share status codes, so
// their texts tell them apart. The texts were recorded from Argo CD 3.6 (`test/argocd-recordings`).
import * as z from 'zod/mini';
import { parseJson } from '../../messages/codec.ts';
import { shortened } from '../../messages/shortened.ts';
import { ArgoCdError, type ArgoCdErrorKind, type Asking } from './errors.ts';

/** Longest text of a server that a message quotes, in characters. */
const messageLength = 300;

export interface ErrorAnswer {
  readonly status: number;
  readonly contentType: string;
  /** of a redirect */
  readonly location?: string | undefined;
  /** truncated by the caller */
  readonly body: string;
}

/** @param reason Argo CD's text, after a colon; empty: it gave none */
export function tokenRefused(
  { server, remedy }: Pick<Asking, 'server' | 'remedy'>,
  reason = '',
): ArgoCdError {
  const why = reason === '' ? ': it is wrong, expired or revoked' : reason;
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

/** @returns undefined when the answer is not Argo CD's */
function refusalIn(what: string, asking: Asking, answer: ErrorAnswer): Refusal | undefined {
  const { server, remedy, proxy } = asking;
  const { status } = answer;
  const words = wordsIn(answer);
  const quoted = words === undefined ? '' : `: ${inOneLine(asking.redact(words.message))}`;
  const failed = `could not ${what}`;

  if (status >= 300 && status < 400) return redirected(server, answer);
  if (status === 401) {
    if (words === undefined && !isApi(answer))
      return [
        'unauthenticated',
        `${server} asks for a login (HTTP 401), but the answer is not Argo CD's: let the proxy in front of Argo CD pass requests with an Argo CD token`,
      ];
    return remedy === ''
      ? ['unauthenticated', `${failed}: Argo CD at ${server} refuses${quoted}`]
      : ['unauthenticated', tokenRefused(asking, quoted).found, remedy];
  }
  if (status === 403) return forbidden(what, server, words?.message ?? '', quoted);
  if (status === 407)
    return [
      'unreachable',
      `${failed}: the proxy ${proxy ?? 'in between'} requires a login (HTTP 407)`,
      'Put user:password@ before its host in HTTP_PROXY (or ALL_PROXY), or the host of Argo CD into NO_PROXY',
    ];
  if (status === 408)
    return ['unsure', `${failed}: ${server} gave up waiting for the request (HTTP 408${quoted})`];
  if (status === 429 || status === 503)
    return ['unavailable', `${failed}: Argo CD at ${server} cannot answer now (HTTP ${status}${quoted})`];
  if (status >= 500) return ['unsure', `${failed}: Argo CD at ${server} failed (HTTP ${status}${quoted})`];
  if (status === 415)
    return [
      'invalid',
      `${failed}: ${server} does not accept the request's Content-Type (HTTP 415)`,
      'Argo CD requires exactly application/json: check whether a proxy in between changes it',
    ];
  // Other servers and gateways use the remaining codes too. Only Argo CD's own text and code identify its answer.
  if (words?.hasCode !== true && !isEventStream(answer.contentType)) return undefined;
  if (status === 404) return ['not-found', `${failed} at ${server}${quoted}`];
  if (status === 400 && words !== undefined) return [kindOf400(words.message), `${failed}${quoted}`];
  return ['invalid', `${failed} at ${server} (HTTP ${status}${quoted})`];
}

function forbidden(what: string, server: string, text: string, quoted: string): Refusal {
  if (text.includes('blocked by sync window'))
    return ['blocked-by-window', `a sync window of Argo CD does not allow it now${quoted}`];
  if (text.startsWith('permission denied: '))
    return [
      'not-permitted',
      `the account of the token may not ${what}${quoted}`,
      "Grant the permission in Argo CD's RBAC policy",
    ];
  return [
    'forbidden-or-missing',
    `could not ${what} at ${server} (HTTP 403${quoted}): forbidden, missing, or Argo CD cannot reach Kubernetes now`,
  ];
}

function redirected(server: string, { status, location = '' }: ErrorAnswer): Refusal {
  // Only the origin: the query of a login page's address contains secrets.
  const to =
    location !== '' && URL.canParse(location, server) ? ` to ${new URL(location, server).origin}` : '';
  return [
    'not-argocd',
    `${server} answers with a redirect (HTTP ${status}${to})`,
    'If that address is Argo CD (usually https:// instead of http://), set argocd.server (ARGOCD_SERVER) to it. If it is a login page, let the proxy in front of Argo CD pass requests with an Argo CD token',
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

/** @param answer the answer that came instead; `detail` says what is wrong with it */
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
    message: `could not ${what}: the answer of ${server} (HTTP ${status}, ${inOneLine(redact(detail))}) is not Argo CD's`,
    remedy:
      'Check argocd.server (ARGOCD_SERVER): https:// instead of http://, the port, and the path if Argo CD is served below one (--rootpath)',
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
    message: `could not ${what}: ${server} answered about ${inOneLine(redact(other))} instead`,
    remedy: 'Look for a cache or a proxy in between that mixes up answers',
  });
}

export function isEventStream(contentType: string | undefined): boolean {
  return contentType?.startsWith('text/event-stream') === true;
}

/** Argo CD's API answers and refuses in these content types, except for unknown paths and methods. */
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

/** @returns undefined when the body has no form of Argo CD's */
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

/** Joins lines, and truncates a text that is too long for a message. */
export function inOneLine(text: string): string {
  return shortened(text.trim().replaceAll(/\s+/g, ' '), messageLength);
}
