// Terminating a release, with the simulated Argo CD.
import { describe, expect, it } from 'vitest';
import { createReplies } from '../../../release-worker/replies.ts';
import { infosOf } from '../../../release-worker/releases/release.ts';
import type { Termination } from '../../../release-worker/releases/running.ts';
import { takeTerminations } from '../../../release-worker/releases/terminate.ts';
import { silentLog } from '../../../service/log.ts';
import { worldOf } from '../../support/argocd-control.ts';
import { until } from '../../support/wait.ts';
import { createFakeLink } from '../support/fake-link.ts';
import { newCommit } from '../support/records.ts';
import { planned, releaseOf } from '../support/releases.ts';
import { releasing } from '../support/runner.ts';

const endless = (name: string) => ({ name, drifted: true, hookNeverEnds: true });
const ends = (release: { apps: readonly { name: string; outcome?: string }[] }) =>
  Object.fromEntries(release.apps.map(({ name, outcome }) => [name, outcome]));

describe('a release that is terminated', () => {
  it('terminates running syncs in Argo CD, and does not send waiting ones', async () => {
    const world = worldOf([endless('shop'), { name: 'till', drifted: true }]);
    const { start, running, ended, app, posts } = await releasing(world, { release: { concurrency: 1 } });
    start(releaseOf([planned('shop'), planned('till')]));
    await until('the sync to run', () => app('shop').phase === 'Running');

    expect(running.terminate(undefined)).toMatchObject({ applications: 2, releases: ['r1'] });
    const release = await ended();
    expect(release.outcome).toBe('failed');
    expect(ends(release)).toEqual({ shop: 'terminated', till: 'terminated' });
    expect(release.apps[1]?.message).toContain('not sent');
    expect(await posts()).toBe(1);
    await until('Argo CD to have ended it', () => app('shop').phase === 'Failed');
  });

  it('can be limited to one application', async () => {
    const { start, running, ended, app } = await releasing(
      worldOf([endless('shop'), { name: 'till', drifted: true, syncMs: 50 }]),
    );
    start(releaseOf([planned('shop'), planned('till')]));
    await until('the sync to run', () => app('shop').phase === 'Running');
    expect(running.terminate('argocd/shop')).toMatchObject({ applications: 1, releases: ['r1'] });
    expect(ends(await ended())).toEqual({ shop: 'terminated', till: 'in-sync' });
  });

  it('is one of two releases: the request can name an application, or terminate both', async () => {
    const { start, running, finished, app, posts } = await releasing(
      worldOf([endless('shop'), endless('till'), endless('bar')]),
    );
    start(releaseOf([planned('shop'), planned('bar')]));
    start(releaseOf([planned('till')], { id: 'r2', button: 'other' }));
    await until('the syncs to run', () =>
      ['shop', 'till', 'bar'].every((name) => app(name).phase === 'Running'),
    );
    expect(running.terminate('argocd/till')).toMatchObject({ applications: 1, releases: ['r2'] });
    await until('the end of the second release', () => finished.length === 1);
    expect(finished[0]).toMatchObject({ id: 'r2', outcome: 'failed', apps: [{ outcome: 'terminated' }] });
    expect(app('shop').phase).toBe('Running');

    expect(running.terminate('argocd/till')).toMatchObject({ applications: 0, releases: [] });
    expect(running.terminate(undefined)).toMatchObject({ applications: 2, releases: ['r1'] });
    await until('the end of the first release', () => finished.length === 2);
    expect(finished[1]).toMatchObject({ id: 'r1', outcome: 'failed' });
    expect(await posts()).toBe(3);
  });

  it('sends nothing of its later waves', async () => {
    const { start, running, ended, app, posts } = await releasing(
      worldOf([endless('db'), { name: 'web', drifted: true }]),
    );
    start(releaseOf([planned('db'), planned('web', { wave: 1 })]));
    await until('the sync to run', () => app('db').phase === 'Running');
    expect(running.terminate('argocd/db')).toMatchObject({ applications: 1, releases: ['r1'] });
    expect(ends(await ended())).toEqual({ db: 'terminated', web: 'interrupted' });
    expect(await posts()).toBe(1);
  });

  it('may come from the former run of the worker', async () => {
    const { argocd, running, resume, app } = await releasing(worldOf([endless('shop')]));
    const release = releaseOf([planned('shop')]);
    await argocd.sync(app('shop'), {
      prune: false,
      revision: newCommit,
      infos: infosOf(release),
    });
    await until('the sync to run', () => app('shop').phase === 'Running');
    const ended = resume({ release, fates: new Map([['argocd/shop', { sent: true }]]) });
    expect(running.terminate('argocd/shop')).toMatchObject({ applications: 1, releases: ['r1'] });
    expect(ends(await ended)).toEqual({ shop: 'terminated' });
  });

  it('waits until a pending sync runs, because Argo CD refuses to terminate it before', async () => {
    const { start, running, ended, control, app } = await releasing(worldOf([endless('shop')]));
    await control.post('faults', { controllerDown: true });
    start(releaseOf([planned('shop')], { settings: { refresh: 'none' } }));
    await until('the sync to be accepted', () => app('shop').phase === 'Pending');
    running.terminate(undefined);
    await control.post('faults', { controllerDown: false });
    expect(ends(await ended())).toEqual({ shop: 'terminated' });
  });

  it('sends nothing after its refresh', async () => {
    const { start, running, ended, control, posts, currents } = await releasing(
      worldOf([{ name: 'shop', drifted: true }]),
      { release: { refreshTimeoutMs: 700 } },
    );
    await control.post('faults', { controllerDown: true });
    start(releaseOf([planned('shop')]));
    await until('the refresh to be under way', () => currents.at(-1)?.apps[0]?.phase === 'sent');
    running.terminate('argocd/shop');
    expect(ends(await ended())).toEqual({ shop: 'terminated' });
    expect(await posts()).toBe(0);
  });
});

describe('the request', () => {
  const nothingLeft = { applications: 0, releases: [], waiting: [] };
  const asking = (running: number, left: Termination = nothingLeft) => {
    const fake = createFakeLink();
    const asked: (string | undefined)[] = [];
    takeTerminations({
      link: fake.link,
      worker: 'main',
      running: {
        terminate: (app) => {
          asked.push(app);
          return { applications: running, releases: running > 0 ? ['r1'] : [], waiting: [] };
        },
      },
      leftoverSyncs: { terminate: () => left },
      replies: createReplies(fake.link, 'release-button', 'main'),
      log: silentLog(),
      goesOn: () => ['argocd/till of release r2 runs'],
    });
    return { fake, asked };
  };

  it('is answered with what it terminates', () => {
    const { fake, asked } = asking(2);
    fake.deliver('worker/main/terminate', { id: 't1', app: 'argocd/shop' });
    expect(asked).toEqual(['argocd/shop']);
    expect(fake.on('reply/t1')).toEqual([
      { id: 't1', worker: 'main', ok: true, message: 'terminating 2 applications of the running release' },
    ]);
  });

  it('says which sync of a former release is terminated, and which ones Argo CD cannot terminate yet', () => {
    const left = { applications: 1, releases: ['r0'], waiting: ['argocd/shop'] };
    const { fake } = asking(1, left);
    fake.deliver('worker/main/terminate', { id: 't1' });
    expect(fake.on('reply/t1')).toMatchObject([
      {
        ok: true,
        message:
          'terminating 1 application of the running release and the sync of 1 application that release r0 has left. Argo CD has not started argocd/shop and cannot terminate it before; the worker terminates it as soon as Argo CD has started it',
      },
    ]);
  });

  it('is refused if nothing is running', () => {
    const { fake } = asking(0);
    fake.deliver('worker/main/terminate', { id: 't1' });
    expect(fake.on('reply/t1')).toMatchObject([{ ok: false }]);
  });

  it('of another worker is not answered', () => {
    const { fake, asked } = asking(1);
    fake.deliver('worker/other/terminate', { id: 't1' });
    expect(asked).toEqual([]);
    expect(fake.published).toEqual([]);
  });

  it.each(['{"id": "t1"}', '{"id":'])('is removed and not carried out if it is retained: %s', (payload) => {
    const { fake, asked } = asking(1);
    fake.deliver('worker/main/terminate', payload, { retained: true });
    expect(asked).toEqual([]);
    expect(fake.published).toEqual([{ topic: 'worker/main/terminate', message: undefined }]);
  });

  it.each(['everything', '{"app":', '{"app": "shop"}', '{"app": "a/b/c"}', `{"app": "${'a'.repeat(600)}"}`])(
    'that does not fit ends nothing, and is answered where a reply was asked for: %s',
    (payload) => {
      const { fake, asked } = asking(1);
      fake.deliver('worker/main/terminate', payload, { responseTopic: 'release-button/reply/t1' });
      expect(asked).toEqual([]);
      expect(fake.on('reply/t1')).toMatchObject([{ ok: false }]);
    },
  );
});
