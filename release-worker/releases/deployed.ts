// What each button's last release has deployed: what a rollback of the button undoes.
import { keyOf } from '../argocd/application.ts';
import { endsOf } from './recovery.ts';
import type { UnfinishedRelease } from './recovery.ts';
import type { AppEnd, PlannedRelease } from './release.ts';

export interface Deployed {
  /** `<namespace>/<name>` */
  readonly key: string;
  /** whole, as in the application's history */
  readonly revision: string;
}

export interface DeployedByButton {
  /**
   * A release is over.
   * @param ends how, by key
   * @param late only this application of it: what became of the others is known, and others may have released them since
   */
  note(release: PlannedRelease, ends: ReadonlyMap<string, AppEnd>, late?: string): void;
  /** What is known of a former run. @param rolledBack what applications had gone back to, by key */
  remember(past: readonly UnfinishedRelease[], rolledBack: ReadonlyMap<string, string>): void;
  /** empty: nothing, or it is not known */
  of(button: string): readonly Deployed[];
  /** What the last release of an application has gone back to; undefined: it has not gone back, or nothing is known. */
  rolledBackTo(key: string): string | undefined;
}

export function createDeployedByButton(): DeployedByButton {
  const byButton = new Map<string, readonly Deployed[]>();
  const rolledBack = new Map<string, string>();
  const note: DeployedByButton['note'] = ({ button, apps, settings, action }, ends, late) => {
    // A dry run has deployed nothing, and what was in sync before was not this release's doing.
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
