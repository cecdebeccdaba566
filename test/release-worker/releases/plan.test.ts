import { describe, expect, it } from 'vitest';
import { createRegistry } from '../../../release-worker/drift/registry.ts';
import { candidatesOf, planOf } from '../../../release-worker/releases/plan.ts';
import { drifted, listed, newCommit, oldCommit, whole } from '../support/records.ts';

describe('the candidates of a press', () => {
  const registry = createRegistry();
  registry.list(registry.ticket(), [drifted('a'), drifted('b'), whole({ name: 'c', project: 'other' })]);

  it('are the applications of the button', () => {
    const found = candidatesOf(registry, (app) => app.project === 'default', undefined);
    expect(found.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('are narrowed by `only`, and never widened', () => {
    const found = candidatesOf(registry, (app) => app.project === 'default', [
      'argocd/b',
      'argocd/c',
      'argocd/x',
    ]);
    expect(found.map(({ name }) => name)).toEqual(['b']);
  });

  it('appear once, however often they are named', () => {
    const found = candidatesOf(registry, () => true, ['argocd/b', 'argocd/a', 'argocd/b']);
    expect(found.map(({ name }) => name).toSorted()).toEqual(['a', 'b']);
  });
});

describe('a plan', () => {
  const none = () => undefined;

  it('releases applications that are out of sync, from the deployed revision to the one that is shown', () => {
    const apps = [
      drifted('a', { sources: 2, automated: true }),
      whole({ name: 'b' }),
      drifted('c', { deleting: true }),
    ];
    expect(planOf(apps, () => false, none)).toEqual({
      apps: [
        {
          namespace: 'argocd',
          name: 'a',
          project: 'default',
          from: oldCommit,
          to: newCommit,
          sources: 2,
          automated: true,
        },
      ],
      busy: [],
      blocked: new Map(),
      unknown: [],
    });
  });

  it('leaves out and lists applications that are being released or blocked', () => {
    const plan = planOf(
      [drifted('a'), drifted('b'), drifted('c')],
      (key) => key === 'argocd/a',
      (key) => (key === 'argocd/c' ? undefined : 'not-permitted'),
    );
    expect(plan.apps.map(({ name }) => name)).toEqual(['c']);
    expect(plan.busy).toEqual(['argocd/a']);
    expect([...plan.blocked]).toEqual([['argocd/b', 'not-permitted']]);
  });

  it('leaves out applications whose target is not known, unless the sync is not pinned', () => {
    const apps = [drifted('a', { target: undefined }), drifted('b')];
    const pinned = planOf(apps, () => false, none);
    expect(pinned.apps.map(({ name }) => name)).toEqual(['b']);
    expect(pinned.unknown).toEqual(['argocd/a']);

    const newest = planOf(apps, () => false, none, [], false);
    expect(newest.apps.map(({ name, to }) => [name, to])).toEqual([
      ['a', ''],
      ['b', newCommit],
    ]);
  });

  it('does not know the deployed revision without the detail', () => {
    const [app] = planOf([listed({ sync: 'OutOfSync' })], () => false, none).apps;
    expect(app?.from).toBe('');
  });
});
