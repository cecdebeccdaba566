// Controls the Argo CD of the tests (test/argocd) over HTTP.
import * as z from 'zod/mini';
import type { Running } from './processes.ts';

const requestsSchema = z.object({
  syncs: z.array(
    z.object({
      namespace: z.string(),
      name: z.string(),
      revision: z.string(),
      status: z.nullable(z.number()),
      infos: z.array(z.object({ name: z.string(), value: z.string() })),
    }),
  ),
});
export type SyncSeen = z.infer<typeof requestsSchema>['syncs'][number];

export interface ArgoCdControl {
  readonly url: string;
  post(path: 'drift' | 'world' | 'faults' | 'version', body: unknown): Promise<void>;
  /** the POST of every sync, in the order of arrival */
  syncs(): Promise<readonly SyncSeen[]>;
}

export function argocdControl(url: string): ArgoCdControl {
  return {
    url,
    post: async (path, body) => {
      const response = await fetch(`${url}/simulator/${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    },
    syncs: async () => requestsSchema.parse(await (await fetch(`${url}/simulator/requests`)).json()).syncs,
  };
}

/** Call it when the process listens. */
export async function controlOf(argocd: Running): Promise<ArgoCdControl> {
  return argocdControl(await argocd.untilListening(() => true));
}

const commits = [1, 2, 3].map((number) => ({
  revision: String(number).repeat(40),
  author: 'Robin Reviewer <robin@example.com>',
  date: '2026-01-01T00:00:00Z',
  message: `change number ${number}`,
}));

/** A small world: each application has its own repository. If it is `drifted`, it is one commit behind. */
export function worldOf(
  applications: readonly {
    readonly name: string;
    readonly drifted?: boolean;
    readonly syncMs?: number;
    readonly [behaviour: string]: unknown;
  }[],
): unknown {
  return {
    repositories: applications.map(({ name }) => ({
      url: `https://git.example/${name}.git`,
      commits: commits.slice(0, 2),
    })),
    projects: [{ name: 'default' }],
    accounts: [{ name: 'button', get: ['*'], sync: ['*'] }],
    tokens: [{ token: 'simulated', account: 'button' }],
    applications: applications.map(({ drifted = false, name, ...behaviour }) => ({
      name,
      source: { repoURL: `https://git.example/${name}.git`, path: '.', targetRevision: 'main' },
      resources: [{ kind: 'ConfigMap', name }],
      deployed: [drifted ? '1'.repeat(40) : '2'.repeat(40)],
      ...behaviour,
    })),
  };
}
