import { describe, expect, it } from 'vitest';
import { askingAccess, refused } from '../support/access.ts';
import { drifted, whole } from '../support/records.ts';
import { settle } from '../support/settle.ts';

describe('what is in the way', () => {
  it('is asked for as soon as an application drifts, and told', async () => {
    const { access, registry, asked, changed, rules } = askingAccess();
    Object.assign(rules, { project: false, permitted: false });
    access.start();
    registry.event('changed', whole({ name: 'fine' }));
    registry.event('changed', drifted('shop'));
    await settle();

    expect(asked).toEqual({ projects: ['default'], apps: ['shop'], windows: ['shop'] });
    expect(access.obstacleOf('argocd/shop')).toBe('not-permitted');
    expect(access.stateOf('argocd/shop')).toMatchObject({ permitted: false, windowOpen: true });
    expect(changed).toEqual([['argocd/shop']]);
  });

  it('is the window where both are, as Argo CD checks it first', async () => {
    const { access, registry, rules } = askingAccess();
    Object.assign(rules, { project: false, permitted: false, windowOpen: false });
    access.start();
    registry.event('changed', drifted('shop'));
    await settle();
    expect(access.obstacleOf('argocd/shop')).toBe('blocked-by-sync-window');
  });

  it('is nothing where nobody has answered', async () => {
    const { access, registry } = askingAccess({ maySyncAll: refused });
    access.start();
    registry.event('changed', drifted('shop'));
    await settle();
    expect(access.obstacleOf('argocd/shop')).toBeUndefined();
    expect(access.stateOf('argocd/shop')).toBeUndefined();
  });

  it('is nothing any more when an old answer cannot be had anew', async () => {
    let fails = false;
    const { access, registry, pass, changed } = askingAccess({
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
    const { access, registry, pass } = askingAccess({
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
    const { access, registry } = askingAccess({
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
    const { access, registry, rules } = askingAccess();
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
    const { access, registry, asked, pass, rules } = askingAccess();
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
    const { access, registry, asked, pass } = askingAccess();
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
    const { access, registry, asked, pass } = askingAccess();
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
    const { access, registry, asked, rules } = askingAccess();
    rules.project = false;
    access.start();
    registry.event('changed', whole({ name: 'fine' }));
    for (const name of ['a', 'b', 'c']) registry.event('changed', drifted(name));
    await settle();
    expect(asked).toMatchObject({ projects: ['default'], apps: ['a', 'b', 'c'] });
    expect(access.obstacleOf('argocd/a')).toBeUndefined();
  });

  it('about rights yields to a refusal, which is asked after a minute later', async () => {
    const { access, registry, asked, changed, pass } = askingAccess();
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
    const { access, registry, asked, pass } = askingAccess();
    for (let index = 0; index < 1_000; index += 1) registry.event('changed', drifted(`app-${index}`));
    access.start();
    await pass(15_000 * 12);
    expect(new Set(asked.windows).size).toBe(1_000);
    expect(asked.windows.length).toBeLessThan(2_000);
  });

  it('is asked for at a change of what has changed, and not of a hundred others that wait for their turn', async () => {
    const { access, registry, asked, pass } = askingAccess();
    for (let index = 0; index < 1_000; index += 1) registry.event('changed', drifted(`app-${index}`));
    access.start();
    await pass(15_000 * 12);
    const before = asked.windows.length;
    for (let second = 0; second < 15; second += 1) {
      registry.event('changed', drifted(`app-${second * 60}`, { health: 'Progressing' }));
      await pass(1_000);
    }
    // One round, and at most one question for each application that has changed.
    expect(asked.windows.length - before).toBeLessThanOrEqual(115);
  });

  it('is not asked for without a pause where answers take long', async () => {
    let asked = 0;
    const { access, registry, clock, pass } = askingAccess({
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
    // Two at once make a round of 50 s, with 15 s between two rounds.
    await pass(64_000);
    expect(asked).toBe(100);
    await pass(6_000);
    expect(asked).toBeGreaterThan(100);
    const stopped = access.stop();
    await pass(2_000);
    await stopped;
  });

  it('is asked for at once of what begins to drift, although thousands wait for their turn', async () => {
    const { access, registry, asked, pass } = askingAccess();
    for (let index = 0; index < 1_000; index += 1) registry.event('changed', drifted(`app-${index}`));
    access.start();
    await pass(20_000);
    expect(asked.windows.length).toBe(200);
    registry.event('changed', drifted('new'));
    await settle();
    expect(asked.windows.slice(200)).toEqual(['new']);
  });

  it('comes anew on demand, for at most 20', async () => {
    const { access, registry, asked, rules } = askingAccess();
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

it('asks nothing further and leaves no timer when it is stopped, and can be stopped twice', async () => {
  const { access, registry, asked, clock, pass } = askingAccess();
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
