// Builders of the worker's records of applications.
import type { AppDetail, AppRecord } from '../../../release-worker/argocd/application.ts';

export const oldCommit = '1'.repeat(40);
export const newCommit = '2'.repeat(40);
export const newestCommit = '3'.repeat(40);

/** An application in sync at `newCommit`, as a list shows it: without details. */
export function listed(over: Partial<AppRecord> = {}): AppRecord {
  return {
    namespace: 'argocd',
    name: 'shop',
    project: 'default',
    labels: {},
    repository: 'https://git.example/shop.git',
    sources: 1,
    plainGit: true,
    compared: true,
    automated: false,
    deleting: false,
    sync: 'Synced',
    health: 'Healthy',
    target: newCommit,
    phase: 'Succeeded',
    startedAt: '2026-01-01T00:00:00Z',
    finishedAt: '2026-01-01T00:00:01Z',
    ...over,
  };
}

export function detailOf(over: Partial<AppDetail> = {}): AppDetail {
  return {
    deployed: newCommit,
    previous: '',
    message: 'successfully synced',
    condition: '',
    operation: {},
    ...over,
  };
}

/** The same as the stream or a GET shows it. */
export function whole(over: Partial<AppRecord> = {}): AppRecord {
  return { ...listed(), detail: detailOf(), ...over };
}

export function drifted(name: string, over: Partial<AppRecord> = {}): AppRecord {
  return whole({ name, sync: 'OutOfSync', detail: detailOf({ deployed: oldCommit }), ...over });
}
