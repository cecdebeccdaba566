// Builders of releases and of their lines in the journal.
import { keyOf } from '../../../release-worker/argocd/application.ts';
import type { JournalLine } from '../../../release-worker/releases/journal-lines.ts';
import type { PlannedApp, PlannedRelease } from '../../../release-worker/releases/release.ts';
import { newCommit, oldCommit } from './records.ts';

export const startedAt = '2026-01-01T00:00:00.000Z';

export function planned(name: string, over: Partial<PlannedApp> = {}): PlannedApp {
  return {
    namespace: 'argocd',
    name,
    project: 'default',
    from: oldCommit,
    to: newCommit,
    sources: 1,
    automated: false,
    ...over,
  };
}

export function releaseOf(
  apps: readonly PlannedApp[],
  over: Partial<Omit<PlannedRelease, 'settings'>> & {
    readonly settings?: Partial<PlannedRelease['settings']>;
  } = {},
): PlannedRelease {
  return {
    id: 'r1',
    button: 'main',
    pressId: 'p1',
    source: 'test',
    startedAt,
    apps,
    ...over,
    settings: { refresh: 'normal', pinRevision: true, prune: false, ...over.settings },
  };
}

export function pressLine(over: Partial<Extract<JournalLine, { type: 'press' }>> = {}): JournalLine {
  return {
    type: 'press',
    at: startedAt,
    pressId: 'p1',
    button: 'main',
    source: 'test',
    gesture: 'press',
    outcome: 'nothing-to-release',
    message: 'all in sync',
    ...over,
  };
}

/** The journal lines of a whole release, in order. */
export function linesOf(release: PlannedRelease): readonly JournalLine[] {
  const { id: releaseId, pressId, button } = release;
  const step = { type: 'app', at: startedAt, releaseId } as const;
  return [
    pressLine({ pressId, button, outcome: 'accepted', message: 'releasing', release }),
    { type: 'answered', at: startedAt, pressId },
    ...release.apps.flatMap((app): JournalLine[] => [
      { ...step, app: keyOf(app), step: 'sending' },
      { ...step, app: keyOf(app), step: 'done', outcome: 'in-sync', message: 'in sync', good: true },
    ]),
    { type: 'finished', at: startedAt, releaseId, outcome: 'succeeded' },
  ];
}
