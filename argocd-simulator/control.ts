// The simulator's own endpoints below /simulator, which no Argo CD has. Only for this machine: a page in a browser
// must not reach them, neither directly (Origin) nor by a name that leads here (Host).
import type { IncomingMessage } from 'node:http';
import * as z from 'zod/mini';
import { plain, readBody } from './answers.ts';
import type { Answer } from './answers.ts';
import { inWordsOf } from './drift.ts';
import type { Drift } from './drift.ts';
import { faultsSchema } from './faults.ts';
import type { Faults } from './faults.ts';
import type { RequestLog } from './request-log.ts';
import { adjustmentSchema, parse, worldSchema } from './world-description.ts';
import { versionOf } from './versions.ts';
import type { SimulatedWorld } from './world.ts';

/** Largest accepted bodies in bytes; a world of 10,000 described applications has about 3 MB. */
const mostBytes = 1024 * 1024;
const mostWorldBytes = 8 * 1024 * 1024;

const driftSchema = z.strictObject({
  app: z.exactOptional(z.string()),
  namespace: z.exactOptional(z.string()),
  count: z.exactOptional(z.int().check(z.gte(1), z.lte(20_000))),
  kind: z.exactOptional(z.enum(['commit', 'elsewhere', 'edit'])),
  noticed: z.exactOptional(z.boolean()),
  revision: z.exactOptional(z.string().check(z.regex(/^[0-9a-f]{40}$/))),
  message: z.exactOptional(z.string().check(z.maxLength(2000))),
});

const versionSchema = z.strictObject({ version: z.string() });

const adjustSchema = z.strictObject({
  adjust: z.array(adjustmentSchema).check(z.minLength(1), z.maxLength(20_000)),
});

const partsSchema = z.strictObject({
  add: z.exactOptional(worldSchema.shape.applications),
  access: z.exactOptional(z.pick(worldSchema, { accounts: true, tokens: true })),
  /** Replaces every project's windows. */
  projects: z.exactOptional(worldSchema.shape.projects),
});

export type ControlParts = {
  world: SimulatedWorld;
  drift: Drift;
  faults: Faults;
  requests: RequestLog;
  /** Names in `Host` that are allowed besides those of this machine. */
  hosts: readonly string[];
  cutStreams(): void;
  log(message: string, fields: Record<string, unknown>): void;
};

export async function control(parts: ControlParts, request: IncomingMessage, path: string): Promise<Answer> {
  const refusal = refuseStranger(request, parts.hosts);
  if (refusal) return refusal;
  const endpoint = `${request.method ?? ''} ${path}`;
  if (endpoint === 'GET /simulator/requests') return answer(200, parts.requests.show());
  if (endpoint === 'DELETE /simulator/requests') {
    parts.requests.clear();
    return answer(200, {});
  }
  if (endpoint === 'GET /simulator/faults') return answer(200, showFaults(parts));
  const handler = handlers[endpoint];
  if (!handler) return problem(404, `The simulator has no ${endpoint}. It has: ${endpoints.join(', ')}.`);
  const limit = path === '/simulator/world' ? mostWorldBytes : mostBytes;
  const text = await readBody(request, limit);
  if (text === undefined)
    return problem(413, `The body is larger than the ${limit} bytes allowed for ${path}.`);
  let body: unknown;
  try {
    body = text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    return problem(400, `The body of ${endpoint} is not JSON.`);
  }
  return handler(parts, body);
}

type Handler = (parts: ControlParts, body: unknown) => Answer;

const handlers: Record<string, Handler> = {
  'POST /simulator/drift': (parts, body) =>
    parsed('drift', driftSchema, body, (value) => {
      const drifted = parts.drift.now(value);
      if (!drifted) {
        return problem(
          404,
          `There is no application ${value.namespace ?? 'argocd'}/${value.app ?? ''} to let drift.`,
        );
      }
      parts.log(inWordsOf(drifted), { drifted });
      return answer(200, { drifted });
    }),
  'POST /simulator/world': (parts, body) => {
    const has = (key: string): boolean => typeof body === 'object' && body !== null && key in body;
    if (has('adjust'))
      return parsed('adjustment', adjustSchema, body, (value) => adjust(parts, value.adjust));
    if (has('add') || has('access') || (has('projects') && !has('applications') && !has('bulk'))) {
      return parsed('addition', partsSchema, body, ({ add, access, projects }) => {
        for (const application of add ?? []) {
          const { namespace, name } = application;
          if (parts.world.cluster.get(namespace, name))
            return problem(409, `There is an application ${namespace}/${name}.`);
          parts.world.add(application);
        }
        if (access) parts.world.replaceAccess(access.accounts, access.tokens);
        if (projects) parts.world.replaceProjects(projects);
        return answer(200, { applications: parts.world.cluster.size() });
      });
    }
    return parsed('world', worldSchema, body, (world) => {
      parts.world.replace(world);
      parts.log('world replaced', { applications: parts.world.cluster.size() });
      return answer(200, { applications: parts.world.cluster.size() });
    });
  },
  'POST /simulator/version': (parts, body) =>
    parsed('version', versionSchema, body, ({ version }) => {
      try {
        parts.world.become(versionOf(version));
      } catch (error) {
        return problem(400, error instanceof Error ? error.message : String(error));
      }
      parts.log('version changed', { version });
      return answer(200, { version: parts.world.version.text });
    }),
  'POST /simulator/faults': (parts, body) =>
    parsed('faults', faultsSchema, body, (change) => {
      parts.faults.change(change);
      const { controllerDown, repositoryServerDown, kubernetesDown } = change;
      if (change.clear) {
        parts.world.conditions.set({
          controllerDown: false,
          repositoryServerDown: false,
          kubernetesDown: false,
        });
      }
      parts.world.conditions.set({
        ...(controllerDown === undefined ? {} : { controllerDown }),
        ...(repositoryServerDown === undefined ? {} : { repositoryServerDown }),
        ...(kubernetesDown === undefined ? {} : { kubernetesDown }),
      });
      if (change.streams?.cut) parts.cutStreams();
      parts.log('faults changed', { faults: change });
      return answer(200, showFaults(parts));
    }),
};

const endpoints = [
  ...Object.keys(handlers),
  'GET /simulator/faults',
  'GET /simulator/requests',
  'DELETE /simulator/requests',
];

function adjust(parts: ControlParts, adjustments: readonly z.output<typeof adjustmentSchema>[]): Answer {
  for (const { namespace, name } of adjustments) {
    if (!parts.world.cluster.get(namespace, name)) {
      return problem(404, `There is no application ${namespace}/${name} to adjust; nothing was changed.`);
    }
  }
  for (const adjustment of adjustments) {
    const record = parts.world.cluster.get(adjustment.namespace, adjustment.name);
    if (record) parts.world.controller.adjust(record, adjustment);
  }
  return answer(200, { adjusted: adjustments.length });
}

function showFaults({ faults, world }: ControlParts): unknown {
  const { controllerDown, repositoryServerDown, kubernetesDown } = world.conditions;
  return { ...faults.show(), controllerDown, repositoryServerDown, kubernetesDown };
}

function parsed<S extends z.ZodMiniType>(
  what: string,
  schema: S,
  body: unknown,
  then: (value: z.output<S>) => Answer,
): Answer {
  const result = parse(schema, body);
  return result.ok ? then(result.value) : problem(400, `The ${what} cannot be used: ${result.message}`);
}

function refuseStranger(request: IncomingMessage, hosts: readonly string[]): Answer | undefined {
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
    `The Host header "${name.slice(0, 253)}" is not this machine (localhost, 127.0.0.1, [::1]) and not among the allowed names: ` +
      'use one of those, or allow the name where the simulator is created (controlHosts).',
  );
}

function answer(status: number, body: unknown): Answer {
  return { status, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}

function problem(status: number, text: string): Answer {
  return plain(status, `${text}\n`);
}
