// A rollback is a sync that is pinned to a previously deployed revision. With the simulated Argo CD.
import { describe, expect, it } from 'vitest';
import { worldOf } from '../../support/argocd-control.ts';
import { newCommit, oldCommit } from '../support/records.ts';
import { planned, releaseOf } from '../support/releases.ts';
import { releasing } from '../support/runner.ts';

const shop = {
  name: 'shop',
  syncMs: 20,
  deployed: [newCommit],
  history: [
    { id: 0, revisions: [oldCommit] },
    { id: 1, revisions: [newCommit] },
  ],
};
const back = releaseOf([planned('shop', { from: newCommit, to: oldCommit })], {
  action: 'rollback',
  settings: { refresh: 'none' },
});

describe('a rollback', () => {
  it('goes to the revision of the history, with our infos, although the application is in sync', async () => {
    const { run, app, control } = await releasing(worldOf([shop]));
    expect(app('shop')).toMatchObject({
      sync: 'Synced',
      detail: { deployed: newCommit, previous: oldCommit },
    });
    const release = await run(back);
    expect(release).toMatchObject({
      action: 'rollback',
      outcome: 'succeeded',
      apps: [
        {
          outcome: 'still-out-of-sync',
          message: 'rolled back to 1111111; the target is 2222222, which stays as drift',
        },
      ],
    });
    expect(app('shop')).toMatchObject({ sync: 'OutOfSync', detail: { deployed: oldCommit } });
    expect(await control.syncs()).toMatchObject([
      { revision: oldCommit, infos: [{ name: 'release-id', value: 'r1' }, {}, {}] },
    ]);
  });

  it('is refused with a reason if automated sync was enabled in the meantime', async () => {
    const { run, control } = await releasing(worldOf([shop]));
    await control.post('world', { adjust: [{ name: 'shop', automated: true }] });
    const release = await run(releaseOf(back.apps, { action: 'rollback', settings: { refresh: 'normal' } }));
    expect(release.apps[0]).toMatchObject({
      outcome: 'refused',
      message: expect.stringContaining('automated sync would undo a rollback'),
    });
    expect(await control.syncs()).toEqual([]);
  });
});

it('a dry run changes nothing, and says so', async () => {
  const { run, app } = await releasing(worldOf([{ ...shop, deployed: [oldCommit], history: undefined }]));
  const release = await run(releaseOf([planned('shop')], { settings: { dryRun: true } }));
  expect(release).toMatchObject({
    outcome: 'succeeded',
    apps: [{ outcome: 'still-out-of-sync', message: expect.stringContaining('dry run') }],
  });
  expect(app('shop').detail?.deployed).toBe(oldCommit);
});
