// From a button's configuration to how its releases are done.
import type { ButtonConfig } from '../buttons.ts';
import type { ReleaseSettings } from './release.ts';

/** What is Argo CD's own way is left out. */
export function settingsOf(button: ButtonConfig, action: 'release' | 'rollback'): ReleaseSettings {
  const { pinRevision, prune, dryRun, syncOptions, syncOptionsMode, strategy, force, retry } = button;
  return {
    // A rollback goes to what stands in the history, whatever Git says by now.
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
