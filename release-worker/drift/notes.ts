// The notes of an application: facts beside its status, in one word each.
import type { Note } from '../../messages/drift.ts';
import type { AppRecord } from '../argocd/application.ts';
import type { Obstacle } from './drifted.ts';

/** @param obstacle what blocks its release, if known */
export function notesOf(app: AppRecord, obstacle: Obstacle | undefined): Note[] {
  const holds: readonly (readonly [Note, boolean])[] = [
    ['deleting', app.deleting],
    ['not-permitted', obstacle === 'not-permitted'],
    ['blocked-by-sync-window', obstacle === 'blocked-by-sync-window'],
    ['syncing', ['Pending', 'Running', 'Terminating'].includes(app.phase)],
    ['not-compared', !app.compared],
    ...whyUnknown(app),
    ['multi-source', app.sources > 1],
    ['automated', app.automated],
    ['app-of-apps', app.detail?.appOfApps === true],
  ];
  return holds.flatMap(([note, held]) => (held ? [note] : []));
}

/** A list contains no conditions. Until the stream reports one, what cannot be compared has a comparison error. */
function whyUnknown({ sync, compared, detail }: AppRecord): readonly (readonly [Note, boolean])[] {
  if (sync !== 'Unknown' || !compared) return [];
  const condition = detail?.condition ?? '';
  if (!condition.startsWith('InvalidSpecError')) return [['comparison-error', true]];
  return [[/referencing project/i.test(condition) ? 'project-missing' : 'invalid-spec', true]];
}
