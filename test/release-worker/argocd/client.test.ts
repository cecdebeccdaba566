// The client sends the requests that Argo CD expects, and understands the answers recorded from one.
import { describe, expect, it } from 'vitest';
import type { SyncRequest } from '../../../release-worker/argocd/client.ts';
import { clientOf, clientOfPlayed, serve } from './playback.ts';
import { recording } from './recordings.ts';

const guestbook = { namespace: 'argocd', name: 'guestbook', project: 'default' };
const payments = { namespace: 'argocd', name: 'payments', project: 'default' };
const catalog = { namespace: 'argocd', name: 'catalog', project: 'default' };

describe('version and account', () => {
  it('returns the version, and that a real Argo CD is not simulated', async () => {
    const { argocd } = await clientOfPlayed('version-with-token');
    expect(await argocd.version()).toEqual({ version: 'v3.6.0+37ee009', simulated: false });
  });

  it.each([
    { by: 'a header', headers: { 'x-simulated': 'argocd' }, version: 'v3.6.0' },
    { by: 'the version, where a proxy has dropped the header', headers: {}, version: 'v3.6.0+simulated' },
  ])('knows a simulated server by $by', async ({ headers, version }) => {
    const { url } = await serve((response) => {
      response.writeHead(200, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify({ Version: version }));
    });
    expect(await clientOf(url).version()).toEqual({ version, simulated: true });
  });

  it('returns the account of the token', async () => {
    const { argocd } = await clientOfPlayed('userinfo-with-token');
    expect(await argocd.account()).toBe('button');
  });

  it.each(['userinfo-no-token', 'userinfo-invalid-token', 'userinfo-expired-token'])(
    'takes the 200 of %s for what it is: nobody',
    async (name) => {
      const { argocd } = await clientOfPlayed(name);
      expect(await argocd.account()).toBeUndefined();
    },
  );
});

describe('list', () => {
  it('requests the members of a record, and lists applications without detail', async () => {
    const { argocd, served } = await clientOfPlayed('list-fields-all-known');
    expect(await argocd.list()).toEqual([
      {
        namespace: 'argocd',
        name: 'payments',
        project: 'default',
        labels: { team: 'pay', tier: 'critical' },
        destination: { namespace: 'shop', name: '', server: 'https://kubernetes.default.svc' },
        repository: 'http://127.0.0.1:3080/demo/shop.git',
        sources: 1,
        plainGit: true,
        automated: false,
        deleting: false,
        compared: true,
        sync: 'OutOfSync',
        health: 'Healthy',
        target: '1b336851290e9d866a2d10cd062b88184bee0427',
        phase: 'Succeeded',
        startedAt: '2026-11-22T10:05:20Z',
        finishedAt: '2026-11-22T10:05:20Z',
      },
    ]);
    const { fields, ...rest } = served.asked[0]?.query ?? {};
    expect(rest).toEqual({});
    // `items.spec` is known as well (`list-fields-spec-whole`), but never requested together with its members.
    const known = new URL(recording('list-fields-all-known').request.path, 'http://playback').searchParams;
    const others = items(fields).filter((field) => field !== 'items.spec');
    expect(others).toHaveLength(items(fields).length - 1);
    expect(known.get('fields')?.split(',')).toEqual(expect.arrayContaining(others));
    expect(items(fields).length).toBeGreaterThan(10);
  });

  it.each(['list-name-missing', 'list-no-visible-applications', 'list-app-namespace-not-enabled'])(
    'understands the null of %s as no application',
    async (name) => {
      const { argocd } = await clientOfPlayed(name);
      expect(await argocd.list()).toEqual([]);
    },
  );

  it('shows an operation that has not started yet as pending', async () => {
    const { argocd } = await clientOfPlayed('controller-down-list-fields');
    expect(await argocd.list()).toMatchObject([{ name: 'payments', phase: 'Pending', startedAt: '' }]);
  });

  it('shows a running operation', async () => {
    const { argocd } = await clientOfPlayed('list-fields-while-running');
    expect(await argocd.list()).toMatchObject([{ name: 'migrate', phase: 'Running', finishedAt: '' }]);
  });

  it('lists an application with several sources, whose revisions a list does not contain', async () => {
    const { argocd } = await clientOfPlayed('list-fields-multi-source');
    expect(await argocd.list()).toMatchObject([
      { name: 'catalog', sources: 2, target: undefined, repository: '' },
    ]);
  });

  it('also lists whole objects, and every application of an installation', async () => {
    const { argocd } = await clientOfPlayed('list-fields-selected');
    const names = (await argocd.list()).map(({ name }) => name);
    expect(names).toContain('guestbook');
    expect(new Set(names).size).toBe(names.length);
    const whole = await clientOfPlayed('list-full-one-app');
    expect(await whole.argocd.list()).toMatchObject([{ name: 'guestbook', sync: 'Synced' }]);
  });
});

/** Without the list's own version, which an item cannot have. */
function items(fields: string | undefined): string[] {
  return (fields ?? '').split(',').filter((field) => field.startsWith('items.'));
}

describe('get', () => {
  it('names namespace and project, so that a missing application is 404 instead of 403', async () => {
    const { argocd, served } = await clientOfPlayed('get-one');
    expect(await argocd.get(guestbook)).toMatchObject({
      name: 'guestbook',
      sync: 'Synced',
      phase: 'Succeeded',
    });
    expect(served.asked[0]?.query).toEqual({ appNamespace: 'argocd', project: 'default' });
  });

  it.each([
    { name: 'get-refresh-normal', refresh: 'normal' as const },
    { name: 'get-refresh-hard', refresh: 'hard' as const },
  ])('asks for a $refresh refresh', async ({ name, refresh }) => {
    const { argocd, served } = await clientOfPlayed(name);
    expect(await argocd.get(guestbook, refresh)).toMatchObject({ name: 'guestbook' });
    expect(served.asked[0]?.query).toEqual({ appNamespace: 'argocd', project: 'default', refresh });
  });

  it('gets an application of another namespace', async () => {
    const { argocd, served } = await clientOfPlayed('get-other-namespace-with');
    const search = { namespace: 'team-b', name: 'search', project: 'default' };
    expect(await argocd.get(search)).toMatchObject(search);
    expect(served.asked[0]?.query['appNamespace']).toBe('team-b');
  });

  it('encodes unusual characters of a name in the path', async () => {
    const { url, asked } = await serve((response) => response.writeHead(404).end());
    await clientOf(url)
      .get({ ...guestbook, name: 'a/../b?c' })
      .catch(() => {});
    expect(asked[0]?.path).toBe('/api/v1/applications/a%2F..%2Fb%3Fc');
  });
});

describe('sync', () => {
  it('sends everything in the body, as JSON without a charset, over a new connection', async () => {
    const { argocd, served } = await clientOfPlayed('sync-ok-with-infos');
    await argocd.sync(guestbook, {
      revision: '775f821e07a9223a9d0996d95f65dbf4d030f770',
      prune: false,
      infos: [{ name: 'release-id', value: 'r1' }],
    });
    expect(served.asked).toHaveLength(1);
    expect(served.asked[0]).toMatchObject({ method: 'POST', query: {} });
    expect(served.asked[0]?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(served.asked[0]?.body ?? '')).toEqual({
      name: 'guestbook',
      appNamespace: 'argocd',
      project: 'default',
      revision: '775f821e07a9223a9d0996d95f65dbf4d030f770',
      // For an application with a `sources` list of one entry, which ignores `revision`.
      revisions: ['775f821e07a9223a9d0996d95f65dbf4d030f770'],
      sourcePositions: [1],
      prune: false,
      infos: [{ name: 'release-id', value: 'r1' }],
    });
  });

  it('names no revision if none was given', async () => {
    const { argocd, served } = await clientOfPlayed('sync-automated-without-revision');
    await argocd.sync({ ...guestbook, name: 'autopilot' }, { prune: false, infos: [] });
    expect(JSON.parse(served.asked[0]?.body ?? '')).toEqual({
      name: 'autopilot',
      appNamespace: 'argocd',
      project: 'default',
      prune: false,
      infos: [],
    });
  });

  it.each<[string, Partial<SyncRequest>, unknown]>([
    [
      'sync-options',
      { syncOptions: ['ApplyOutOfSyncOnly=true', 'PruneLast=true'] },
      { syncOptions: { items: ['ApplyOutOfSyncOnly=true', 'PruneLast=true'] } },
    ],
    [
      'sync-retry-strategy',
      { retry: { limit: 3, backoffMs: 5_000, factor: 2, maxBackoffMs: 1_500 } },
      { retryStrategy: { limit: 3, backoff: { duration: '5s', factor: 2, maxDuration: '1500ms' } } },
    ],
    [
      'sync-strategy-apply-force',
      { strategy: 'apply', force: true },
      { strategy: { apply: { force: true } } },
    ],
    ['sync-strategy-hook', { strategy: 'hook' }, { strategy: { hook: { force: false } } }],
    ['sync-dry-run', { dryRun: true, syncOptions: [], force: false }, { dryRun: true }],
  ])('carries the options of %s as Argo CD takes them, and no others', async (name, options, expected) => {
    const { argocd, served } = await clientOfPlayed(name);
    await argocd.sync(payments, { prune: false, infos: [], ...options });
    expect(JSON.parse(served.asked[0]?.body ?? '')).toEqual({
      name: 'payments',
      appNamespace: 'argocd',
      project: 'default',
      prune: false,
      infos: [],
      ...(typeof expected === 'object' ? expected : {}),
    });
  });

  it('pins several sources by revisions and positions that count from 1', async () => {
    const { argocd, served } = await clientOfPlayed('sync-multi-source-revisions');
    await argocd.sync(catalog, { revisions: ['a', 'b'], prune: true, infos: [] });
    expect(JSON.parse(served.asked[0]?.body ?? '')).toEqual({
      name: 'catalog',
      appNamespace: 'argocd',
      project: 'default',
      revisions: ['a', 'b'],
      sourcePositions: [1, 2],
      prune: true,
      infos: [],
    });
  });

  it.each([
    ['sync-pinned-revision', payments],
    ['sync-pinned-to-history', payments],
    ['sync-automated-without-revision', { ...guestbook, name: 'autopilot' }],
    ['sync-other-namespace-body', { namespace: 'team-b', name: 'search', project: 'default' }],
    ['sync-window-manual-allowed', { ...guestbook, name: 'vault', project: 'frozen' }],
    ['redis-down-sync', payments],
  ] as const)('takes the answer of %s as accepted', async (name, app) => {
    const { argocd } = await clientOfPlayed(name);
    await expect(argocd.sync(app, { prune: false, infos: [] })).resolves.toBeUndefined();
  });
});

describe('permission and windows', () => {
  it('may sync if Argo CD says yes, and asks once', async () => {
    const { argocd, served } = await clientOfPlayed('can-i-sync-app-yes');
    expect(await argocd.maySync(guestbook)).toBe(true);
    expect(served.asked).toHaveLength(1);
  });

  it('may not sync if Argo CD says no to the name without and with the namespace', async () => {
    const paths: string[] = [];
    const { url } = await serve((response, asked) => {
      paths.push(asked.path);
      response.writeHead(200, recording('can-i-sync-app-no').response.headers).end('{"value":"no"}');
    });
    expect(await clientOf(url).maySync({ ...guestbook, name: 'gateway', project: 'platform' })).toBe(false);
    expect(paths).toEqual([
      '/api/v1/account/can-i/applications/sync/platform/gateway',
      '/api/v1/account/can-i/applications/sync/platform/argocd/gateway',
    ]);
  });

  it.each([
    ['can-i-sync-yes', true],
    ['can-i-sync-no', false],
  ] as const)('asks for a whole project at once: %s', async (name, expected) => {
    const { argocd, served } = await clientOfPlayed(name);
    expect(await argocd.maySyncAll('default')).toBe(expected);
    expect(served.asked.map(({ path }) => path)).toEqual([
      '/api/v1/account/can-i/applications/sync/default/*',
    ]);
  });

  it('may sync if a policy names the application with its namespace', async () => {
    const { url } = await serve((response, asked) => {
      const yes = asked.path.endsWith('/default/team-b/search');
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ value: yes ? 'yes' : 'no' }));
    });
    const argocd = clientOf(url);
    expect(await argocd.maySync({ namespace: 'team-b', name: 'search', project: 'default' })).toBe(true);
  });

  it.each([
    { name: 'syncwindows-none', app: 'guestbook', project: 'default', open: true },
    { name: 'syncwindows-manual-allowed', app: 'vault', project: 'frozen', open: true },
    { name: 'syncwindows-blocked', app: 'vault', project: 'frozen', open: false },
  ])('reads $name as open: $open', async ({ name, app, project, open }) => {
    const { argocd, served } = await clientOfPlayed(name);
    expect(await argocd.syncWindows({ namespace: 'argocd', name: app, project })).toMatchObject({ open });
    expect(served.asked[0]?.query).toEqual({ appNamespace: 'argocd', project });
  });
});

describe('revision metadata', () => {
  const revision = '144f3180ca77e3565009c890546072671af96ac4';

  it('returns author and first line', async () => {
    const { argocd } = await clientOfPlayed('revision-metadata');
    expect(await argocd.revisionMetadata(guestbook, revision)).toEqual({
      author: 'Robin Reviewer <robin@example.com>',
      title: 'checkout: new cart totals',
    });
  });

  it('truncates texts that are too long for a topic, and leaves out missing ones', async () => {
    const { url } = await serve((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ message: `${'x'.repeat(1000)}\nsecond line` }));
    });
    expect(await clientOf(url).revisionMetadata(guestbook, revision)).toEqual({ title: 'x'.repeat(200) });
  });
});

describe('terminate', () => {
  const migrate = { namespace: 'argocd', name: 'migrate', project: 'default' };

  it('is a DELETE without a body, but with a content type', async () => {
    const { argocd, served } = await clientOfPlayed('terminate-ok');
    await argocd.terminate(migrate);
    expect(served.asked).toMatchObject([
      { method: 'DELETE', query: { appNamespace: 'argocd', project: 'default' }, body: '' },
    ]);
  });

  it.each([
    ['terminate-nothing-running', 'invalid'],
    ['terminate-again-at-once', 'invalid'],
    ['terminate-forbidden', 'forbidden-or-missing'],
  ])('is refused in %s as %s', async (name, kind) => {
    const { argocd } = await clientOfPlayed(name);
    await expect(argocd.terminate(migrate)).rejects.toMatchObject({ kind });
  });
});

describe('the detail of a sync', () => {
  const detailOf = async (name: string, app: string) =>
    (await clientOfPlayed(name)).argocd.syncDetail({ namespace: 'argocd', name: app, project: 'default' });

  it('contains the message of each resource that failed', async () => {
    expect(await detailOf('get-after-failed-sync-billing', 'billing')).toMatchObject({
      failed: [{ resource: 'Service billing', message: expect.stringContaining('Invalid value: 99999') }],
      toPrune: 0,
    });
    expect(await detailOf('get-after-failed-sync-ledger', 'ledger')).toMatchObject({
      failed: [{ resource: 'Ledger main-ledger', message: expect.stringContaining('CRD') }],
    });
  });

  it('counts the resources that would have to be pruned', async () => {
    expect(await detailOf('get-after-sync-without-prune', 'prunable')).toMatchObject({
      failed: [],
      toPrune: 1,
      kept: 0,
      changed: 0,
    });
  });

  it('contains the deployed revision, the one before, and the number of changed resources', async () => {
    expect(await detailOf('get-after-sync-pinned-revision', 'payments')).toMatchObject({
      revision: expect.stringMatching(/^8d06d94/),
      before: expect.stringMatching(/^9193e18/),
      changed: 1,
      undone: 1,
    });
  });

  it('is empty if the application was never synced', async () => {
    expect(await detailOf('get-comparison-error', 'guestbook')).toMatchObject({
      failed: [],
      toPrune: 0,
      changed: 0,
      revision: '',
      before: '',
    });
  });
});

describe('the windows of a project', () => {
  const window = (schedule: string) => ({
    kind: 'deny',
    schedule,
    duration: '1h',
    timeZone: 'Europe/Berlin',
  });
  const scope = {
    applications: ['shop-*'],
    clusters: ['in-cluster'],
    andOperator: true,
    description: ' Backup\n',
  };
  const project = (...schedules: string[]) => ({
    metadata: { name: 'shop' },
    spec: { syncWindows: schedules.map((schedule) => ({ ...window(schedule), ...scope })) },
  });

  it('are its own and the inherited ones', async () => {
    const { url, asked } = await serve((response, { path }) => {
      const inherited = { items: [project('0 2 * * *'), { metadata: { name: 'empty' }, spec: {} }] };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(path.endsWith('/globalprojects') ? inherited : project('0 1 * * *')));
    });
    expect(await clientOf(url).projectWindows('shop')).toEqual(
      ['0 1 * * *', '0 2 * * *'].map((schedule) => ({
        ...window(schedule),
        manualSync: false,
        scope: { applications: ['shop-*'], namespaces: [], clusters: ['in-cluster'], andOperator: true },
        description: 'Backup',
      })),
    );
    expect(asked.map(({ path }) => path)).toEqual([
      '/api/v1/projects/shop',
      '/api/v1/projects/shop/globalprojects',
    ]);
  });

  it('are empty if there are none', async () => {
    const { url } = await serve((response, { path }) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(path.endsWith('/globalprojects') ? '{"items":null}' : '{"spec":{}}');
    });
    expect(await clientOf(url).projectWindows('shop')).toEqual([]);
  });
});
