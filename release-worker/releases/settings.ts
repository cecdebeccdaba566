// The release settings of a button, from its configuration.
import type { ButtonConfig } from '../buttons.ts';
import type { ReleaseSettings } from './release.ts';

/** Leaves out what is Argo CD's default. */
export function settingsOf(button: ButtonConfig, action: 'release' | 'rollback'): ReleaseSettings {
  const { pinRevision, prune, dryRun, syncOptions, syncOptionsMode, strategy, force, retry } = button;
  return {
    // A rollback deploys a revision from the history, whatever Git contains now.
    ...(action === 'rollback'
      ? { refresh: 'none', pinRevision: true }
      : { refresh: button.refresh, pinRevision }),
    prune,
    ...(dryRun ? { dryRun } : {}),
    ...(syncOptions.length === 0 ? {} : { syncOptions }),
    ...(syncOptionsMode === 'replace' ? { syncOptionsMode } : {}),
    ...(strategy === 'hook' && !force ? {} : { strategy, force }),
    ...(retry === undefined ? {} : { retry }),
  };
}
