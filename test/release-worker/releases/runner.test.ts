// Releases with the simulated Argo CD, over real HTTP and its event stream: how they run, end and continue.
import { describe, expect, it } from 'vitest';
import { keyOf } from '../../../release-worker/argocd/application.ts';
import { infosOf } from '../../../release-worker/releases/release.ts';
import { worldOf } from '../../support/argocd-control.ts';
import { until } from '../../support/wait.ts';
import { newCommit, newestCommit, oldCommit } from '../support/records.ts';
import { planned, releaseOf } from '../support/releases.ts';
import { releasing } from '../support/runner.ts';

const shop = { name: 'shop', drifted: true, syncMs: 20 };
const release = releaseOf([planned('shop')]);

describe('a release', () => {
  it('syncs what was shown, reports its steps in order, and becomes idle', async () => {
    const { run, control, events, currents, journal, app, running } = await releasing(worldOf([shop]));
    const message = await run(release);

    expect(message).toMatchObject({
      id: 'r1',
      outcome: 'succeeded',
      apps: [{ name: 'shop', phase: 'done', outcome: 'in-sync', from: oldCommit, to: newCommit }],
    });
    expect(await control.syncs()).toMatchObject([
      {
        name: 'shop',
        revision: newCommit,
        status: 200,
        infos: [
          { name: 'release-id', value: 'r1' },
          { name: 'press-id', value: 'p1' },
          { name: 'button', value: 'main' },
        ],
      },
    ]);
    expect(events.map(({ event, app: key, outcome }) => [event, key, outcome])).toEqual([
      ['started', undefined, undefined],
      ['app-started', 'argocd/shop', undefined],
      ['app-finished', 'argocd/shop', 'in-sync'],
      ['finished', undefined, 'succeeded'],
    ]);
    expect(journal.lines).toMatchObject([
      { type: 'app', step: 'sending', releaseId: 'r1', app: 'argocd/shop' },
      { type: 'app', step: 'done', outcome: 'in-sync', good: true },
      { type: 'finished', releaseId: 'r1', outcome: 'succeeded' },
    ]);
    await until('idle', () => currents.length > 0 && currents.at(-1) === undefined);
    expect(app('shop').sync).toBe('Synced');
    expect([running.isBusy('argocd/shop'), running.count('main')]).toEqual([false, 0]);
  });

  it('deploys the revision that was shown when the branch has moved on, and names the newer target', async () => {
    const { run, control, app, posts } = await releasing(worldOf([shop]), { hurry: 4 });
    await control.post('drift', { app: 'shop', noticed: false, revision: newestCommit });
    const message = await run(release);

    expect(message).toMatchObject({ outcome: 'succeeded', apps: [{ outcome: 'still-out-of-sync' }] });
    expect(message.apps[0]?.message).toContain('released 2222222, as shown');
    expect(message.apps[0]?.message).toContain('3333333');
    expect(await control.syncs()).toMatchObject([{ revision: newCommit }]);
    expect(await posts()).toBe(1);
    expect(app('shop')).toMatchObject({ sync: 'OutOfSync', target: newestCommit });
  });

  it('syncs the newest revision if the button says so', async () => {
    const { run, control } = await releasing(worldOf([shop]));
    await control.post('drift', { app: 'shop', noticed: false, revision: newestCommit });
    const message = await run(releaseOf([planned('shop')], { settings: { pinRevision: false } }));

    expect(message).toMatchObject({ outcome: 'succeeded', apps: [{ outcome: 'in-sync' }] });
    expect(await control.syncs()).toMatchObject([{ revision: '' }]);
  });

  it('leaves out an application that is in sync by now', async () => {
    const { run, posts } = await releasing(worldOf([{ name: 'shop' }]));
    expect(await run(release)).toMatchObject({
      outcome: 'succeeded',
      apps: [{ outcome: 'already-in-sync' }],
    });
    expect(await posts()).toBe(0);
  });

  it('ends if its application is gone', async () => {
    const { run, posts } = await releasing(worldOf([shop]));
    expect(await run(releaseOf([planned('missing')]))).toMatchObject({
      outcome: 'failed',
      apps: [{ outcome: 'failed', message: 'the application is gone' }],
    });
    expect(await posts()).toBe(0);
  });

  it('ends if its application is deleted during the sync', async () => {
    const { start, control, ended, posts } = await releasing(worldOf([{ ...shop, hookNeverEnds: true }]), {
      hurry: 5,
    });
    start(release);
    await until('the sync', async () => (await posts()) === 1);
    await control.post('world', { adjust: [{ name: 'shop', deleted: true, cascade: false }] });
    expect(await ended()).toMatchObject({
      outcome: 'failed',
      apps: [{ outcome: 'failed', message: 'the application is gone' }],
    });
  });
});

it('releases all applications, and no more at once than allowed', async () => {
  const names = Array.from({ length: 7 }, (_, index) => `app-${index}`);
  const { run, events } = await releasing(
    worldOf(names.map((name) => ({ name, drifted: true, syncMs: 30 }))),
    { release: { concurrency: 2 } },
  );
  const message = await run(releaseOf(names.map((name) => planned(name))));

  expect(message.outcome).toBe('succeeded');
  let running = 0;
  let most = 0;
  for (const { event } of events) {
    if (event === 'app-started') running += 1;
    if (event === 'app-finished') running -= 1;
    most = Math.max(most, running);
  }
  expect([running, most]).toEqual([0, 2]);
  expect(events.at(-1)?.event).toBe('finished');
});

describe('a worker that has been replaced', () => {
  it('sends nothing', async () => {
    const { run, posts } = await releasing(worldOf([shop]), { mayAct: () => false });
    expect(await run(release)).toMatchObject({ outcome: 'interrupted', apps: [{ outcome: 'interrupted' }] });
    expect(await posts()).toBe(0);
  });
});

describe('a runner that is stopped', () => {
  it('leaves sent syncs to the next start, which follows them', async () => {
    const slow = worldOf([{ ...shop, syncMs: 500 }]);
    const first = await releasing(slow);
    first.start(release);
    await until('the POST', async () => (await first.posts()) === 1);
    await first.runner.stop();
    await first.runner.stop();
    expect(first.finished).toEqual([]);
    expect(first.journal.lines).toMatchObject([{ type: 'app', step: 'sending' }]);

    const { argocd, control, resume, events } = await releasing(slow, { hurry: 3 });
    const [app] = release.apps;
    if (app === undefined) throw new Error('a release without applications');
    await argocd.sync(app, { prune: false, revision: newCommit, infos: infosOf(release) });
    const message = await resume({ release, fates: new Map([[keyOf(app), { sent: true }]]) });

    expect(message).toMatchObject({ id: 'r1', outcome: 'succeeded', apps: [{ outcome: 'in-sync' }] });
    expect((await control.syncs()).length).toBe(1);
    expect(events.at(-1)).toMatchObject({ event: 'finished', releaseId: 'r1' });
  });

  it('does not send what had not been sent', async () => {
    const { resume, posts } = await releasing(worldOf([shop]));
    const message = await resume({ release, fates: new Map() });
    expect(message).toMatchObject({ outcome: 'interrupted', apps: [{ outcome: 'interrupted' }] });
    expect(message.apps[0]?.message).toContain('Press again');
    expect(await posts()).toBe(0);
  });

  it('finds out that a POST never arrived', async () => {
    const { resume, posts } = await releasing(worldOf([shop]), { hurry: 5 });
    const message = await resume({ release, fates: new Map([['argocd/shop', { sent: true }]]) });
    expect(message).toMatchObject({ outcome: 'interrupted', apps: [{ outcome: 'interrupted' }] });
    expect(await posts()).toBe(0);
  });

  it('finds out that a POST arrived, although another operation has followed', async () => {
    const { resume, argocd, app } = await releasing(worldOf([shop]), { hurry: 5 });
    await argocd.sync(planned('shop'), { prune: false, revision: newCommit, infos: [] });
    await until('the other sync', () => app('shop').detail?.deployed === newCommit);
    const message = await resume({ release, fates: new Map([['argocd/shop', { sent: true }]]) });
    expect(message).toMatchObject({ outcome: 'succeeded', apps: [{ outcome: 'in-sync' }] });
  });

  it('finishes a release whose applications had ended', async () => {
    const { resume } = await releasing(worldOf([shop]));
    const end = { outcome: 'in-sync', message: 'in sync', good: true } as const;
    expect(await resume({ release, fates: new Map([['argocd/shop', { sent: true, end }]]) })).toMatchObject({
      outcome: 'succeeded',
    });
  });
});
