import { describe, expect, it, onTestFinished } from 'vitest';
import type { AppName, ArgoCd } from '../../../release-worker/argocd/client.ts';
import { ArgoCdError } from '../../../release-worker/argocd/errors.ts';
import type { ProjectWindow } from '../../../release-worker/argocd/sync-window.ts';
import { createAccess } from '../../../release-worker/drift/access.ts';
import { createRegistry } from '../../../release-worker/drift/registry.ts';
import { silentLog } from '../../../service/log.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { scriptedArgoCd } from '../support/argocd.ts';
import { drifted, whole } from '../support/records.ts';
import { settle } from '../support/settle.ts';

function looking(over: Partial<ArgoCd> = {}) {
  const clock = createFakeClock();
  const registry = createRegistry();
  /** what has been asked for, by the kind of question */
  const asked = { projects: [] as string[], apps: [] as string[], windows: [] as string[] };
  const changed: string[][] = [];
  const rules = { project: true, permitted: true, windowOpen: true };
  const access = createAccess({
    argocd: scriptedArgoCd({
      maySyncAll: (project) => {
        asked.projects.push(project);
        return Promise.resolve(rules.project);
      },
      maySync: ({ name }: AppName) => {
        asked.apps.push(name);
        return Promise.resolve(rules.permitted);
      },
      syncWindows: ({ name }: AppName) => {
        asked.windows.push(name);
        return Promise.resolve({ open: rules.windowOpen, assigned: [], active: [] });
      },
      projectWindows: () => refused(),
      ...over,
    }),
    registry,
    clock,
    log: silentLog(),
    onChange: (keys) => void changed.push([...keys]),
  });
  onTestFinished(() => access.stop());
  return {
    clock,
    registry,
    access,
    asked,
    changed,
    rules,
    pass: async (ms: number) => {
      await settle();
      for (let left = ms; left > 0; left -= 1_000) {
        clock.advance(Math.min(1_000, left));
        await settle();
      }
    },
  };
}

const refused = () => Promise.reject(new ArgoCdError({ kind: 'unavailable', message: 'not now' }));

describe('what is in the way', () => {
  it('is asked for as soon as an application drifts, and told', async () => {
    const { access, registry, asked, changed, rules } = looking();
    Object.assign(rules, { project: false, permitted: false });
    access.start();
    registry.event('changed', whole({ name: 'fine' }));
    registry.event('changed', drifted('shop'));
    await settle();

    expect(asked).toEqual({ projects: ['default'], apps: ['shop'], windows: ['shop'] });
    expect(access.obstacleOf('argocd/shop')).toBe('not-permitted');
    expect(access.known('argocd/shop')).toMatchObject({ permitted: false, windowOpen: true });
    expect(changed).toEqual([['argocd/shop']]);
  });

  it('is the window where both are, as Argo CD checks it first', async () => {
    const { access, registry, rules } = looking();
    Object.assign(rules, { project: false, permitted: false, windowOpen: false });
    access.start();
    registry.event('changed', drifted('shop'));
    await settle();
    expect(access.obstacleOf('argocd/shop')).toBe('blocked-by-sync-window');
  });

  it('is nothing where nobody has answered', async () => {
    const { access, registry } = looking({ maySyncAll: refused });
    access.start();
    registry.event('changed', drifted('shop'));
    await settle();
    expect(access.obstacleOf('argocd/shop')).toBeUndefined();
    expect(access.known('argocd/shop')).toBeUndefined();
  });

  it('is nothing any more when an old answer cannot be had anew', async () => {
    let fails = false;
    const { access, registry, pass, changed } = looking({
      syncWindows: () => (fails ? refused() : Promise.resolve({ open: false, assigned: [], active: [] })),
    });
    access.start();
    registry.event('changed', drifted('shop'));
    await settle();
    expect(access.obstacleOf('argocd/shop')).toBe('blocked-by-sync-window');

    fails = true;
    await pass(75_000);
    expect(access.obstacleOf('argocd/shop')).toBeUndefined();
    expect(changed).toEqual([['argocd/shop'], ['argocd/shop']]);
  });

  it('is not asked for at every event where asking fails', async () => {
    let tries = 0;
    const { access, registry, pass } = looking({
      maySyncAll: () => {
        tries += 1;
        return refused();
      },
    });
    access.start();
    for (let round = 0; round < 20; round += 1) {
      registry.event('changed', drifted('shop', { health: `Health ${round}` }));
      await settle();
    }
    expect(tries).toBe(1);
    await pass(15_000);
    expect(tries).toBe(2);
  });

  it('is not asked for again, where asking fails, at the events of others', async () => {
    let tries = 0;
    const { access, registry } = looking({
      syncWindows: ({ name }) => {
        if (name === 'shop') tries += 1;
        return name === 'shop' ? refused() : Promise.resolve({ open: true, assigned: [], active: [] });
      },
    });
    access.start();
    registry.event('changed', drifted('shop'));
    await settle();
    for (let round = 0; round < 5; round += 1) {
      registry.event('changed', drifted(`other-${round}`));
      await settle();
    }
    expect(tries).toBe(1);
  });

  it('is forgotten when the application is gone', async () => {
    const { access, registry, rules } = looking();
    rules.windowOpen = false;
    access.start();
    registry.event('changed', drifted('shop'));
    await settle();
    registry.event('deleted', drifted('shop'));
    expect(access.obstacleOf('argocd/shop')).toBeUndefined();
  });
});

describe('an answer', () => {
  it('about windows is remembered for a minute, and then asked for anew', async () => {
    const { access, registry, asked, pass, rules } = looking();
    access.start();
    registry.event('changed', drifted('shop'));
    await pass(59_000);
    registry.event('changed', drifted('shop', { health: 'Degraded' }));
    await settle();
    expect(asked.windows).toEqual(['shop']);

    rules.windowOpen = false;
    await pass(16_000);
    expect(asked.windows).toEqual(['shop', 'shop']);
    expect(access.obstacleOf('argocd/shop')).toBe('blocked-by-sync-window');
  });

  it('is asked for at once of what drifts again after a while', async () => {
    const { access, registry, asked, pass } = looking();
    access.start();
    registry.event('changed', drifted('shop'));
    await settle();
    registry.event('changed', whole());
    await pass(121_000);
    registry.event('changed', drifted('shop'));
    await settle();
    expect(asked.windows).toEqual(['shop', 'shop']);
  });

  it('about rights is one call for a project, and holds for an hour', async () => {
    const { access, registry, asked, pass } = looking();
    access.start();
    for (let index = 0; index < 20; index += 1) registry.event('changed', drifted(`app-${index}`));
    await pass(30_000);
    expect(asked).toMatchObject({ projects: ['default'], apps: [] });
    expect(asked.windows).toHaveLength(20);

    await pass(3_560_000);
    expect(asked.projects).toHaveLength(1);
    await pass(30_000);
    expect(asked.projects).toHaveLength(2);
  });

  it('about rights is asked for one by one where the project as a whole says no', async () => {
    const { access, registry, asked, rules } = looking();
    rules.project = false;
    access.start();
    registry.event('changed', whole({ name: 'fine' }));
    for (const name of ['a', 'b', 'c']) registry.event('changed', drifted(name));
    await settle();
    expect(asked).toMatchObject({ projects: ['default'], apps: ['a', 'b', 'c'] });
    expect(access.obstacleOf('argocd/a')).toBeUndefined();
  });

  it('about rights yields to a refusal, which is asked after a minute later', async () => {
    const { access, registry, asked, changed, pass } = looking();
    access.start();
    registry.event('changed', drifted('shop'));
    registry.event('changed', drifted('other'));
    await settle();
    access.refused('argocd/shop');
    expect(access.obstacleOf('argocd/shop')).toBe('not-permitted');
    expect(access.obstacleOf('argocd/other')).toBeUndefined();
    expect(changed.at(-1)).toEqual(['argocd/shop']);

    await pass(76_000);
    expect(asked.apps).toEqual(['shop']);
    expect(access.obstacleOf('argocd/shop')).toBeUndefined();
  });

  it('comes for every application in turn, however many there are', async () => {
    const { access, registry, asked, pass } = looking();
    for (let index = 0; index < 1_000; index += 1) registry.event('changed', drifted(`app-${index}`));
    access.start();
    await pass(15_000 * 12);
    expect(new Set(asked.windows).size).toBe(1_000);
    expect(asked.windows.length).toBeLessThan(2_000);
  });

  it('is asked for at a change of what has changed, and not of a hundred others that wait for their turn', async () => {
    const { access, registry, asked, pass } = looking();
    for (let index = 0; index < 1_000; index += 1) registry.event('changed', drifted(`app-${index}`));
    access.start();
    await pass(15_000 * 12);
    const before = asked.windows.length;
    for (let second = 0; second < 15; second += 1) {
      registry.event('changed', drifted(`app-${second * 60}`, { health: 'Progressing' }));
      await pass(1_000);
    }
    // One round, and at most one question for each that has changed.
    expect(asked.windows.length - before).toBeLessThanOrEqual(115);
  });

  it('is not asked for without a pause where answers take long', async () => {
    let asked = 0;
    const { access, registry, clock, pass } = looking({
      syncWindows: async () => {
        asked += 1;
        await new Promise<void>((resolve) => {
          clock.setTimeout(resolve, 1_000);
        });
        return { open: true, assigned: [], active: [] };
      },
    });
    for (let index = 0; index < 1_000; index += 1) registry.event('changed', drifted(`app-${index}`));
    access.start();
    // Two at once make a round of 50 s, and 15 s lie between two rounds.
    await pass(64_000);
    expect(asked).toBe(100);
    await pass(6_000);
    expect(asked).toBeGreaterThan(100);
    const stopped = access.stop();
    await pass(2_000);
    await stopped;
  });

  it('is asked for at once of what begins to drift, although thousands wait for their turn', async () => {
    const { access, registry, asked, pass } = looking();
    for (let index = 0; index < 1_000; index += 1) registry.event('changed', drifted(`app-${index}`));
    access.start();
    await pass(20_000);
    expect(asked.windows.length).toBe(200);
    registry.event('changed', drifted('new'));
    await settle();
    expect(asked.windows.slice(200)).toEqual(['new']);
  });

  it('comes anew on demand, for at most 20', async () => {
    const { access, registry, asked, rules } = looking();
    access.start();
    for (let index = 0; index < 30; index += 1) registry.event('changed', drifted(`app-${index}`));
    await settle();
    const before = asked.windows.length;
    rules.windowOpen = false;
    await access.lookAgain([...registry.all()].map(({ namespace, name }) => `${namespace}/${name}`));

    expect(asked.windows.length).toBe(before + 20);
    expect(asked.projects).toHaveLength(2);
    expect(access.obstacleOf('argocd/app-19')).toBe('blocked-by-sync-window');
    expect(access.obstacleOf('argocd/app-20')).toBeUndefined();
  });
});

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
    const { access, registry, asked, pass } = looking({
      projectWindows: (project) => {
        projects.push(project);
        return Promise.resolve([]);
      },
    });
    for (let index = 0; index < 1_000; index += 1) registry.event('changed', drifted(`app-${index}`));
    access.start();
    await settle();
    expect(access.known('argocd/app-999')).toEqual({ permitted: true, windowOpen: true });
    await pass(50_000);
    expect([projects, asked.windows]).toEqual([['default'], []]);
    await pass(25_000);
    expect([projects, asked.windows]).toEqual([['default', 'default'], []]);
  });

  it('answers for its applications at once, although a thousand of another are waiting for their turn', async () => {
    const { access, registry } = looking({
      projectWindows: (project) => (project === 'open' ? Promise.resolve([]) : refused()),
    });
    registry.event('changed', drifted('first', { project: 'open' }));
    for (let index = 0; index < 1_000; index += 1) registry.event('changed', drifted(`app-${index}`));
    registry.event('changed', drifted('last', { project: 'open' }));
    access.start();
    await settle();
    expect(access.known('argocd/last')).toEqual({ permitted: true, windowOpen: true });
    expect(access.known('argocd/app-999')).toBeUndefined();
  });

  it('has its applications asked as soon as it has windows, and at once when somebody presses', async () => {
    const windows: ProjectWindow[] = [];
    const { access, registry, asked, pass } = looking({
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
    const { access, registry, asked, pass } = looking({
      projectWindows: () => Promise.resolve([ofProject({ scope })]),
    });
    for (let index = 0; index < 1_000; index += 1) registry.event('changed', drifted(`app-${index}`));
    access.start();
    await pass(50_000);
    expect(asked.windows.sort()).toEqual([
      'app-7',
      ...Array.from({ length: 10 }, (_, index) => `app-70${index}`),
    ]);
    expect(access.known('argocd/app-999')).toEqual({ permitted: true, windowOpen: true });
  });

  it('has an application asked whose destination is one of a window, or not known', async () => {
    const scope = { ...everywhere, applications: [], namespaces: ['prod-*'] };
    const { access, registry, asked } = looking({
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
    const { access, registry } = looking({
      projectWindows: () => Promise.resolve([ofProject({ description: 'Stock-taking, ask Kim' })]),
      syncWindows: () => Promise.resolve({ open: false, assigned: [nightly], active: [nightly] }),
    });
    registry.event('changed', drifted('shop'));
    access.start();
    await settle();
    expect(access.known('argocd/shop')).toMatchObject({ windowDescription: 'Stock-taking, ask Kim' });
  });

  it('answers anew for all that a press asks about, although it is asked once', async () => {
    let windows: readonly ProjectWindow[] = [];
    let projectsAsked = 0;
    const { access, registry, rules } = looking({
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
    const { access, registry, clock, pass } = looking({
      syncWindows: closed,
      projectWindows: () => {
        asked += 1;
        return Promise.resolve([ofProject({ timeZone: 'Europe/Berlin' })]);
      },
    });
    access.start();
    // Its fake clock begins at midnight UTC, which is 1:00 in Berlin.
    expect(new Date(clock.now()).toISOString()).toMatch(/T00:00:00/);
    for (const name of ['a', 'b', 'c']) registry.event('changed', drifted(name));
    await pass(70_000);
    expect(access.known('argocd/a')).toEqual({
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
    const { access, registry, clock, changed, pass } = looking({
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
    expect(access.known('argocd/shop')).toMatchObject({
      windowOpen: isOpenFirst,
      windowUntil: Date.parse(until),
    });
    clock.advance(7_200_000 - 40_000);
    await pass(39_000);
    isSilent = true;
    changed.length = 0;
    expect(access.known('argocd/shop')?.windowOpen).toBe(isOpenFirst);
    await pass(16_000);
    expect(access.known('argocd/shop')).toEqual({ permitted: true, windowOpen: !isOpenFirst });
    expect(changed).toEqual([['argocd/shop']]);
  });

  it('is left open where it may not, and where the calculation disagrees with Argo CD', async () => {
    const elsewhere = looking({ syncWindows: closed, projectWindows: refused });
    const disagrees = looking({
      syncWindows: closed,
      projectWindows: () => Promise.resolve([ofProject({ timeZone: 'Asia/Tokyo' })]),
    });
    for (const { access, registry } of [elsewhere, disagrees]) {
      access.start();
      registry.event('changed', drifted('shop'));
      await settle();
      expect(access.known('argocd/shop')).toEqual({ permitted: true, windowOpen: false });
    }
  });
});

it('asks nothing further and leaves no timer when it is stopped, and can be stopped twice', async () => {
  const { access, registry, asked, clock, pass } = looking();
  access.start();
  registry.event('changed', drifted('shop'));
  await settle();
  await access.stop();
  await access.stop();
  registry.event('changed', drifted('other'));
  await pass(100_000);

  expect(asked.windows).toEqual(['shop']);
  expect(clock.pendingTimers()).toBe(0);
});
