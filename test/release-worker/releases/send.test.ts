// Releases with the simulated Argo CD, over real HTTP and its event stream: what is sent, and what is not.
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { infosOf } from '../../../release-worker/releases/release.ts';
import { worldOf } from '../../support/argocd-control.ts';
import { until } from '../../support/wait.ts';
import { newCommit, newestCommit, oldCommit } from '../support/records.ts';
import { planned, releaseOf } from '../support/releases.ts';
import { releasing } from '../support/runner.ts';

const shop = { name: 'shop', drifted: true, syncMs: 20 };
const release = releaseOf([planned('shop')]);
const sync = '/api/v1/applications/shop/sync';

function changedWorld(change: object, apps: Parameters<typeof worldOf>[0] = [shop]): unknown {
  return { ...JSON.parse(JSON.stringify(worldOf(apps))), ...change };
}

describe('the journal line before a sync', () => {
  const noting = async (options: Parameters<typeof releasing>[1] = {}) => {
    const made = await releasing(worldOf([shop]), options);
    let written = () => {};
    let failed: (error: Error) => void = () => {};
    let noted = false;
    const { append } = made.journal;
    Object.assign(made.journal, {
      append: async (...[line, how]: Parameters<typeof append>) => {
        if (line.type === 'app' && line.step === 'sending') {
          expect(how).toEqual({ flush: true });
          noted = true;
          await new Promise<void>((resolve, reject) => {
            written = resolve;
            failed = reject;
          });
        }
        await append(line, how);
      },
    });
    made.start(releaseOf([planned('shop')], { settings: { refresh: 'none' } }));
    await until('the note', () => noted);
    // This many round trips take longer than one request.
    for (let way = 0; way < 20; way += 1) expect(await made.posts()).toBe(0);
    return { ...made, written, failed };
  };

  it('is on disk before any part of the sync is sent', async () => {
    const { written, posts, ended } = await noting();
    written();
    expect(await ended()).toMatchObject({ outcome: 'succeeded' });
    expect(await posts()).toBe(1);
  });

  it('prevents the sync if it cannot be written', async () => {
    const { failed, posts, ended } = await noting();
    failed(new Error('the disk is full'));
    expect(await ended()).toMatchObject({
      apps: [{ outcome: 'failed', message: 'not sent: the disk is full' }],
    });
    expect(await posts()).toBe(0);
  });

  it('is not followed by the sync if another worker has taken over in the meantime', async () => {
    let ours = true;
    const { written, posts, ended } = await noting({ mayAct: () => ours });
    ours = false;
    written();
    expect(await ended()).toMatchObject({
      apps: [{ outcome: 'interrupted', message: 'never sent: another worker has taken over' }],
    });
    expect(await posts()).toBe(0);
  });
});

describe('an application with several sources', () => {
  const sources = [
    { repoURL: 'https://git.example/shop.git', path: 'a', targetRevision: 'main' },
    { repoURL: 'https://git.example/shop.git', path: 'b', targetRevision: 'main' },
  ];
  it.each([1, 2])('is pinned by the revisions of its %i sources', async (count) => {
    const of = (commit: string) => sources.slice(0, count).map(() => commit);
    const world = {
      repositories: [
        {
          url: 'https://git.example/shop.git',
          commits: [oldCommit, newCommit].map((revision) => ({
            revision,
            author: 'Robin Reviewer <robin@example.com>',
            date: '2026-01-01T00:00:00Z',
            message: 'a change',
          })),
        },
      ],
      applications: [
        {
          name: 'shop',
          sources: sources.slice(0, count),
          resources: [{ kind: 'ConfigMap', name: 'shop' }],
          deployed: of(oldCommit),
          syncMs: 20,
        },
      ],
    };
    const { run, control, app, registry } = await releasing(world, { hurry: 4 });
    expect(app('shop').target).toBe(of(newCommit).join(','));
    await control.post('drift', { app: 'shop', noticed: false, revision: newestCommit });
    const message = await run(
      releaseOf([planned('shop', { sources: count, from: of(oldCommit).join(), to: of(newCommit).join() })]),
    );

    expect(message).toMatchObject({ outcome: 'succeeded', apps: [{ outcome: 'still-out-of-sync' }] });
    expect(registry.get('argocd/shop')?.detail?.deployed).toBe(of(newCommit).join(','));
  });

  it('is not released if its target was not shown', async () => {
    const { run, posts } = await releasing(worldOf([shop]));
    const message = await run(releaseOf([planned('shop', { sources: 2, to: '' })]));
    expect(message).toMatchObject({ outcome: 'failed', apps: [{ outcome: 'changed' }] });
    expect(await posts()).toBe(0);
  });
});

describe('an automated application', () => {
  // Argo CD does not retry by itself what it has tried already.
  const tried = { phase: 'Failed', startedAt: '2026-01-01T00:00:00Z', syncResult: { revision: newCommit } };
  const world = worldOf([{ ...shop, automated: true, operationState: tried }]);
  const automated = releaseOf([planned('shop', { automated: true })]);

  it('is synced without a pin while its target is the one that was shown', async () => {
    const { run, control } = await releasing(world);
    expect(await run(automated)).toMatchObject({ outcome: 'succeeded', apps: [{ outcome: 'in-sync' }] });
    expect(await control.syncs()).toMatchObject([{ revision: '' }]);
  });

  it('is not synced when its target has changed', async () => {
    const { run, control, posts } = await releasing(world);
    await control.post('drift', { app: 'shop', noticed: false, revision: newestCommit });
    const message = await run(automated);
    expect(['changed', 'already-in-sync']).toContain(message.apps[0]?.outcome);
    expect(await posts()).toBe(0);
  });

  it('is not synced if its target cannot be read', async () => {
    const { run, control, posts } = await releasing(world);
    await control.post('faults', {
      requests: [{ method: 'GET', path: '/api/v1/applications/shop', status: 503 }],
    });
    expect(await run(automated)).toMatchObject({ outcome: 'failed', apps: [{ outcome: 'changed' }] });
    expect(await posts()).toBe(0);
  });

  it('that became automated later is not synced either', async () => {
    const { run, posts } = await releasing(world);
    expect(await run(release)).toMatchObject({ apps: [{ outcome: 'in-sync' }] });
    expect(await posts()).toBe(1);
  });
});

describe('Argo CD refuses', () => {
  it('outside a sync window', async () => {
    const { run, refusals } = await releasing(
      changedWorld({ projects: [{ name: 'default', windows: [{ kind: 'deny' }] }] }),
    );
    const message = await run(release);
    expect(message).toMatchObject({ outcome: 'failed', apps: [{ outcome: 'refused' }] });
    expect(message.apps[0]?.message).toContain('sync window');
    expect(refusals).toEqual([['argocd/shop', 'blocked-by-window']]);
  });

  it('without the permission', async () => {
    const { run, refusals } = await releasing(changedWorld({ accounts: [{ name: 'button', get: ['*'] }] }));
    const message = await run(release);
    expect(message).toMatchObject({ outcome: 'failed', apps: [{ outcome: 'refused' }] });
    expect(message.apps[0]?.message).toContain('permission denied');
    expect(refusals).toEqual([['argocd/shop', 'not-permitted']]);
  });
});

describe('sync options and retries of a button', () => {
  const own = {
    syncOptions: ['CreateNamespace=true', 'PruneLast=false'],
    retry: { limit: 5, refresh: true },
  };
  const operationSchema = z.object({
    status: z.object({
      operationState: z.object({
        operation: z.object({
          sync: z.object({ syncOptions: z.optional(z.array(z.string())) }),
          retry: z.unknown(),
        }),
      }),
    }),
  });
  const sent = async (settings: Parameters<typeof releaseOf>[1]) => {
    const made = await releasing(worldOf([{ ...shop, deployed: null, syncPolicy: own }]));
    const ended = await made.run(releaseOf([planned('shop', { from: '' })], settings));
    const answer = await fetch(`${made.control.url}/api/v1/applications/shop`, {
      headers: { authorization: 'Bearer simulated' },
    });
    const { sync, retry } = operationSchema.parse(await answer.json()).status.operationState.operation;
    return { ended, syncOptions: sync.syncOptions, retry };
  };
  const options = { syncOptions: ['PruneLast=true', 'ServerSideApply=true'], retry: { limit: 2, factor: 3 } };

  it.each(['normal', 'none'] as const)(
    'are added to those of the application (refresh: %s)',
    async (refresh) => {
      expect(await sent({ settings: { refresh, ...options } })).toMatchObject({
        ended: { outcome: 'succeeded' },
        syncOptions: ['CreateNamespace=true', 'PruneLast=true', 'ServerSideApply=true'],
        retry: { limit: 2, refresh: true, backoff: { factor: 3 } },
      });
    },
  );

  it.each([
    ['sync options', { syncOptions: options.syncOptions }, { retry: own.retry }],
    ['retries', { retry: options.retry }, { syncOptions: own.syncOptions }],
    ['either', {}, own],
  ])('without %s leave those of the application to Argo CD', async (_, settings, expected) => {
    expect(await sent({ settings })).toMatchObject({ ended: { outcome: 'succeeded' }, ...expected });
  });

  it('replace those of the application if the button says so', async () => {
    const retry = { limit: 1, backoffMs: 10 };
    expect(await sent({ settings: { ...options, retry, syncOptionsMode: 'replace' } })).toEqual({
      ended: expect.objectContaining({
        outcome: 'failed',
        apps: [
          expect.objectContaining({ message: expect.stringContaining('namespaces "default" not found') }),
        ],
      }),
      syncOptions: options.syncOptions,
      retry: { limit: 1, backoff: { duration: '10ms' } },
    });
  });

  it('are not sent if those of the application cannot be read', async () => {
    const { run, control, posts } = await releasing(worldOf([shop]));
    await control.post('faults', { requests: [{ method: 'GET', path: '*/shop', status: 403 }] });
    expect(
      await run(releaseOf([planned('shop')], { settings: { refresh: 'none', ...options } })),
    ).toMatchObject({
      outcome: 'failed',
      apps: [
        {
          message: expect.stringMatching(/^not sent: the application's own sync options.*could not be read/),
        },
      ],
    });
    expect(await posts()).toBe(0);
  });
});

describe('an operation in progress', () => {
  const slow = { ...shop, syncMs: 600 };

  it('of somebody else that deploys something else is not followed', async () => {
    const { run, argocd, posts, app } = await releasing(worldOf([{ ...shop, hookNeverEnds: true }]));
    await argocd.sync(planned('shop'), { prune: false, revision: oldCommit, infos: [] });
    expect(await run(release)).toMatchObject({
      outcome: 'failed',
      apps: [
        {
          outcome: 'in-progress',
          message: expect.stringMatching(
            /somebody else's operation to 1111111 is in progress, but 2222222 was shown/,
          ),
        },
      ],
    });
    expect(app('shop').phase).toBe('Running');
    expect(await posts()).toBe(2);
  });

  it('of another release is reported as such', async () => {
    const { run, argocd } = await releasing(worldOf([{ ...shop, hookNeverEnds: true }]));
    const infos = infosOf(releaseOf([planned('shop')], { id: 'r0' }));
    await argocd.sync(planned('shop'), { prune: false, revision: oldCommit, infos });
    expect(await run(release)).toMatchObject({
      apps: [
        {
          outcome: 'in-progress',
          message: 'not sent: the sync of release r0 to 1111111 is in progress, but 2222222 was shown',
        },
      ],
    });
  });

  it.each([
    ['of a part', { resources: [{ kind: 'ConfigMap', name: 'shop' }] }],
    ['for show', { dryRun: true }],
  ])('of somebody else that is a sync %s does not count', async (_, body) => {
    const { run, control } = await releasing(worldOf([slow]));
    await fetch(control.url + sync, {
      method: 'POST',
      headers: { authorization: 'Bearer simulated', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(await run(release)).toMatchObject({ outcome: 'failed', apps: [{ outcome: 'in-progress' }] });
  });

  it('of somebody else that deploys the revision that was shown is followed', async () => {
    const { run, argocd, posts } = await releasing(worldOf([slow]));
    await argocd.sync(planned('shop'), { prune: false, infos: [] });
    expect(await run(release)).toMatchObject({ outcome: 'succeeded', apps: [{ outcome: 'in-sync' }] });
    expect(await posts()).toBe(2);
  });

  it('of somebody else is not terminated by a request, but no longer waited for', async () => {
    const { start, running, ended, argocd, app, currents } = await releasing(
      worldOf([{ ...shop, hookNeverEnds: true }]),
    );
    await argocd.sync(planned('shop'), { prune: false, infos: [] });
    start(release);
    await until('the release to follow it', () => currents.at(-1)?.apps[0]?.phase === 'running');
    running.terminate(undefined);
    expect(await ended()).toMatchObject({ apps: [{ outcome: 'terminated' }] });
    expect(app('shop').phase).toBe('Running');
  });

  describe('by automated sync, which was faster than the press', () => {
    const automated = { name: 'shop', automated: true };
    const press = releaseOf([planned('shop', { from: newCommit, to: newestCommit, automated: true })]);
    const pushed = { app: 'shop', revision: newestCommit, noticed: false };

    it('is followed to its end', async () => {
      const { run, control, posts } = await releasing(worldOf([{ ...automated, syncMs: 600 }]));
      await control.post('drift', pushed);
      expect(await run(press)).toMatchObject({ outcome: 'succeeded', apps: [{ outcome: 'in-sync' }] });
      expect(await posts()).toBe(1);
    });

    it('that fails is reported as failed', async () => {
      const { start, ended, control, currents } = await releasing(
        worldOf([{ ...automated, syncMs: 600, syncPolicy: { automated: {} }, hookNeverEnds: true }]),
      );
      await control.post('drift', pushed);
      start(press);
      await until('the release to follow it', () => currents.at(-1)?.apps[0]?.phase === 'running');
      await fetch(`${control.url}/api/v1/applications/shop/operation`, {
        method: 'DELETE',
        headers: { authorization: 'Bearer simulated', 'content-type': 'application/json' },
      });
      expect(await ended()).toMatchObject({
        outcome: 'failed',
        apps: [
          {
            outcome: 'in-progress',
            message: expect.stringMatching(/automated sync to 3333333 ended as Failed/),
          },
        ],
      });
    });
  });

  it('of this release itself is followed', async () => {
    const { run, argocd, control } = await releasing(worldOf([slow]));
    const [app] = release.apps;
    if (app === undefined) throw new Error('a release without applications');
    await argocd.sync(app, { prune: false, revision: newCommit, infos: infosOf(release) });
    expect(await run(release)).toMatchObject({ outcome: 'succeeded', apps: [{ outcome: 'in-sync' }] });
    expect((await control.syncs()).filter(({ status }) => status === 200).length).toBe(1);
  });

  it('of another release of ours blocks a second one of the application', async () => {
    const { start, finished, posts, events } = await releasing(worldOf([slow]));
    start(release);
    start(releaseOf([planned('shop')], { id: 'r2', pressId: 'p2', button: 'side' }));
    await until('both ends', () => finished.length === 2);

    expect(finished).toMatchObject([
      { id: 'r2', apps: [{ outcome: 'in-progress' }] },
      { id: 'r1', outcome: 'succeeded' },
    ]);
    expect(await posts()).toBe(1);
    expect(events.filter(({ event }) => event === 'finished').length).toBe(2);
  });
});

describe('a lost answer to the POST', () => {
  it.each([
    ['cut after it was taken', { cut: 'after' }],
    ['408 although the sync was carried out', { status: 408, carriedOut: true }],
    ['502 although the sync was carried out', { status: 502, carriedOut: true }],
    ['504 although the sync was carried out', { status: 504, carriedOut: true }],
    ['503 although the sync was carried out', { status: 503, carriedOut: true }],
    ['late', { delayMs: 700 }],
  ])('(%s) leads to a look, and the sync is followed', async (_, fault) => {
    const { run, control, posts } = await releasing(worldOf([shop]), { hurry: 4, requestTimeoutMs: 400 });
    await control.post('faults', { requests: [{ method: 'POST', path: sync, ...fault }] });
    expect(await run(release)).toMatchObject({ outcome: 'succeeded', apps: [{ outcome: 'in-sync' }] });
    expect(await posts()).toBe(1);
  });

  it.each([
    ['cut before it was taken', { cut: 'before' }],
    ['408 and not taken', { status: 408 }],
    ['502 and not taken', { status: 502 }],
    ['no answer ever', { hang: true }],
  ])('(%s) never leads to a second POST', async (_, fault) => {
    const { run, control, posts } = await releasing(worldOf([shop]), { hurry: 20, requestTimeoutMs: 400 });
    await control.post('faults', { requests: [{ method: 'POST', path: sync, ...fault }] });
    const message = await run(release);

    expect(message).toMatchObject({ outcome: 'failed', apps: [{ outcome: 'failed' }] });
    expect(message.apps[0]?.message).toContain('Press again');
    expect(await posts()).toBe(1);
    expect((await control.syncs()).filter(({ status }) => status === 200)).toEqual([]);
  });

  it('ends as timed out if Argo CD cannot be asked', async () => {
    const { run, control, posts } = await releasing(worldOf([shop]), {
      hurry: 10,
      release: { appTimeoutMs: 8_000 },
    });
    await control.post('faults', {
      requests: [
        { method: 'POST', path: sync, status: 504 },
        { method: 'GET', path: '/api/v1/applications/shop', status: 503 },
      ],
    });
    expect(await run(release)).toMatchObject({ outcome: 'timed-out', apps: [{ outcome: 'timed-out' }] });
    expect(await posts()).toBe(1);
  });
});

describe('a refresh that does not answer', () => {
  it('does not prevent the release of the revision that was shown', async () => {
    const { start, control, ended, posts } = await releasing(worldOf([shop]), {
      release: { refreshTimeoutMs: 200 },
    });
    await control.post('faults', { controllerDown: true });
    start(release);
    await until('the POST', async () => (await posts()) === 1);
    await control.post('faults', { controllerDown: false });
    expect(await ended()).toMatchObject({ outcome: 'succeeded', apps: [{ outcome: 'in-sync' }] });
    expect(await control.syncs()).toMatchObject([{ revision: newCommit }]);
  });
});
