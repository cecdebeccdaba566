// One request with its answer, and the list of handlers that it passes through.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody, type Answer } from './http-answers.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The body, read once for all handlers; `undefined`: longer than the first handler's limit, or cut off. */
  body(limit: number): Promise<string | undefined>;
}

/** `handled`: the handler answers by itself, now, later or never. */
export type Outcome = Answer | 'handled';

/** Answers, or passes the request on to the following handlers, whose outcome it may change. */
export type Handler = (exchange: Exchange, next: () => Promise<Outcome>) => Outcome | Promise<Outcome>;

/** Undefined if the path cannot be read. */
export function createExchange(request: IncomingMessage, response: ServerResponse): Exchange | undefined {
  const target = request.url ?? '/';
  if (!URL.canParse(target, 'http://simulator')) return undefined;
  const { pathname, searchParams } = new URL(target, 'http://simulator');
  let body: Promise<string | undefined> | undefined;
  return {
    request,
    response,
    method: request.method ?? '',
    path: pathname,
    query: searchParams,
    body: (limit) => (body ??= readBody(request, limit)),
  };
}

export async function handle(
  [first, ...rest]: readonly Handler[],
  exchange: Exchange,
  otherwise: Answer,
): Promise<Outcome> {
  return first === undefined ? otherwise : first(exchange, () => handle(rest, exchange, otherwise));
}
