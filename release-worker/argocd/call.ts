// The description of a request to Argo CD, and its answer.
import type { Response } from 'got';
import type * as z from 'zod/mini';
import { parseJson, type Decoded } from '../../messages/codec.ts';
import type { Asking } from './errors.ts';
import type { ArgoCdCall } from './metrics.ts';
import { aboutAnother, notArgoCd } from './refusals.ts';

export interface Call<Answer> {
  readonly name: ArgoCdCall;
  /** in words, for messages: `list the applications` */
  readonly what: string;
  /** absent: POST if there is a body, GET otherwise; `DELETE` has no body */
  readonly method?: 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** only for requests that change something */
  readonly body?: unknown;
  /**
   * Only with a body. Called once the connection is open, and awaited before any part of the request is sent. If it
   * throws, nothing is sent and the caller gets that error. Called again if the request is sent again.
   */
  readonly ready?: (() => Promise<void>) | undefined;
  readonly timeoutMs?: number;
  /** for public information: no token is sent, so the call works without a valid one */
  readonly anonymous?: true;
  /** for a read: retried only if a kept-alive connection was closed, because that says nothing about the server */
  readonly once?: true;
  readonly schema: z.ZodMiniType<Answer>;
  /** Parses a long answer piece by piece. Undefined: the caller must parse the answer as a whole, by `schema`. */
  readonly inPieces?: (text: string) => Promise<Answer | undefined>;
  /** What the answer is about, if that is not what was asked for. */
  readonly otherThanAsked?: (answer: Answer) => string | undefined;
  /** Whether an answer with status 200 means that the token was refused. */
  readonly isRefusal?: (answer: Answer) => boolean;
}

export interface Answered<Answer> {
  readonly answer: Answer;
  /** the server says that it only simulates Argo CD */
  readonly simulated: boolean;
  /** the server's clock when it answered, in milliseconds since the epoch, accurate to a second; absent: not sent */
  readonly date?: number;
}

/** Whether the request changes something in Argo CD. Such a request is never repeated on a guess. */
export function isChange({ body, method }: Pick<Call<unknown>, 'body' | 'method'>): boolean {
  return body !== undefined || method !== undefined;
}

export function refusesToken<Answer>(
  { schema, isRefusal }: Call<Answer>,
  { statusCode, rawBody }: Response,
): boolean {
  if (isRefusal === undefined || statusCode !== 200) return statusCode === 401;
  const decoded = parseJson(rawBody.toString('utf8'), schema);
  return decoded.ok && isRefusal(decoded.value);
}

/** @throws ArgoCdError when an answer with status 200 is not what was asked for */
export async function readAnswer<Answer>(
  call: Call<Answer>,
  asking: Asking,
  { statusCode: status, headers, rawBody }: Response,
): Promise<Answered<Answer>> {
  const decoded = await decode(call, rawBody.toString('utf8'));
  const contentType = headers['content-type'] ?? '';
  const isJson = contentType.startsWith('application/json');
  // The answer may be cut off, or come from an unknown version of Argo CD. So Argo CD may have made the change.
  const kind = isChange(call) && isJson ? 'unsure' : 'not-argocd';
  if (!decoded.ok) {
    const detail = isJson ? { detail: decoded.error } : {};
    throw notArgoCd(call.what, asking, { status, contentType, ...detail }, kind);
  }
  const other = call.otherThanAsked?.(decoded.value);
  if (other !== undefined) throw aboutAnother(call.what, asking, other, { kind, status });
  const date = Date.parse(headers.date ?? '');
  return {
    answer: decoded.value,
    simulated: headers['x-simulated'] !== undefined,
    ...(Number.isNaN(date) ? {} : { date }),
  };
}

async function decode<Answer>({ schema, inPieces }: Call<Answer>, text: string): Promise<Decoded<Answer>> {
  const value = await inPieces?.(text);
  return value === undefined ? parseJson(text, schema) : { ok: true, value };
}
