// Questions about sync windows, first about a project, and how long an answer is valid.
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ProjectWindow } from '../../../release-worker/argocd/sync-window.ts';
import { askingAccess, refused } from '../support/access.ts';
import { drifted } from '../support/records.ts';
import { settle } from '../support/settle.ts';

const nightly = { kind: 'deny', schedule: '0 0 * * *', duration: '2h', manualSync: false };
const everywhere = { applications: ['*'], namespaces: [], clusters: [], andOperator: false };
const ofProject = (over: Partial<ProjectWindow> = {}): ProjectWindow => ({
  ...nightly,
  timeZone: '',
  scope: everywhere,
  description: '',
  ...over,
});

describe('a project that the account may get', () => {
  it('is asked in place of its applications, be they thousands, while it has no windows', async () => {
    const projects: string[] = [];
    const { access, registry, asked, pass } = askingAccess({
      projectWindows: (project) => {
        projects.push(project);
        return Promise.resolve([]);
      },
    });
    for (let index = 0; index < 1_000; index += 1) registry.event('changed', drifted(`app-${index}`));
    access.start();
    await settle();
    expect(access.stateOf('argocd/app-999')).toEqual({ permitted: true, windowOpen: true });
    await pass(50_000);
    expect([projects, asked.windows]).toEqual([['default'], []]);
    await pass(25_000);
    expect([projects, asked.windows]).toEqual([['default', 'default'], []]);
  });

  it('answers for its applications at once, although a thousand of another are waiting for their turn', async () => {
    const { access, registry } = askingAccess({
      projectWindows: (project) => (project === 'open' ? Promise.resolve([]) : refused()),
    });
    registry.event('changed', drifted('first', { project: 'open' }));
    for (let index = 0; index < 1_000; index += 1) registry.event('changed', drifted(`app-${index}`));
    registry.event('changed', drifted('last', { project: 'open' }));
    access.start();
    await settle();
    expect(access.stateOf('argocd/last')).toEqual({ permitted: true, windowOpen: true });
    expect(access.stateOf('argocd/app-999')).toBeUndefined();
  });

  it('has its applications asked as soon as it has windows, and at once when somebody presses', async () => {
    const windows: ProjectWindow[] = [];
    const { access, registry, asked, pass } = askingAccess({
      projectWindows: () => Promise.resolve([...windows]),
      syncWindows: ({ name }) => {
        asked.windows.push(name);
        return Promise.resolve({ open: false, assigned: [nightly], active: [nightly] });
      },
    });
    access.start();
    registry.event('changed', drifted('shop'));
    registry.event('changed', drifted('garden'));
    await settle();
    windows.push(ofProject({ timeZone: 'Europe/Berlin' }));
    await access.lookAgain(['argocd/shop']);
    expect(asked.windows).toEqual(['shop']);
    expect(access.obstacleOf('argocd/shop')).toBe('blocked-by-sync-window');
    expect(access.obstacleOf('argocd/garden')).toBeUndefined();
    await pass(75_000);
    expect(access.obstacleOf('argocd/garden')).toBe('blocked-by-sync-window');
  });

  it('is asked in place of all applications that none of its windows can be about', async () => {
    const scope = { ...everywhere, applications: ['app-7', 'app-70?'] };
    const { access, registry, asked, pass } = askingAccess({
      projectWindows: () => Promise.resolve([ofProject({ scope })]),
    });
    for (let index = 0; index < 1_000; index += 1) registry.event('changed', drifted(`app-${index}`));
    access.start();
    await pass(50_000);
    expect(asked.windows.sort()).toEqual([
      'app-7',
      ...Array.from({ length: 10 }, (_, index) => `app-70${index}`),
    ]);
    expect(access.stateOf('argocd/app-999')).toEqual({ permitted: true, windowOpen: true });
  });

  it('has an application asked whose destination is one of a window, or not known', async () => {
    const scope = { ...everywhere, applications: [], namespaces: ['prod-*'] };
    const { access, registry, asked } = askingAccess({
      projectWindows: () => Promise.resolve([ofProject({ scope })]),
    });
    const to = (namespace: string) => ({ destination: { namespace, name: '', server: 'https://one' } });
    registry.event('changed', drifted('production', to('prod-eu')));
    registry.event('changed', drifted('test', to('test')));
    registry.event('changed', drifted('somewhere'));
    access.start();
    await settle();
    expect(asked.windows.sort()).toEqual(['production', 'somewhere']);
  });

  it('tells what is written down about the window that is closed', async () => {
    const { access, registry } = askingAccess({
      projectWindows: () => Promise.resolve([ofProject({ description: 'Stock-taking, ask Kim' })]),
      syncWindows: () => Promise.resolve({ open: false, assigned: [nightly], active: [nightly] }),
    });
    registry.event('changed', drifted('shop'));
    access.start();
    await settle();
    expect(access.stateOf('argocd/shop')).toMatchObject({ windowDescription: 'Stock-taking, ask Kim' });
  });

  it('answers anew for all that a press asks about, although it is asked once', async () => {
    let windows: readonly ProjectWindow[] = [];
    let projectsAsked = 0;
    const { access, registry, rules } = askingAccess({
      projectWindows: () => {
        projectsAsked += 1;
        return Promise.resolve(windows);
      },
    });
    access.start();
    for (const name of ['shop', 'garden', 'kiosk']) registry.event('changed', drifted(name));
    await settle();
    windows = [ofProject()];
    rules.windowOpen = false;
    projectsAsked = 0;
    await access.lookAgain(['argocd/shop', 'argocd/garden', 'argocd/kiosk']);
    expect(['shop', 'garden', 'kiosk'].map((name) => access.obstacleOf(`argocd/${name}`))).toEqual(
      Array.from({ length: 3 }, () => 'blocked-by-sync-window'),
    );
    expect(projectsAsked).toBe(1);
  });
});

describe('until when a window is closed', () => {
  const closed = () => Promise.resolve({ open: false, assigned: [nightly], active: [nightly] });

  it('is told where the account may get the project, which is asked once a minute', async () => {
    let asked = 0;
    const { access, registry, clock, pass } = askingAccess({
      syncWindows: closed,
      projectWindows: () => {
        asked += 1;
        return Promise.resolve([ofProject({ timeZone: 'Europe/Berlin' })]);
      },
    });
    access.start();
    // The fake clock begins at midnight UTC, which is 1:00 in Berlin.
    expect(new Date(clock.now()).toISOString()).toMatch(/T00:00:00/);
    for (const name of ['a', 'b', 'c']) registry.event('changed', drifted(name));
    await pass(70_000);
    expect(access.stateOf('argocd/a')).toEqual({
      permitted: true,
      windowOpen: false,
      windowUntil: Date.parse('2026-01-01T01:00:00Z'),
    });
    expect(asked).toBe(2);
  });

  it.each([
    ['is open', 'has ended', '2026-01-01T02:00:00Z', nightly],
    ['is closed', 'has begun', '2026-01-01T02:00:00Z', { ...nightly, schedule: '0 2 * * *' }],
  ])('is heeded when the time has come: it %s where the window %s', async (_is, _when, until, window) => {
    const isOpenFirst = window !== nightly;
    let isSilent = false;
    let breakOff = () => {};
    const silence = new Promise<never>((_resolve, reject) => {
      breakOff = () => reject(new Error('stopped'));
    });
    const { access, registry, clock, changed, pass } = askingAccess({
      syncWindows: () =>
        isSilent
          ? silence
          : Promise.resolve({ open: isOpenFirst, assigned: [window], active: isOpenFirst ? [] : [window] }),
      projectWindows: () => Promise.resolve([ofProject(window)]),
    });
    silence.catch(() => {});
    onTestFinished(() => breakOff());
    access.start();
    registry.event('changed', drifted('shop'));
    await settle();
    expect(access.stateOf('argocd/shop')).toMatchObject({
      windowOpen: isOpenFirst,
      windowUntil: Date.parse(until),
    });
    clock.advance(7_200_000 - 40_000);
    await pass(39_000);
    isSilent = true;
    changed.length = 0;
    expect(access.stateOf('argocd/shop')?.windowOpen).toBe(isOpenFirst);
    await pass(16_000);
    expect(access.stateOf('argocd/shop')).toEqual({ permitted: true, windowOpen: !isOpenFirst });
    expect(changed).toEqual([['argocd/shop']]);
  });

  it('is left open where it may not, and where the calculation disagrees with Argo CD', async () => {
    const elsewhere = askingAccess({ syncWindows: closed, projectWindows: refused });
    const disagrees = askingAccess({
      syncWindows: closed,
      projectWindows: () => Promise.resolve([ofProject({ timeZone: 'Asia/Tokyo' })]),
    });
    for (const { access, registry } of [elsewhere, disagrees]) {
      access.start();
      registry.event('changed', drifted('shop'));
      await settle();
      expect(access.stateOf('argocd/shop')).toEqual({ permitted: true, windowOpen: false });
    }
  });
});
