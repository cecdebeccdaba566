// Releases with the simulated Argo CD, over real HTTP and its event stream: how a sync ends.
import { describe, expect, it } from 'vitest';
import { worldOf } from '../../support/argocd-control.ts';
import { until } from '../../support/wait.ts';
import { newCommit, newestCommit } from '../support/records.ts';
import { planned, releaseOf } from '../support/releases.ts';
import { releasing } from '../support/runner.ts';

const shop = { name: 'shop', drifted: true, syncMs: 20 };
const release = releaseOf([planned('shop')]);

describe('a sync', () => {
  it.each(['Failed', 'Error'] as const)("that ends as %s fails with Argo CD's message", async (phase) => {
    const { run } = await releasing(
      worldOf([{ ...shop, fails: { phase, message: 'one or more objects failed' } }]),
    );
    expect(await run(release)).toMatchObject({
      outcome: 'failed',
      apps: [{ outcome: 'failed', message: 'one or more objects failed' }],
    });
  });

  it('that somebody terminates is terminated', async () => {
    const { start, control, ended, app } = await releasing(worldOf([{ ...shop, hookNeverEnds: true }]));
    start(release);
    await until('the sync to run', () => app('shop').phase === 'Running');
    await fetch(`${control.url}/api/v1/applications/shop/operation`, {
      method: 'DELETE',
      headers: { authorization: 'Bearer simulated', 'content-type': 'application/json' },
    });
    expect(await ended()).toMatchObject({ outcome: 'failed', apps: [{ outcome: 'terminated' }] });
  });

  it("that never ends times out with Argo CD's last message", async () => {
    const { run } = await releasing(worldOf([{ ...shop, hookNeverEnds: true }]), {
      hurry: 4,
      release: { appTimeoutMs: 12_000 },
    });
    const message = await run(release);
    expect(message).toMatchObject({ outcome: 'timed-out', apps: [{ outcome: 'timed-out' }] });
    expect(message.apps[0]?.message).toContain('waiting for completion of hook');
  });

  it('that leaves resources to prune does not succeed, and the button can prune', async () => {
    const left = { ...shop, drifted: false, pruneNeeded: [{ kind: 'ConfigMap', name: 'old' }] };
    const { start, ended, run, finished } = await releasing(worldOf([left]), { hurry: 4 });
    start(release);
    expect(await ended()).toMatchObject({ outcome: 'failed', apps: [{ outcome: 'still-out-of-sync' }] });
    expect(finished[0]?.apps[0]?.message).toContain('prune');

    finished.length = 0;
    expect(await run(releaseOf([planned('shop')], { id: 'r2', settings: { prune: true } }))).toMatchObject({
      outcome: 'succeeded',
    });
  });

  describe('while the branch moves on by a commit that does not change the application', () => {
    const elsewhere = { app: 'shop', kind: 'elsewhere', revision: newestCommit };
    const repair = releaseOf([planned('shop', { from: newCommit })]);

    it.each([
      ['leaves something to prune', { pruneNeeded: [{ kind: 'ConfigMap', name: 'old' }] }, 'prune: true'],
      [
        'is undone in the cluster',
        { edited: ['ConfigMap/shop'], changedAgain: true },
        'reverts what the sync changed',
      ],
    ])('and that %s is no success, press after press', async (_, behaviour, why) => {
      const { run, control, app, finished } = await releasing(
        worldOf([{ ...shop, drifted: false, ...behaviour }]),
        { hurry: 4 },
      );
      for (const id of ['r1', 'r2']) {
        await control.post('drift', { ...elsewhere, revision: (id === 'r1' ? '3' : '4').repeat(40) });
        await until(
          'Argo CD to notice',
          () => app('shop').target?.startsWith(id === 'r1' ? '3' : '4') === true,
        );
        finished.length = 0;
        expect(await run({ ...repair, id })).toMatchObject({
          outcome: 'failed',
          apps: [{ outcome: 'still-out-of-sync', message: expect.stringContaining(why) }],
        });
      }
    });

    it('that deploys something and leaves resources to prune reports both', async () => {
      const left = { ...shop, pruneNeeded: [{ kind: 'ConfigMap', name: 'old' }] };
      const { run, control } = await releasing(worldOf([left]), { hurry: 4 });
      await control.post('drift', elsewhere);
      expect(await run(release)).toMatchObject({
        outcome: 'failed',
        apps: [{ message: expect.stringMatching(/released 2222222, as shown, but .* pruned .* 3333333/) }],
      });
    });

    it.each([
      ['was a new commit', { drifted: true }, release],
      ['was an edit in the cluster', { drifted: false, edited: ['ConfigMap/shop'] }, repair],
    ])('and that achieved it is a success, where the drift %s', async (_, behaviour, planned) => {
      const { run, control } = await releasing(worldOf([{ ...shop, ...behaviour }]), { hurry: 4 });
      await control.post('drift', elsewhere);
      expect(await run(planned)).toMatchObject({ outcome: 'succeeded' });
    });
  });

  it('is followed without the stream', async () => {
    const { run, control } = await releasing(worldOf([shop]), { hurry: 5 });
    await control.post('faults', { streams: { silent: true } });
    expect(await run(release)).toMatchObject({ outcome: 'succeeded', apps: [{ outcome: 'in-sync' }] });
  });

  it('waits for health if configured, even without the stream', async () => {
    const rolling = {
      ...shop,
      resources: [{ group: 'apps', kind: 'Deployment', name: 'shop' }],
      rolloutMs: 300,
    };
    const { run, control } = await releasing(worldOf([rolling]), {
      release: { waitHealthy: true },
      hurry: 10,
    });
    await control.post('faults', { streams: { silent: true } });
    expect(await run(release)).toMatchObject({ outcome: 'succeeded', apps: [{ outcome: 'in-sync' }] });
  });
});
