// What the windows of a project add to Argo CD's answer about one application.
import { describe, expect, it } from 'vitest';
import type { ProjectWindow, UnzonedWindow } from '../../../release-worker/argocd/sync-window.ts';
import { projectWindows } from '../../../release-worker/drift/project-windows.ts';

const nightly: UnzonedWindow = { kind: 'deny', schedule: '0 22 * * *', duration: '1h', manualSync: false };
const everywhere = { applications: ['*'], namespaces: [], clusters: [], andOperator: false };
const windowOf = (over: Partial<ProjectWindow> = {}): ProjectWindow => ({
  ...nightly,
  timeZone: '',
  scope: everywhere,
  description: '',
  ...over,
});

describe('the time zones of the windows of an application', () => {
  it('are those of the windows of its project that look the same', () => {
    const other = windowOf({ schedule: '0 1 * * *', timeZone: 'Asia/Tokyo' });
    const { zoned } = projectWindows([other, windowOf({ timeZone: 'Europe/Berlin' })]);
    expect(zoned([nightly])).toEqual([{ ...nightly, timeZone: 'Europe/Berlin' }]);
  });

  it('are not guessed where two look the same', () => {
    const two = ['', 'Europe/Berlin'].map((timeZone) => windowOf({ timeZone }));
    expect(projectWindows(two).zoned([nightly])).toBeUndefined();
    expect(projectWindows([]).zoned([nightly])).toBeUndefined();
  });
});

describe('what is written down about the windows in the way', () => {
  const shop = { name: 'shop' };
  const working = { ...nightly, kind: 'allow', schedule: '0 8 * * 1-5' };
  const about = (
    windows: readonly ProjectWindow[],
    answer: { readonly assigned: readonly UnzonedWindow[]; readonly active?: readonly UnzonedWindow[] },
  ) => projectWindows(windows).describe(shop, { open: false, active: [], ...answer });

  it('is said of the deny windows that are open', () => {
    const windows = [
      windowOf({ description: 'Stock-taking' }),
      windowOf({ schedule: '0 1 * * *', description: 'Backup' }),
      windowOf({ ...working, description: 'Office hours' }),
    ];
    expect(about(windows, { assigned: [nightly, working], active: [nightly] })).toBe('Stock-taking');
  });

  it('is said of the allow windows that are not open, where no deny window is', () => {
    const windows = [
      windowOf({ description: 'Stock-taking' }),
      windowOf({ ...working, description: 'Office hours' }),
    ];
    expect(about(windows, { assigned: [nightly, working] })).toBe('Office hours');
  });

  it('is not said of a window that looks the same and is about others', () => {
    const scope = { ...everywhere, applications: ['garden'] };
    const windows = [windowOf({ description: 'Of the garden', scope }), windowOf({ description: 'Of all' })];
    expect(about(windows, { assigned: [nightly], active: [nightly] })).toBe('Of all');
  });

  it('is not said of one that lets manual syncs through, nor where a sync passes', () => {
    const manual = { ...nightly, manualSync: true };
    const windows = [windowOf({ manualSync: true, description: 'Automation only' })];
    expect(about(windows, { assigned: [manual], active: [manual] })).toBeUndefined();
    const passes = { open: true, assigned: [nightly], active: [nightly] };
    expect(projectWindows([windowOf({ description: 'x' })]).describe(shop, passes)).toBeUndefined();
  });

  it('is cut where it is long', () => {
    const said = about([windowOf({ description: 'x'.repeat(255) })], {
      assigned: [nightly],
      active: [nightly],
    });
    expect(said).toBe(`${'x'.repeat(199)}…`);
  });
});
