// Decisions with the simulated Argo CD: what a press that passed the rules releases, or why it releases nothing.
import { describe, expect, it } from 'vitest';
import { worldOf } from '../../support/argocd-control.ts';
import { until } from '../../support/wait.ts';
import { deciding } from '../support/deciding.ts';
import { newCommit, newestCommit, oldCommit } from '../support/records.ts';

const shop = { name: 'shop', drifted: true };
const desk = { name: 'desk' };

function worldWith(change: object, apps: Parameters<typeof worldOf>[0] = [shop, desk]): unknown {
  return { ...JSON.parse(JSON.stringify(worldOf(apps))), ...change };
}

it('releases what is out of sync, and shows it first', async () => {
  const { decide, ready, shown } = await deciding(worldOf([shop, desk]));
  await ready();
  expect(await decide()).toEqual({
    outcome: 'accepted',
    message: 'releasing argocd/shop',
    apps: [
      {
        namespace: 'argocd',
        name: 'shop',
        project: 'default',
        from: oldCommit,
        to: newCommit,
        sources: 1,
        automated: false,
      },
    ],
  });
  expect(shown).toEqual(['argocd/shop']);
});

describe('with nothing known to be out of sync', () => {
  it('refreshes, and releases what that reveals', async () => {
    const { decide, ready, control, shown } = await deciding(worldOf([desk]));
    await ready();
    await control.post('drift', { app: 'desk', noticed: false, revision: newestCommit });
    expect(await decide()).toMatchObject({ outcome: 'accepted', apps: [{ name: 'desk', to: newestCommit }] });
    expect(shown).toEqual(['argocd/desk']);
  });

  it('says that Argo CD has just looked', async () => {
    const { decide, ready } = await deciding(worldOf([desk]));
    await ready();
    const decision = await decide();
    expect(decision.outcome).toBe('nothing-to-release');
    expect(decision.message).toBe('the application is in sync; Argo CD has just looked at Git again');
  });

  it('does not refresh if that is disabled', async () => {
    const { decide, ready, control } = await deciding(worldOf([desk]), { refreshOnPressMax: 0 });
    await ready();
    await control.post('drift', { app: 'desk', noticed: false });
    const decision = await decide();
    expect(decision).toMatchObject({ outcome: 'nothing-to-release' });
    expect(decision.message).toMatch(/in sync; the last full list of applications is from \d{4}-/);
  });

  it('answers in time if Argo CD does not', async () => {
    const { decide, ready, control } = await deciding(worldOf([desk]), { hurry: 10 });
    await ready();
    await control.post('faults', { controllerDown: true });
    const decision = await decide();
    expect(decision).toMatchObject({ outcome: 'nothing-to-release' });
    expect(decision.message).not.toContain('just looked');
  });

  it('does not report an application as in sync that was out of sync and cannot be compared now', async () => {
    const { decide, ready, control } = await deciding(worldOf([shop, desk]), {
      wasOutOfSyncAt: (key) => (key === 'argocd/shop' ? 0 : undefined),
    });
    await ready();
    await control.post('world', { adjust: [{ name: 'shop', comparisonError: 'no such path' }] });
    const decision = await until('the comparison error', async () => {
      const now = await decide();
      return now.outcome === 'rejected' ? now : undefined;
    });
    expect(decision).toMatchObject({ reason: 'argocd-unreachable' });
    expect(decision.message).toMatch(/argocd\/shop was out of sync at .* ComparisonError: .*no such path/);
  });

  it('says why an application cannot be compared', async () => {
    const { decide, ready } = await deciding(worldOf([{ ...shop, comparisonError: 'no such path' }, desk]));
    await ready();
    const decision = await decide();
    expect(decision.outcome).toBe('nothing-to-release');
    expect(decision.message).toMatch(
      /^1 of 2 applications is in sync; argocd\/shop cannot be compared: .*no such path/,
    );
  });

  it('does not report an application as in sync that is being deleted', async () => {
    const { decide, ready } = await deciding(
      worldOf([{ name: 'shop', deletedAt: '2026-01-01T00:00:00Z' }, desk]),
    );
    await ready();
    expect((await decide()).message).toContain('argocd/shop is being deleted');
    expect((await decide(['argocd/shop'], {}, 'refresh')).outcome).toBe('nothing-to-release');
  });
});

describe('`only`', () => {
  it('narrows', async () => {
    const { decide, ready } = await deciding(worldOf([shop, { name: 'till', drifted: true }]));
    await ready();
    expect(await decide(['argocd/till'])).toMatchObject({ outcome: 'accepted', apps: [{ name: 'till' }] });
  });

  it('does not reach beyond the button', async () => {
    const { decide, ready } = await deciding(worldOf([shop, desk]));
    await ready();
    const decision = await decide(['argocd/shop'], { select: { names: ['desk'] } });
    expect(decision).toMatchObject({ outcome: 'nothing-to-release' });
    expect(decision.message).toBe(
      'the button does not select argocd/shop; check the names, and `select` of the button. Known: argocd/desk',
    );
  });
});

it('says that a button selects nothing', async () => {
  const { decide, ready } = await deciding(worldOf([shop]));
  await ready();
  const decision = await decide(undefined, { select: { names: ['other'] } });
  expect(decision).toMatchObject({ outcome: 'nothing-to-release' });
  expect(decision.message).toContain('selects no application');
});

describe('blocked', () => {
  const closed = { projects: [{ name: 'default', windows: [{ kind: 'deny' }] }] };

  it('by a window, even if nobody had asked before the press', async () => {
    const { decide, ready, control } = await deciding(worldWith(closed, [desk]));
    await ready();
    await control.post('drift', { app: 'desk', noticed: false });
    const decision = await decide();
    expect(decision).toMatchObject({ outcome: 'rejected', reason: 'blocked-by-sync-window' });
    expect(decision.message).toContain('argocd/desk');
  });

  it('by a missing permission, with the remedy', async () => {
    const { decide, ready } = await deciding(worldWith({ accounts: [{ name: 'button', get: ['*'] }] }));
    await ready();
    const decision = await decide();
    expect(decision).toMatchObject({ outcome: 'rejected', reason: 'not-permitted' });
    expect(decision.message).toContain('applications, sync');
  });

  it('no longer, which is checked again before a press is refused', async () => {
    const { decide, ready, access, control } = await deciding(
      worldWith({ accounts: [{ name: 'button', get: ['*'] }] }),
    );
    await ready();
    await until('the obstacle', () => access.obstacleOf('argocd/shop') === 'not-permitted');
    await control.post('world', {
      access: {
        accounts: [{ name: 'button', get: ['*'], sync: ['*'] }],
        tokens: [{ token: 'simulated', account: 'button' }],
      },
    });
    expect(await decide()).toMatchObject({ outcome: 'accepted' });
  });

  it('in part: the rest is released, and the message tells', async () => {
    const { decide, ready, access } = await deciding(
      worldWith({ accounts: [{ name: 'button', get: ['*'], sync: ['default/shop'] }] }, [
        shop,
        { name: 'till', drifted: true },
      ]),
    );
    await ready();
    await until('the answers', () => access.stateOf('argocd/till') && access.stateOf('argocd/shop'));
    const decision = await decide();
    expect(decision).toMatchObject({ outcome: 'accepted', apps: [{ name: 'shop' }] });
    expect(decision.message).toContain('1 blocked');
  });
});

describe('in progress', () => {
  it('wholly is refused', async () => {
    const { decide, ready } = await deciding(worldOf([shop]), { busy: ['argocd/shop'] });
    await ready();
    expect(await decide()).toMatchObject({ outcome: 'rejected', reason: 'in-progress' });
  });

  it('in part: the rest is released, and the message tells', async () => {
    const { decide, ready } = await deciding(worldOf([shop, { name: 'till', drifted: true }]), {
      busy: ['argocd/shop'],
    });
    await ready();
    const decision = await decide();
    expect(decision).toMatchObject({ outcome: 'accepted', apps: [{ name: 'till' }] });
    expect(decision.message).toContain('already being released: ');
  });
});

describe('unreachable', () => {
  it('is refused while nothing is known, and the message says why', async () => {
    const { decide, watch } = await deciding(worldOf([shop]), { token: 'wrong' });
    await until('the problem', () => watch.problem());
    const decision = await decide();
    expect(decision).toMatchObject({ outcome: 'rejected', reason: 'argocd-unreachable' });
    expect(decision.message).toContain('ARGOCD_AUTH_TOKEN');
  });

  it('is refused when the state is too old, even if there was drift', async () => {
    const { decide, ready, control, watch, registry } = await deciding(worldOf([shop]), {
      withStream: false,
      hurry: 300,
    });
    await ready();
    await control.post('faults', { requests: [{ path: '/api/*', status: 503 }] });
    await until('the problem', () => watch.problem());
    await until('unreachable', async () => (await decide()).outcome === 'rejected');
    expect(registry.get('argocd/shop')?.sync).toBe('OutOfSync');
    expect(await decide()).toMatchObject({ reason: 'argocd-unreachable' });
  });
});

describe('an Argo CD whose lists do not contain the target', () => {
  const options = { withStream: false, version: '3.4.7' };

  it('is asked for it, and the answer is shown before it is released', async () => {
    const { decide, ready, registry, shown } = await deciding(worldOf([shop]), options);
    await ready();
    expect(registry.get('argocd/shop')).toMatchObject({ sync: 'OutOfSync', target: undefined });
    expect(await decide()).toMatchObject({ outcome: 'accepted', apps: [{ from: oldCommit, to: newCommit }] });
    expect(shown).toEqual(['argocd/shop']);
  });

  it('releases nothing without it', async () => {
    const { decide, ready, control } = await deciding(worldOf([shop]), options);
    await ready();
    await control.post('faults', { requests: [{ path: '/api/v1/applications/shop', status: 500 }] });
    expect(await decide()).toMatchObject({
      outcome: 'rejected',
      reason: 'argocd-unreachable',
      message: expect.stringContaining('argocd/shop in time. Press again'),
    });
  });
});

it('finds out what would be released if only a list has shown the drift', async () => {
  const source = { repoURL: 'https://git.example/shop.git', path: '.', targetRevision: 'main' };
  const world = worldWith({
    applications: [
      {
        name: 'shop',
        sources: [source, source],
        resources: [{ kind: 'ConfigMap', name: 'shop' }],
        deployed: [oldCommit, oldCommit],
      },
    ],
  });
  const { decide, ready, registry } = await deciding(world, { withStream: false });
  await ready();
  expect(registry.get('argocd/shop')?.target).toBeUndefined();
  expect(await decide()).toMatchObject({
    outcome: 'accepted',
    apps: [{ from: `${oldCommit},${oldCommit}`, to: `${newCommit},${newCommit}`, sources: 2 }],
  });
});

it('leaves no timer behind', async () => {
  const { decide, ready, timers } = await deciding(worldOf([desk]));
  await ready();
  expect(await decide()).toMatchObject({ outcome: 'nothing-to-release' });
  expect(timers.size).toBe(0);
});

describe('a refresh', () => {
  it('covers all that the button selects, in sync or not, up to refreshOnPressMax', async () => {
    const { decide, ready } = await deciding(worldOf([shop, desk, { name: 'till' }]), {
      refreshOnPressMax: 2,
    });
    await ready();
    expect(await decide(undefined, {}, 'refresh')).toMatchObject({
      outcome: 'accepted',
      refresh: [{ name: 'desk' }, { name: 'shop' }],
      message: expect.stringMatching(/left out: 1; worker.refreshOnPressMax/),
    });
    expect(await decide(['argocd/till'], {}, 'refresh')).toMatchObject({ refresh: [{ name: 'till' }] });
    expect(await decide(['argocd/none'], {}, 'refresh')).toMatchObject({ outcome: 'nothing-to-release' });
  });
});

it('puts the applications into their waves, unnamed ones last', async () => {
  const apps = ['web', 'db', 'other'].map((name) => ({ name, drifted: true }));
  const { decide, ready } = await deciding(worldOf(apps));
  await ready();
  const decision = await decide(undefined, { waves: [['db'], ['argocd/web']] });
  const waves = 'apps' in decision ? decision.apps.map(({ name, wave }) => [name, wave ?? 0]) : [];
  expect(Object.fromEntries(waves)).toEqual({ db: 0, web: 1, other: 2 });
});

describe('an automated application that is out of sync for a moment', () => {
  const till = { name: 'till', drifted: true };

  it('is left to Argo CD if the light shows something else, and the message says so', async () => {
    const { decide, ready } = await deciding(worldOf([shop, till]), { unripe: ['argocd/till'] });
    await ready();
    const decision = await decide();
    expect(decision).toMatchObject({ outcome: 'accepted', apps: [{ name: 'shop' }] });
    expect(decision.message).toContain('1 newly out of sync, which Argo CD should sync itself');
  });

  it('is released if it is named, or if nothing else is out of sync', async () => {
    const { decide, ready } = await deciding(worldOf([shop, till]), { unripe: ['argocd/till'] });
    await ready();
    expect(await decide(['argocd/shop', 'argocd/till'])).toMatchObject({ apps: { length: 2 } });
    expect(await decide(undefined, { select: { names: ['till'] } })).toMatchObject({
      outcome: 'accepted',
      apps: [{ name: 'till' }],
    });
  });
});
