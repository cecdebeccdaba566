// What the last release of each button deployed. A rollback of the button undoes it.
import { keyOf } from '../argocd/application.ts';
import { endsOf } from './recovery.ts';
import type { UnfinishedRelease } from './recovery.ts';
import type { AppEnd, PlannedRelease } from './release.ts';

export interface Deployed {
  /** `<namespace>/<name>` */
  readonly key: string;
  /** the full revision, as in the application's history */
  readonly revision: string;
}

export interface DeployedByButton {
  /**
   * Records the end of a release.
   * @param ends the end of each application, by key
   * @param late records only this application, because the others were recorded before and may have been released again
   */
  note(release: PlannedRelease, ends: ReadonlyMap<string, AppEnd>, late?: string): void;
  /** Restores what the journal knows. @param rolledBack the revisions that applications were rolled back to, by key */
  remember(past: readonly UnfinishedRelease[], rolledBack: ReadonlyMap<string, string>): void;
  /** empty: none, or not known */
  of(button: string): readonly Deployed[];
  /** The revision that the application's last release rolled back to. Undefined: it was no rollback, or is not known. */
  rolledBackTo(key: string): string | undefined;
}

export function createDeployedByButton(): DeployedByButton {
  const byButton = new Map<string, readonly Deployed[]>();
  const rolledBack = new Map<string, string>();
  const note: DeployedByButton['note'] = ({ button, apps, settings, action }, ends, late) => {
    // A dry run deploys nothing, and an application that was already in sync was not deployed by this release.
    const deployed =
      settings.dryRun === true
        ? []
        : apps
            .map((app) => ({ key: keyOf(app), revision: app.to }))
            .filter(({ key }) => {
              const end = ends.get(key);
              return end?.good === true && end.outcome !== 'already-in-sync';
            });
    if (deployed.length > 0) byButton.set(button, deployed);
    for (const { key, revision } of deployed)
      if (late === undefined || key === late) {
        if (action === 'rollback') rolledBack.set(key, revision);
        else rolledBack.delete(key);
      }
  };
  return {
    note,
    remember: (past, before) => {
      for (const { release, fates } of past) note(release, endsOf(fates));
      rolledBack.clear();
      for (const [key, revision] of before) rolledBack.set(key, revision);
    },
    of: (button) => byButton.get(button) ?? [],
    rolledBackTo: (key) => rolledBack.get(key),
  };
}
