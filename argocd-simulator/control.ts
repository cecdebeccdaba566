// The simulator's own endpoints below /simulator, which no Argo CD has. They are only for this machine: a web page in a
// browser must not reach them, neither directly (Origin) nor by a name that leads here (Host).
import * as z from 'zod/mini';
import { controlPlaneNamespace } from './application.ts';
import type { Backend } from './backend.ts';
import { inWordsOf, type Drift, type DriftRequest } from './drift.ts';
import type { Exchange, Handler } from './exchange.ts';
import { plain, type Answer } from './http-answers.ts';

/** The default for the largest body of a control, in bytes. */
const defaultMaxBytes = 1024 * 1024;

/** One endpoint, keyed by method and path: `POST /simulator/drift`. */
export interface Control {
  readonly endpoint: string;
  readonly maxBytes?: number;
  /** @param body parsed JSON; an empty object if the request has no body */
  answer(body: unknown): Answer;
}

/** @param hosts names that `Host` may have besides those of this machine */
export function createControls(controls: readonly Control[], hosts: readonly string[] = []): Handler {
  return async (exchange, next) => {
    if (!exchange.path.startsWith('/simulator')) return next();
    const refusal = refuseStranger(exchange, hosts);
    if (refusal) return refusal;
    const endpoint = `${exchange.method} ${exchange.path}`;
    const control = controls.find((each) => each.endpoint === endpoint);
    if (!control) {
      const endpoints = controls.map((each) => each.endpoint).join(', ');
      return problem(404, `The simulator has no endpoint ${endpoint}. Its endpoints are: ${endpoints}.`);
    }
    const limit = control.maxBytes ?? defaultMaxBytes;
    const text = await exchange.body(limit);
    if (text === undefined)
      return problem(413, `The body is larger than the ${limit} bytes allowed for ${exchange.path}.`);
    let body: unknown;
    try {
      body = text.trim() === '' ? {} : JSON.parse(text);
    } catch {
      return problem(400, `The body of ${endpoint} is not JSON.`);
    }
    return control.answer(body);
  };
}

const name = z.string().check(z.maxLength(253));
export const driftMembers = {
  app: z.exactOptional(name),
  namespace: z.exactOptional(name),
  count: z.exactOptional(z.int().check(z.gte(1), z.lte(20_000))),
  message: z.exactOptional(z.string().check(z.maxLength(2000))),
};

const behaviourSchema = z.strictObject({
  app: name,
  namespace: z._default(name, controlPlaneNamespace),
  /** The error message of each sync; null: syncs succeed again. */
  fails: z.exactOptional(z.nullable(z.string().check(z.minLength(1), z.maxLength(2000)))),
  syncMs: z.exactOptional(z.int().check(z.gte(0), z.lte(3_600_000))),
});

/** The controls of the demo: make applications drift, and make syncs fail or take long. */
export function demoControls(
  { cluster, controller }: Backend,
  drift: Drift,
  log: (message: string, fields: Record<string, unknown>) => void,
): Control[] {
  const driftSchema = z.strictObject(driftMembers);
  return [
    {
      endpoint: 'POST /simulator/drift',
      answer: (body) =>
        parsed('drift', driftSchema, body, ({ message, ...request }) =>
          driftAnswer(
            drift,
            request,
            (record) => controller.push(record, message === undefined ? {} : { message })?.revision,
            log,
          ),
        ),
    },
    {
      endpoint: 'POST /simulator/behaviour',
      answer: (body) =>
        parsed('behaviour', behaviourSchema, body, ({ app, namespace, fails, ...behaviour }) => {
          const record = cluster.get(namespace, app);
          if (!record) return problem(404, `There is no application ${namespace}/${app}.`);
          record.behaviour = { ...record.behaviour, ...behaviour };
          if (fails !== undefined) delete record.behaviour.fails;
          if (typeof fails === 'string') record.behaviour.fails = fails;
          return done({ app, namespace, syncMs: record.behaviour.syncMs, fails: record.behaviour.fails });
        }),
    },
  ];
}

export function driftAnswer(
  drift: Drift,
  request: DriftRequest,
  change: Parameters<Drift['now']>[1],
  log: (message: string, fields: Record<string, unknown>) => void,
): Answer {
  const drifted = drift.now(request, change);
  if (!drifted) {
    const { namespace = controlPlaneNamespace, app = '' } = request;
    return problem(404, `There is no application ${namespace}/${app}.`);
  }
  log(inWordsOf(drifted), { drifted });
  return done({ drifted });
}

/** Calls `then` with the parsed body, or answers with each error in the body and its place. */
export function parsed<S extends z.ZodMiniType>(
  what: string,
  schema: S,
  body: unknown,
  then: (value: z.output<S>) => Answer,
): Answer {
  const result = parse(schema, body);
  return result.ok ? then(result.value) : problem(400, `The ${what} is invalid: ${result.message}`);
}

type Parsed<T> = { ok: true; value: T } | { ok: false; message: string };

/** Parses with English messages, which zod/mini only has on request. */
export function parse<S extends z.ZodMiniType>(schema: S, input: unknown): Parsed<z.output<S>> {
  const result = schema.safeParse(input, { error: z.locales.en().localeError });
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, message: z.prettifyError(result.error).replaceAll('✖ ', '').slice(0, 2000) };
}

function refuseStranger({ request }: Exchange, hosts: readonly string[]): Answer | undefined {
  const { origin, host = '' } = request.headers;
  if (origin !== undefined) {
    return problem(
      403,
      'Requests with an Origin header are refused: a web page must not control the simulator.',
    );
  }
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const loopback = name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name);
  if (loopback || hosts.includes(name)) return undefined;
  return problem(
    403,
    `The Host header "${name.slice(0, 253)}" is not this machine: use localhost, 127.0.0.1 or [::1].`,
  );
}

export function done(body: unknown): Answer {
  return { status: 200, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}

export function problem(status: number, text: string): Answer {
  return plain(status, `${text}\n`);
}
