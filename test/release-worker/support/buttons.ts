// A button in the form of its configuration, with the defaults.
import type { ButtonConfig } from '../../../release-worker/buttons.ts';

export function button(over: Partial<ButtonConfig> = {}): ButtonConfig {
  return {
    id: 'main',
    select: { all: true },
    on: { press: 'release' },
    coolDownMs: 2_000,
    refresh: 'normal',
    pinRevision: true,
    prune: false,
    dryRun: false,
    waves: [],
    syncOptions: [],
    syncOptionsMode: 'merge',
    strategy: 'hook',
    force: false,
    ...over,
  };
}
