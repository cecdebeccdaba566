// What each button's last release has deployed: what a rollback of the button undoes.
import { keyOf } from '../argocd/application.ts';
import type { AppEnd, PlannedRelease } from './release.ts';

export interface Deployed {
  /** `<namespace>/<name>` */
  readonly key: string;
  /** whole, as in the application's history */
  readonly revision: string;
}

export interface DeployedByButton {
  /** A release is over. @param ends how, by key */
  note(release: PlannedRelease, ends: ReadonlyMap<string, AppEnd>): void;
  /** empty: nothing, or it is not known */
  of(button: string): readonly Deployed[];
}

export function createDeployedByButton(): DeployedByButton {
  const byButton = new Map<string, readonly Deployed[]>();
  return {
    note: ({ button, apps, settings }, ends) => {
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
    },
    of: (button) => byButton.get(button) ?? [],
  };
}
