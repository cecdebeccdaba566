// The controls below /simulator. With them a test changes and queries its Argo CD.
import * as z from 'zod/mini';
import {
  done,
  driftAnswer,
  driftMembers,
  parsed,
  problem,
  type Control,
} from '../../argocd-simulator/control.ts';
import type { Drift } from '../../argocd-simulator/drift.ts';
import type { Answer } from '../../argocd-simulator/http-answers.ts';
import { faultsSchema, type Faults } from './faults.ts';
import type { RequestLog } from './request-log.ts';
import type { TestBackend } from './test-backend.ts';
import { versionOf } from './versions.ts';
import { adjustmentSchema, worldSchema } from './world-description.ts';

/** In bytes. A world of 10,000 described applications takes about 3 MB. */
const mostWorldBytes = 8 * 1024 * 1024;

const driftSchema = z.strictObject({
  ...driftMembers,
  /** `edit` changes a resource in the cluster; `elsewhere` is a commit that does not concern the application. */
  kind: z.exactOptional(z.enum(['commit', 'elsewhere', 'edit'])),
  /** False: Argo CD sees the commit only at the next refresh or sync. */
  noticed: z.exactOptional(z.boolean()),
  revision: z.exactOptional(z.string().check(z.regex(/^[0-9a-f]{40}$/))),
});

const versionSchema = z.strictObject({ version: z.string() });

const adjustSchema = z.strictObject({
  adjust: z.array(adjustmentSchema).check(z.minLength(1), z.maxLength(20_000)),
});

const partsSchema = z.strictObject({
  add: z.exactOptional(worldSchema.shape.applications),
  access: z.exactOptional(z.pick(worldSchema, { accounts: true, tokens: true })),
  /** Replaces the sync windows of every project. */
  projects: z.exactOptional(worldSchema.shape.projects),
});

export function testControls(parts: {
  backend: TestBackend;
  drift: Drift;
  faults: Faults;
  requests: RequestLog;
  cutStreams(): void;
  log(message: string, fields: Record<string, unknown>): void;
}): Control[] {
  const { backend, drift, faults, requests, cutStreams, log } = parts;
  const { cluster, conditions } = backend;

  function showFaults(): Answer {
    const { controllerDown, repositoryServerDown, kubernetesDown } = conditions;
    return done({ ...faults.show(), controllerDown, repositoryServerDown, kubernetesDown });
  }

  function adjust(adjustments: readonly z.output<typeof adjustmentSchema>[]): Answer {
    for (const { namespace, name } of adjustments) {
      if (!cluster.get(namespace, name)) {
        return problem(404, `There is no application ${namespace}/${name} to adjust; nothing was changed.`);
      }
    }
    for (const adjustment of adjustments) {
      const record = cluster.get(adjustment.namespace, adjustment.name);
      if (record) backend.changes.adjust(record, adjustment);
    }
    return done({ adjusted: adjustments.length });
  }

  return [
    {
      endpoint: 'POST /simulator/drift',
      answer: (body) =>
        parsed('drift', driftSchema, body, ({ kind = 'commit', noticed, message, revision, ...request }) =>
          driftAnswer(
            drift,
            request,
            (record) => {
              if (kind !== 'edit')
                return backend.changes.commit(record, {
                  elsewhere: kind === 'elsewhere',
                  ...(noticed === undefined ? {} : { noticed }),
                  ...(message === undefined ? {} : { message }),
                  ...(revision === undefined ? {} : { revision }),
                })?.revision;
              backend.changes.edit(record);
              return undefined;
            },
            log,
          ),
        ),
    },
    {
      endpoint: 'POST /simulator/world',
      maxBytes: mostWorldBytes,
      answer(body) {
        const has = (key: string): boolean => typeof body === 'object' && body !== null && key in body;
        if (has('adjust')) return parsed('adjustment', adjustSchema, body, (value) => adjust(value.adjust));
        if (has('add') || has('access') || (has('projects') && !has('applications') && !has('bulk'))) {
          return parsed('addition', partsSchema, body, ({ add, access, projects }) => {
            for (const application of add ?? []) {
              const { namespace, name } = application;
              if (cluster.get(namespace, name))
                return problem(409, `There is an application ${namespace}/${name}.`);
              backend.add(application);
            }
            if (access) backend.replaceAccess(access.accounts, access.tokens);
            if (projects) backend.replaceProjects(projects);
            return done({ applications: cluster.size() });
          });
        }
        return parsed('world', worldSchema, body, (world) => {
          backend.replace(world);
          log('world replaced', { applications: cluster.size() });
          return done({ applications: cluster.size() });
        });
      },
    },
    {
      endpoint: 'POST /simulator/version',
      answer: (body) =>
        parsed('version', versionSchema, body, ({ version }) => {
          try {
            backend.changeVersion(versionOf(version));
          } catch (error) {
            return problem(400, error instanceof Error ? error.message : String(error));
          }
          log('version changed', { version });
          return done({ version: backend.version.text });
        }),
    },
    {
      endpoint: 'POST /simulator/faults',
      answer: (body) =>
        parsed('faults', faultsSchema, body, (change) => {
          faults.change(change);
          const { clear = false, controllerDown, repositoryServerDown, kubernetesDown } = change;
          conditions.set({
            ...(clear ? { controllerDown: false, repositoryServerDown: false, kubernetesDown: false } : {}),
            ...(controllerDown === undefined ? {} : { controllerDown }),
            ...(repositoryServerDown === undefined ? {} : { repositoryServerDown }),
            ...(kubernetesDown === undefined ? {} : { kubernetesDown }),
          });
          if (change.streams?.cut) cutStreams();
          log('faults changed', { faults: change });
          return showFaults();
        }),
    },
    { endpoint: 'GET /simulator/faults', answer: showFaults },
    { endpoint: 'GET /simulator/requests', answer: () => done(requests.show()) },
    {
      endpoint: 'DELETE /simulator/requests',
      answer() {
        requests.clear();
        return done({});
      },
    },
  ];
}
