// A request to Argo CD as its callers describe it, and its answer.
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

export interface Answered<Answer> {
  readonly answer: Answer;
  /** the server says of itself that it only pretends to be Argo CD */
  readonly simulated: boolean;
  /** the server's clock when it answered, in milliseconds since the epoch, to the second; where it says so */
  readonly date?: number;
}

/** Whether Argo CD is asked to change something: such a request is never repeated on a guess. */
export function isChange({ body, method }: Pick<Call<unknown>, 'body' | 'method'>): boolean {
  return body !== undefined || method !== undefined;
}

/** Whether Argo CD does not accept the token. */
export function refusesToken<Answer>(
  { schema, isRefusal }: Call<Answer>,
  { statusCode, rawBody }: Response,
): boolean {
  if (isRefusal === undefined || statusCode !== 200) return statusCode === 401;
  const decoded = parseJson(rawBody.toString('utf8'), schema);
  return decoded.ok && isRefusal(decoded.value);
}

/** @throws ArgoCdError where an answer with status 200 is not what was asked for */
export async function readAnswer<Answer>(
  call: Call<Answer>,
  asking: Asking,
  { statusCode: status, headers, rawBody }: Response,
): Promise<Answered<Answer>> {
  const decoded = await decode(call, rawBody.toString('utf8'));
  const contentType = headers['content-type'] ?? '';
  const isJson = contentType.startsWith('application/json');
  // The start of a good answer is lost, or it is the answer of another version: the change may well have been made.
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
