// To the client, the simulated Argo CD and the recorded one are the same: what works with one works with the other.
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ArgoCd } from '../../../release-worker/argocd/client.ts';
import { ArgoCdError } from '../../../release-worker/argocd/errors.ts';
import { fixedSecret } from '../../../release-worker/argocd/secret-source.ts';
import { arrange } from '../../argocd/recorded/arrangement.ts';
import { play, startArranged } from '../../argocd/recorded/playback.ts';
import { tokenFor } from '../../argocd/recorded/recorded-world.ts';
import { allRecordings } from '../../argocd/recorded/recordings.ts';
import { argocdControl } from '../../support/argocd-control.ts';
import { until } from '../../support/wait.ts';
import { follow } from './follow.ts';
import { clientOf, clientOfPlayed } from './playback.ts';
import { refusalOf } from './situations.ts';

const all = allRecordings();
const app = (name: string, project = 'default', namespace = 'argocd') => ({ namespace, name, project });
const sync =
  (name: string, project?: string, revision?: string) =>
  (argocd: ArgoCd): Promise<unknown> =>
    argocd.sync(app(name, project), {
      prune: false,
      infos: [{ name: 'release-id', value: 'r1' }],
      ...(revision === undefined ? {} : { revision }),
    });
const get = (name: string, project?: string) => (argocd: ArgoCd) => argocd.get(app(name, project));
const metadata = (name: string, revision: string) => (argocd: ArgoCd) =>
  argocd.revisionMetadata(app(name), revision);
const someCommit = '775f821e07a9223a9d0996d95f65dbf4d030f770';

/** Refusals of both, by the name of the recording. The client always names the project. */
const refused: Record<string, (argocd: ArgoCd) => Promise<unknown>> = {
  'project-get-button': (argocd) => argocd.projectWindows('frozen'),
  'list-invalid-token': (argocd) => argocd.list(),
  'list-bad-signature': (argocd) => argocd.list(),
  'list-expired-token': (argocd) => argocd.list(),
  'list-revoked-token': (argocd) => argocd.list(),
  'get-missing-with-project': get('no-such-app'),
  'get-forbidden-with-project': get('checkout'),
  'get-wrong-project': get('guestbook', 'platform'),
  'get-project-missing': get('orphan', 'no-such-project'),
  'kubernetes-api-down-get-with-project': get('guestbook'),
  'revision-metadata-forbidden': metadata('checkout', '144f3180ca77e3565009c890546072671af96ac4'),
  'revision-metadata-branch-name': metadata('guestbook', 'main'),
  'revision-metadata-unknown-sha': metadata('guestbook', '0'.repeat(40)),
  'repo-server-down-revision-metadata': metadata('payments', 'fe4c2847afb5c15987d8f4e792cd423614de167a'),
  'sync-invalid-token': sync('guestbook'),
  'sync-bad-signature': sync('guestbook'),
  'sync-revoked-token': sync('guestbook'),
  'sync-missing-with-project': sync('no-such-app'),
  'sync-wrong-project': sync('guestbook', 'platform'),
  'sync-project-missing': sync('orphan', 'no-such-project'),
  'sync-forbidden': sync('gateway', 'platform'),
  'sync-forbidden-viewer': sync('guestbook'),
  'sync-forbidden-no-get': sync('checkout'),
  'sync-window-blocked': sync('vault', 'frozen'),
  'sync-window-blocked-viewer': sync('vault', 'frozen'),
  'sync-while-running': sync('migrate'),
  'sync-while-pending-or-running': sync('migrate'),
  'controller-down-sync-again': sync('payments'),
  'sync-automated-with-revision': sync('autopilot', 'default', someCommit),
  'sync-revision-unknown-branch': sync('payments', 'default', 'no-such-branch'),
  'repo-server-down-sync': sync('payments'),
  'kubernetes-api-down-sync': sync('guestbook'),
  'sync-while-deleting': sync('prunable'),
};

/** Answers of both. */
const answered: Record<string, (argocd: ArgoCd) => Promise<unknown>> = {
  'userinfo-with-token': (argocd) => argocd.account(),
  'userinfo-blind': (argocd) => argocd.account(),
  'userinfo-invalid-token': (argocd) => argocd.account(),
  'userinfo-expired-token': (argocd) => argocd.account(),
  'list-no-visible-applications': (argocd) => argocd.list(),
  'can-i-sync-app-yes': (argocd) => argocd.maySync(app('guestbook')),
  'can-i-sync-yes': (argocd) => argocd.maySyncAll('default'),
  'can-i-sync-blind': (argocd) => argocd.maySync(app('guestbook', 'default', '')),
  'can-i-sync-app-no': (argocd) => argocd.maySync(app('gateway', 'platform', '')),
  'syncwindows-none': (argocd) => argocd.syncWindows(app('guestbook')),
  'syncwindows-blocked': (argocd) => argocd.syncWindows(app('vault', 'frozen')),
  'syncwindows-manual-allowed': (argocd) => argocd.syncWindows(app('vault', 'frozen')),
  'revision-metadata': metadata('guestbook', '144f3180ca77e3565009c890546072671af96ac4'),
  'sync-ok-with-infos': sync('guestbook'),
  'sync-pinned-revision': sync('payments', 'default', '8d06d94c6aa3d45bcd75e1ba6fc84cb3d503a616'),
  'sync-automated-without-revision': sync('autopilot'),
  'sync-window-manual-allowed': sync('vault', 'frozen'),
};

/** A client of a simulator in the state in which the recording was made. */
async function simulated(name: string): Promise<{ argocd: ArgoCd; url: string }> {
  const one = all.get(name);
  if (one === undefined) throw new Error(`the simulator's tests have no recording ${name}`);
  const arrangement = arrange(one, all);
  const { simulator, url } = await startArranged(arrangement);
  onTestFinished(() => simulator.stop());
  for (const earlier of arrangement.before) await play(url, earlier);
  return { argocd: clientOf(url, { token: tokenFor(one.token, one.request.account) }), url };
}

describe('the simulated and the recorded Argo CD', () => {
  it.each(Object.entries(refused))('give the same refusal: %s', async (name, ask) => {
    const recorded = await refusalOf(ask((await clientOfPlayed(name)).argocd));
    const { kind, status, message } = await refusalOf(ask((await simulated(name)).argocd));
    expect({ kind, status }).toEqual({ kind: recorded.kind, status: recorded.status });
    expect(firstWords(message)).toBe(firstWords(recorded.message));
  });

  it.each(Object.entries(answered))('give the same answer: %s', async (name, ask) => {
    const recorded = await ask((await clientOfPlayed(name)).argocd);
    expect(await ask((await simulated(name)).argocd)).toEqual(recorded);
  });

  it.each(['stream-no-token-with-fields', 'stream-bad-signature', 'stream-open-revoked-token'])(
    'refuse a stream alike: %s',
    async (name) => {
      const { end } = follow((await simulated(name)).argocd);
      expect(await end).toMatchObject({ kind: 'unauthenticated', status: 401 });
    },
  );

  it('differ, because the simulated one says that it is simulated', async () => {
    const { argocd } = await simulated('version-with-token');
    expect(await argocd.version()).toMatchObject({ simulated: true });
    expect(await (await clientOfPlayed('version-with-token')).argocd.version()).toMatchObject({
      simulated: false,
    });
  });

  it('show the same application in a GET, in a list and on the stream', async () => {
    const { argocd } = await simulated('get-multi-source');
    const expected = await (await clientOfPlayed('get-multi-source')).argocd.get(app('catalog'));
    const got = await until('the sync before to be over', async () => {
      const now = await argocd.get(app('catalog'));
      return now.phase === 'Succeeded' && now.sync === 'Synced' ? now : undefined;
    });
    // Times are the simulator's own.
    expect({ ...got, startedAt: '', finishedAt: '' }).toEqual({ ...expected, startedAt: '', finishedAt: '' });

    const { events, abort, end } = follow(argocd);
    const streamed = await until('the application on the stream', () =>
      events.find(([, { name }]) => name === 'catalog'),
    );
    const { appOfApps, ...detail } = got.detail ?? {};
    expect(appOfApps).toBe(false);
    expect(streamed).toEqual(['changed', { ...got, detail }]);
    abort();
    await end;

    const listed = (await argocd.list()).find(({ name }) => name === 'catalog');
    const { detail: _, ...rest } = got;
    expect(listed).toEqual({ ...rest, target: undefined });
  });
});

/** Without the server's own text. */
function firstWords(message: string): string {
  return message.replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, '<server>').split(':')[0] ?? '';
}

describe('faults of the simulator', () => {
  const unsure = [
    [{ status: 408, carriedOut: true }, 'unsure', 1],
    [{ status: 408 }, 'unsure', 0],
    [{ status: 502, carriedOut: true }, 'unsure', 1],
    [{ status: 503 }, 'unavailable', 0],
    [{ cut: 'before' }, 'unsure', 0],
    [{ cut: 'after' }, 'unsure', 1],
    [{ hang: true }, 'unsure', 0],
    [{ delayMs: 60_000 }, 'unsure', 1],
  ] as const;

  it.each(unsure)('%j is %s to the client, after %i syncs', async (fault, kind, count) => {
    const { argocd, url } = await simulated('sync-ok-with-infos');
    const control = argocdControl(url);
    await control.post('faults', { requests: [{ method: 'POST', path: '*/sync', ...fault }] });
    const short = clientOf(url, { token: tokenFor('valid', 'button'), requestTimeoutMs: 2_000 });
    expect(await refusalOf(sync('guestbook')(short))).toMatchObject({ kind });
    expect(await control.syncs()).toHaveLength(count);
    // Whether something of ours was carried out can only be seen afterwards.
    if (count === 0) expect((await argocd.get(app('guestbook'))).detail?.operation).toEqual({});
    else
      await until('our operation', async () => {
        const { detail } = await argocd.get(app('guestbook'));
        return detail?.operation.releaseId === 'r1';
      });
  });

  it('a stream that it cuts ends', async () => {
    const { argocd, url } = await simulated('sync-ok-with-infos');
    const { events, end } = follow(argocd);
    await until('events', () => events.length > 0);
    await argocdControl(url).post('faults', { streams: { cut: true } });
    expect(await end).toBeInstanceOf(ArgoCdError);
    expect((await end).kind).toBe('unavailable');
  });
});

it('an account with a permission by namespace may sync, and sees the result', async () => {
  const { url } = await simulated('sync-other-namespace-body');
  await argocdControl(url).post('world', {
    access: {
      accounts: [{ name: 'team', get: ['*'], sync: ['default/team-b/*'] }],
      tokens: [{ token: 'team-token', account: 'team' }],
    },
  });
  const argocd = clientOf(url, { token: 'team-token' });
  const search = app('search', 'default', 'team-b');
  expect(await argocd.maySync(search)).toBe(true);
  await argocd.sync(search, { prune: false, infos: [] });
  expect(await argocd.maySync(app('guestbook'))).toBe(false);
  expect(await refusalOf(sync('guestbook')(argocd))).toMatchObject({ kind: 'not-permitted' });
});

it('lets only accounts of its world log in', async () => {
  const { url } = await simulated('sync-ok-with-infos');
  const as = (username: string, password: string) =>
    clientOf(url, { credentials: { username, password: fixedSecret(password) } });
  expect(await as('admin', '<password>').account()).toBe('admin');
  const refusal = await refusalOf(as('admin', 'another password').account());
  expect(refusal).toMatchObject({ kind: 'unauthenticated', status: 401 });
  expect(refusal.message).not.toContain('another password');
});
