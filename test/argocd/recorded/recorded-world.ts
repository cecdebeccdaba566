// The installation in which the recordings of test/argocd-recordings were made: accounts, repositories, applications.
// Each recording adds what it shows of its moment: history, shown commit, last operation.
import type { WorldDescription } from '../argocd.ts';

export type Application = NonNullable<WorldDescription['applications']>[number];
type Commit = NonNullable<WorldDescription['repositories']>[number]['commits'][number];

export const shop = 'http://127.0.0.1:3080/demo/shop.git';
const platform = 'http://127.0.0.1:3080/demo/platform.git';

/** In the order in which they were pushed, each with the paths that it changed. */
const shopCommits: [revision: string, touches: string[]][] = [
  ['775f821e07a9223a9d0996d95f65dbf4d030f770', []],
  ['1b336851290e9d866a2d10cd062b88184bee0427', ['payments']],
  ['144f3180ca77e3565009c890546072671af96ac4', ['checkout']],
  ['8243e888fa7005d8714545811605e04dec599d17', ['autopilot']],
  ['9aaec64d49e5b08007d146b2a35cfe95e1d46da7', ['checkout']],
  ['ece16fe577a946d76d0e1aa4eca3fc5632c2e949', []],
  ['fe4c2847afb5c15987d8f4e792cd423614de167a', []],
  ['c313e85e50ba9f17eab6ded24b9b7f8cc0af7b3c', []],
  ['34fe82355c289957747bade9ad512a7522c83c04', ['payments']],
  ['9193e185f07fc1c619107a442dbe627fe6b0c680', ['payments']],
  ['8d06d94c6aa3d45bcd75e1ba6fc84cb3d503a616', ['payments']],
  ['b4664c47c29e13dae9cab733b58b2828cb384524', ['payments']],
  ['42cc19ba937b00b0a40055bdcf156137582802b5', []],
  ['c47962739aafa9011af2b2086116a575179ac23b', ['gateway']],
  ['f7d05dc91f6c1c46c4e5b40dbac86f3291db6def', ['vault']],
  ['adc587562887ee6107a1e2e0f3ac8db57324a0ea', []],
  ['c3e72550aad857b717786a1248c5b245dbd7d2fe', ['stepwise', 'payments']],
  ['cd60e36f89172d33acd33fcd5790498bef8b7abc', ['payments']],
];

const platformCommits: Commit[] = [
  {
    revision: '8d246fc4774cfc3a24cc6a2ef29c66ef8c809a24',
    author: 'Dana Builder <dana@example.com>',
    date: '2026-11-22T09:50:52Z',
    message: 'Platform settings',
  },
];

/** The recorded details of one commit. The recordings do not have author and message of the others. */
const cartTotals = {
  author: 'Robin Reviewer <robin@example.com>',
  date: '2026-11-22T10:05:48Z',
  message: 'checkout: new cart totals',
};

/** The position of a commit in the order of pushes; -1 if it is unknown. */
export function positionOf(revision: string): number {
  return shopCommits.findIndex(([each]) => each === revision);
}

/** The repository `shop`, with this commit as the head of `main`. */
export function repositories(head: string): NonNullable<WorldDescription['repositories']> {
  return [
    {
      url: shop,
      commits: shopCommits
        .slice(0, positionOf(head) + 1)
        .map(([revision, touches]) => ({ revision, touches, ...cartTotals })),
    },
    { url: platform, commits: platformCommits },
  ];
}

const issuedAt = '2026-11-22T10:02:53Z';

export const accounts: NonNullable<WorldDescription['accounts']> = [
  { name: 'admin', admin: true, password: '<password>', issuedAt },
  { name: 'button', get: ['*'], sync: ['default/*', 'frozen/*'], issuedAt },
  { name: 'viewer', get: ['*'], issuedAt },
  { name: 'narrow', get: ['default/guestbook', 'default/payments'], issuedAt },
  { name: 'blind', issuedAt },
];

/** A token in the state that a recording names: `valid`, `expired`, `revoked`, `forged` or `garbage`. */
export function tokenFor(state: string, account: string | null): string {
  return state === 'garbage' ? 'garbage' : `header.${account ?? 'nobody'}-${state}.signature`;
}

export const tokens: NonNullable<WorldDescription['tokens']> = [
  ...accounts.map(({ name }) => ({ token: tokenFor('valid', name), account: name })),
  { token: tokenFor('expired', 'button'), account: 'button', state: 'expired' },
  { token: tokenFor('revoked', 'button'), account: 'button', state: 'revoked', id: 'rev42322' },
];

/** `manualSync` says whether the deny window of project `frozen`, which is always open, allows manual syncs. */
export function projects(manualSync: boolean): NonNullable<WorldDescription['projects']> {
  return [
    { name: 'default' },
    { name: 'platform' },
    { name: 'frozen', windows: [{ kind: 'deny', manualSync }] },
  ];
}

const destination = { server: 'https://kubernetes.default.svc', namespace: 'shop' };

function application(name: string, team: string | null, overrides: Partial<Application> = {}): Application {
  return {
    name,
    project: 'default',
    ...(team === null ? {} : { labels: { team } }),
    source: { repoURL: shop, path: name, targetRevision: 'main' },
    destination,
    resources: [{ kind: 'ConfigMap', name }],
    ...overrides,
  };
}

function withService(name: string): Partial<Application> {
  return {
    resources: [
      { kind: 'ConfigMap', name },
      { kind: 'Service', name },
    ],
  };
}

const invalidPort =
  'Service "billing" is invalid: [spec.ports[0].port: Invalid value: 99999: must be between 1 and 65535, inclusive, ' +
  'spec.ports[0].targetPort: Invalid value: 99999: must be between 1 and 65535, inclusive]';

/** The eleven applications that always exist. */
export const applications: Application[] = [
  application('autopilot', 'shop', { syncPolicy: { automated: { prune: false, selfHeal: false } } }),
  application('billing', 'pay', {
    ...withService('billing'),
    fails: {
      message: `one or more synchronization tasks completed unsuccessfully, reason: ${invalidPort}`,
      refused: [{ kind: 'Service', name: 'billing', message: invalidPort, attempted: true }],
      applied: ['ConfigMap/billing'],
    },
  }),
  {
    name: 'catalog',
    project: 'default',
    labels: { team: 'shop' },
    sources: [
      { repoURL: shop, path: 'catalog', targetRevision: 'main' },
      { repoURL: platform, path: 'catalog-values', targetRevision: 'main' },
    ],
    destination,
    resources: [
      { kind: 'ConfigMap', name: 'catalog' },
      { kind: 'ConfigMap', name: 'catalog-settings' },
    ],
  },
  application('checkout', 'shop', {
    resources: [
      { kind: 'ConfigMap', name: 'checkout' },
      { group: 'apps', kind: 'Deployment', name: 'checkout' },
    ],
    changes: ['Deployment/checkout'],
    rolloutMs: 400,
  }),
  application('gateway', 'platform', { project: 'platform' }),
  application('guestbook', 'shop', withService('guestbook')),
  application('ledger', 'pay', {
    resources: [
      { kind: 'ConfigMap', name: 'ledger' },
      { group: 'bank.example.com', kind: 'Ledger', name: 'main-ledger' },
    ],
    fails: {
      message:
        'one or more synchronization tasks are not valid: failed to discover server resources for group version ' +
        'bank.example.com/v1: the server could not find the requested resource',
      refused: [
        {
          kind: 'Ledger',
          name: 'main-ledger',
          message:
            'The Kubernetes API could not find bank.example.com/Ledger for requested resource shop/main-ledger. ' +
            'Make sure the "Ledger" CRD is installed on the destination cluster.',
        },
      ],
    },
  }),
  application('migrate', 'shop', {
    hook: { name: 'migrate-db', neverEnds: true, images: ['registry.example.com/migrate:1.0.0'] },
  }),
  application('payments', 'pay', { ...withService('payments'), labels: { team: 'pay', tier: 'critical' } }),
  application('vault', 'security', { project: 'frozen' }),
  application('search', 'b', { namespace: 'team-b' }),
];

/** Applications that existed only for a while. */
export const temporaryApplications: Application[] = [
  application('prunable', 'shop', { resources: [{ kind: 'ConfigMap', name: 'prunable-keep' }] }),
  application('stepwise', 'shop', {
    hook: { name: 'stepwise-db', neverEnds: true, images: ['registry.example.com/stepwise:1.0.0'] },
  }),
  application('orphan', null, { project: 'no-such-project', projectMissing: true }),
  application('wrongpath', null, {
    source: { repoURL: shop, path: 'no-such-path', targetRevision: 'main' },
    comparisonError: 'rpc error: code = Unknown desc = no-such-path: app path does not exist',
    deployed: null,
  }),
];
