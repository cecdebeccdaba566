// The watch on a hand-moved clock, with a scripted Argo CD: its problems, and missing applications.
import { describe, expect, it } from 'vitest';
import { streamEvent } from '../support/argocd.ts';
import { listed, newCommit } from '../support/records.ts';
import { unreachable, watching } from '../support/watching.ts';

describe('the problem', () => {
  it('tells that Argo CD does not answer, until it does', async () => {
    const { watch, pass, answerWith, check, changes } = await watching({ version: unreachable });
    expect(watch.problem()).toBe('nothing listens there');
    expect(check('argocd')).toMatchObject({ ok: false, message: watch.problem() });
    expect(changes()).toBeGreaterThan(0);
    answerWith(unreachable);
    await pass(100_000);
    expect(watch.problem()).toBe('nothing listens there');
    expect(watch.freshUntil()).toBe(0);
  });

  it('goes away when Argo CD comes', async () => {
    let up = false;
    const { watch, pass, check, isFresh } = await watching({
      version: () => (up ? Promise.resolve({ version: 'v3', simulated: true }) : unreachable()),
    });
    await pass(5_000);
    up = true;
    await pass(8_000);
    await watch.firstList;

    expect(watch.problem()).toBeUndefined();
    expect(check('argocd')).toMatchObject({ ok: true });
    expect(watch.server()).toEqual({ version: 'v3', simulated: true });
    expect(isFresh()).toBe(true);
  });

  it('names the remedy for a wrong token, at every try', async () => {
    const { watch, pass, lists } = await watching({ account: () => Promise.resolve(undefined) });
    for (let round = 0; round < 3; round += 1) {
      expect(watch.problem()).toContain('does not accept the token');
      expect(watch.problem()).toContain('ARGOCD_AUTH_TOKEN');
      await pass(5_000);
    }
    expect(lists).toEqual([0]);
  });

  it('tells of an account that sees nothing', async () => {
    const { watch } = await watching({ list: () => Promise.resolve([]) });
    expect(watch.problem()).toContain('sees no application');
    expect(watch.problem()).toContain('applications, get');
  });

  it('is none of an account whose applications are none of the buttons', async () => {
    const { watch, registry } = await watching({
      list: () => Promise.resolve([listed({ project: 'other' })]),
    });
    expect(watch.problem()).toBeUndefined();
    expect(registry.size).toBe(0);
  });
});

describe('a list that tells too little of its applications', () => {
  const { project, repository, sources, plainGit, automated, ...partly } = listed();

  it('is no list: what it lacks is asked for, and until it has come nobody takes silence for being in sync', async () => {
    const { watch, gets, pass, registry, isFresh } = await watching({
      list: () => Promise.resolve([partly, { ...partly, name: 'other' }]),
    });
    expect(watch.problem()).toContain('lacks the specification of 2 applications (argocd/shop …)');
    expect(isFresh()).toBe(false);
    expect(registry.size).toBe(0);

    await pass(8_000);
    expect(gets).toEqual(['shop', 'other']);
    expect(watch.problem()).toBeUndefined();
    expect(isFresh()).toBe(true);
    expect([...registry.all()].map(({ name }) => name)).toEqual(['shop', 'other']);
  });
});

describe('detail that the stream has not brought', () => {
  it('is asked for where the target of what is out of sync is not known', async () => {
    const { registry, gets, pass } = await watching({
      list: () => Promise.resolve([listed({ sync: 'OutOfSync', target: undefined })]),
    });
    await pass(3_000);
    expect(gets).toEqual(['shop']);
    expect(registry.get('argocd/shop')?.target).toBe(newCommit);
  });

  it('is asked for after a list, what is out of sync first, and not too much at once', async () => {
    const apps = [
      ...Array.from({ length: 30 }, (_, index) => listed({ name: `fine-${index}` })),
      ...Array.from({ length: 3 }, (_, index) => listed({ name: `drifted-${index}`, sync: 'OutOfSync' })),
    ];
    const { gets, pass, registry } = await watching({ list: () => Promise.resolve(apps) });
    await pass(3_000);

    expect(gets.length).toBe(20);
    expect(gets.slice(0, 4)).toEqual(['drifted-0', 'drifted-1', 'drifted-2', 'fine-0']);
    expect(registry.get('argocd/drifted-0')?.detail).toBeDefined();
  });

  it('is not asked for where the stream has brought it', async () => {
    const { registry, gets, pass, stream } = await watching();
    const { target, startedAt, finishedAt, phase, repository, project } = listed();
    stream().send(
      streamEvent('ADDED', {
        metadata: { name: 'shop', namespace: 'argocd' },
        spec: { project, source: { repoURL: repository } },
        status: {
          sync: { status: 'Synced', revision: target },
          health: { status: 'Healthy' },
          operationState: { phase, startedAt, finishedAt },
        },
      }),
    );
    await pass(8_000);
    expect(registry.get('argocd/shop')?.detail).toBeDefined();
    expect(gets).toEqual([]);
  });
});
