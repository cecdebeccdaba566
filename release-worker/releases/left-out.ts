// What a sync that Argo CD calls `Succeeded` left out. If the application still differs, that is due to a newer commit only
// if the sync itself achieved something. Pure.
import type { SyncDetail } from '../argocd/sync-detail.ts';
import type { PlannedApp } from './release.ts';

export interface AfterSync {
  readonly detail: SyncDetail;
  readonly app: Pick<PlannedApp, 'from' | 'to'>;
  readonly how: 'release' | 'rollback';
}

/** @returns why the application differs although the sync succeeded; undefined: the sync left nothing out */
export function leftOut({ detail, app, how }: AfterSync): string | undefined {
  const { changed, undone, toPrune, kept } = detail;
  const repairsOnly = app.from === app.to;
  // A rollback that changed something counts even if resources would have to be pruned: newer resources do no harm.
  if (how === 'release' || changed === 0) {
    if (toPrune > 0)
      return `${resources(toPrune)} no longer in Git and would have to be pruned (check ${toPrune === 1 ? 'it' : 'them'} in Argo CD, and delete there what is no longer needed; \`prune: true\` on the button lets every release delete such resources)`;
    if (kept > 0)
      return `${resources(kept)} no longer in Git, and the annotation \`Prune=false\` keeps ${kept === 1 ? 'it' : 'them'} (\`argocd.argoproj.io/compare-options: IgnoreExtraneous\` lets Argo CD call the application in sync)`;
  }
  if (changed === 0)
    // Somebody may have deployed the revision between the press and the sync.
    return !repairsOnly && detail.before === app.to
      ? undefined
      : 'the sync changed no resource: a sync cannot remove the difference (Argo CD shows it)';
  if (repairsOnly && undone === changed)
    return 'something in the cluster reverts what the sync changed (Argo CD shows the difference)';
  return undefined;
}

function resources(count: number): string {
  return count === 1 ? 'a resource is' : `${count} resources are`;
}
