// Decisions about rollback presses, with the simulated Argo CD.
import { describe, expect, it } from 'vitest';
import { worldOf } from '../../support/argocd-control.ts';
import { deciding } from '../support/deciding.ts';
import { newCommit, oldCommit } from '../support/records.ts';

const both = {
  deployed: [newCommit],
  history: [
    { id: 0, revisions: [oldCommit] },
    { id: 1, revisions: [newCommit] },
  ],
};
const shop = { name: 'shop', ...both };
const released = (...names: string[]) => ({
  deployedBy: () => names.map((name) => ({ key: `argocd/${name}`, revision: newCommit })),
});
const back = { outcome: 'accepted', apps: [{ name: 'shop', from: newCommit, to: oldCommit }] };

describe('rolls back', () => {
  it('what the last release of the button deployed, and nothing else that it selects', async () => {
    const { decide, ready } = await deciding(worldOf([shop, { name: 'till', ...both }]), released('shop'));
    await ready();
    expect(await decide(undefined, {}, 'rollback')).toMatchObject({
      ...back,
      message: 'rolling back argocd/shop to 1111111',
    });
  });

  it('named applications, no matter who released them', async () => {
    const { decide, ready } = await deciding(worldOf([shop, { name: 'till', ...both }]));
    await ready();
    expect(await decide(['argocd/shop'], {}, 'rollback')).toMatchObject(back);
  });

  it('even if the stream has not brought the history', async () => {
    const { decide, ready } = await deciding(worldOf([shop]), { ...released('shop'), withStream: false });
    await ready();
    expect(await decide(undefined, {}, 'rollback')).toMatchObject(back);
  });

  it('applications without an obstacle, and says what is left out', async () => {
    const automated = { name: 'till', ...both, automated: true };
    const { decide, ready } = await deciding(worldOf([shop, automated]), released('shop', 'till'));
    await ready();
    expect(await decide(undefined, {}, 'rollback')).toMatchObject({
      ...back,
      message: expect.stringMatching(/left out: argocd\/till: automated sync would undo it/),
    });
  });
});

describe('does not roll back', () => {
  it.each<[string, object, RegExp]>([
    ['automated sync', { automated: true }, /automated sync would undo it/],
    ['one that has no other revision', { history: [{ id: 0, revisions: [newCommit] }] }, /no other revision/],
    [
      'several sources',
      {
        source: undefined,
        sources: [
          { repoURL: 'https://git.example/shop.git', path: 'a', targetRevision: 'main' },
          { repoURL: 'https://git.example/shop.git', path: 'b', targetRevision: 'main' },
        ],
        deployed: undefined,
        history: undefined,
      },
      /one Git source/,
    ],
  ])('%s', async (_, over, words) => {
    const { decide, ready } = await deciding(worldOf([{ ...shop, ...over }]));
    await ready();
    const decision = await decide(['argocd/shop'], {}, 'rollback');
    expect(decision.outcome).toBe('nothing-to-release');
    expect(decision.message).toMatch(words);
  });

  it('what somebody else has deployed over', async () => {
    const { decide, ready } = await deciding(worldOf([shop]), {
      deployedBy: () => [{ key: 'argocd/shop', revision: oldCommit }],
    });
    await ready();
    expect(await decide(undefined, {}, 'rollback')).toMatchObject({
      outcome: 'nothing-to-release',
      message: expect.stringMatching(/something else has been deployed since/),
    });
  });

  it.each([
    ['without a name', undefined],
    ['named', ['argocd/shop']],
  ])('what has been rolled back already, %s', async (_, only) => {
    const again = {
      deployed: [oldCommit],
      history: [...both.history, { id: 2, revisions: [oldCommit] }],
    };
    const { decide, ready } = await deciding(worldOf([{ name: 'shop', ...again }]), {
      deployedBy: () => [{ key: 'argocd/shop', revision: oldCommit }],
      rolledBackTo: () => oldCommit,
    });
    await ready();
    expect(await decide(only, {}, 'rollback')).toMatchObject({
      outcome: 'nothing-to-release',
      message: expect.stringMatching(/already been rolled back to 1111111.*would deploy 2222222 again/),
    });
  });

  it('an application twice, unless something else was deployed in between', async () => {
    const { decide, ready } = await deciding(worldOf([shop]), {
      ...released('shop'),
      rolledBackTo: () => oldCommit,
    });
    await ready();
    expect(await decide(undefined, {}, 'rollback')).toMatchObject(back);
  });

  it('without a release of this button', async () => {
    const { decide, ready } = await deciding(worldOf([shop]));
    await ready();
    expect(await decide(undefined, {}, 'rollback')).toMatchObject({
      outcome: 'nothing-to-release',
      message: expect.stringMatching(/has released nothing that could be undone/),
    });
  });

  it('what is being released', async () => {
    const { decide, ready } = await deciding(worldOf([shop]), { ...released('shop'), busy: ['argocd/shop'] });
    await ready();
    expect(await decide(undefined, {}, 'rollback')).toMatchObject({
      outcome: 'rejected',
      reason: 'in-progress',
    });
  });

  it('without the permission to sync', async () => {
    const world = {
      ...JSON.parse(JSON.stringify(worldOf([shop]))),
      accounts: [{ name: 'button', get: ['*'] }],
    };
    const { decide, ready } = await deciding(world, released('shop'));
    await ready();
    expect(await decide(undefined, {}, 'rollback')).toMatchObject({
      outcome: 'rejected',
      reason: 'not-permitted',
    });
  });
});
