// The parts of a simulated world as plain data: applications, repositories, projects, accounts, tokens. They are parsed
// here, and the rest of the test's Argo CD trusts them.
import * as z from 'zod/mini';
import { parse } from '../../argocd-simulator/control.ts';

const name = z.string().check(z.minLength(1), z.maxLength(253));
const text = z.string().check(z.maxLength(4096));
const milliseconds = z.int().check(z.gte(0), z.lte(3_600_000));
const revision = z.string().check(z.minLength(1), z.maxLength(100));
const labels = z.record(name, text);

const source = z.strictObject({
  repoURL: text,
  path: z.exactOptional(text),
  /** A chart of a Helm repository. Its revisions are versions, and `targetRevision` is a version or a range. */
  chart: z.exactOptional(name),
  targetRevision: z.exactOptional(revision),
});

const resource = z.strictObject({
  group: z.exactOptional(text),
  version: z.exactOptional(name),
  kind: name,
  name,
  namespace: z.exactOptional(name),
});

const historyEntry = z.strictObject({
  id: z.int().check(z.gte(0)),
  revisions: z.array(revision).check(z.minLength(1), z.maxLength(10)),
  deployedAt: z.exactOptional(text),
  deployStartedAt: z.exactOptional(text),
  /** The account that started the operation; absent: automated. */
  by: z.exactOptional(name),
});

const failure = z.strictObject({
  phase: z._default(z.enum(['Failed', 'Error']), 'Failed'),
  message: text,
  /** How many attempts fail before one succeeds; absent: all. */
  attempts: z.exactOptional(z.int().check(z.gte(1))),
  /**
   * Resources that are refused, with Argo CD's message. `attempted` resources reached the cluster, and it refused them.
   */
  refused: z._default(
    z.array(z.strictObject({ kind: name, name, message: text, attempted: z._default(z.boolean(), false) })),
    [],
  ),
  /** Resources (`Kind/name`) that are applied although the sync fails. */
  applied: z._default(z.array(name), []),
});

/** A PreSync hook. */
const hook = z.strictObject({
  name,
  kind: z._default(name, 'Job'),
  neverEnds: z._default(z.boolean(), false),
  images: z._default(z.array(text), []),
});

/** Settings of the simulator that can change while it runs. A real Argo CD has none of them. */
const behaviour = {
  /** How long a sync runs, in ms. */
  syncMs: z.exactOptional(milliseconds),
  /** How long health stays Progressing after a sync has rolled something out, in ms. */
  rolloutMs: z.exactOptional(milliseconds),
  /** Every sync fails with this message; null: syncs succeed again. */
  fails: z.exactOptional(z.nullable(failure)),
  /** Short for a PreSync hook that never ends. */
  hookNeverEnds: z.exactOptional(z.boolean()),
  hook: z.exactOptional(z.nullable(hook)),
  /** Manifests cannot be generated: the sync status is Unknown with this condition. Null: they can be generated again. */
  comparisonError: z.exactOptional(z.nullable(text)),
  /** Health of the deployed application; null: Healthy. */
  health: z.exactOptional(z.nullable(z.enum(['Healthy', 'Progressing', 'Degraded', 'Suspended']))),
  /** Resources that git no longer has and the cluster still has. Only a sync that prunes removes them. */
  pruneNeeded: z.exactOptional(z.array(resource)),
  /** After every sync, somebody changes the first resource in the cluster again. */
  changedAgain: z.exactOptional(z.boolean()),
  automated: z.exactOptional(z.boolean()),
  labels: z.exactOptional(labels),
  annotations: z.exactOptional(labels),
  project: z.exactOptional(name),
};

const applicationDescription = z.strictObject({
  ...behaviour,
  name,
  namespace: z._default(name, 'argocd'),
  uid: z.exactOptional(name),
  createdAt: z.exactOptional(text),
  source: z.exactOptional(source),
  sources: z.exactOptional(z.array(source).check(z.minLength(1), z.maxLength(10))),
  destination: z.exactOptional(
    z.strictObject({
      server: z.exactOptional(text),
      name: z.exactOptional(text),
      namespace: z.exactOptional(text),
    }),
  ),
  syncPolicy: z.exactOptional(z.record(z.string(), z.unknown())),
  resources: z.exactOptional(z.array(resource).check(z.maxLength(500))),
  /** Resources (`Kind/name`) that a commit changes; absent: the first one. */
  changes: z.exactOptional(z.array(name)),
  /** Deployed revisions, one for each source; absent: the head (in sync); null: never synced. */
  deployed: z.exactOptional(z.nullable(z.array(revision))),
  /**
   * The head that the application shows; absent: the real head. An older commit means that Argo CD has not noticed the
   * newer ones.
   */
  shown: z.exactOptional(z.array(revision)),
  /** Resources (`Kind/name`) edited in the cluster. */
  edited: z.exactOptional(z.array(name)),
  history: z.exactOptional(z.array(historyEntry).check(z.maxLength(10))),
  reconciledAt: z.exactOptional(text),
  healthSince: z.exactOptional(text),
  /** The last operation's state, as Argo CD shows it. */
  operationState: z.exactOptional(z.looseObject({ phase: name, startedAt: name })),
  /** Its project does not exist: it is never compared, and its sync status and health are Unknown. */
  projectMissing: z.exactOptional(z.boolean()),
  deletedAt: z.exactOptional(text),
});

const commit = z.strictObject({
  revision,
  author: text,
  date: text,
  message: text,
  /** The paths that it changes; absent: all. */
  touches: z.exactOptional(z.array(text)),
});

const repository = z.strictObject({
  url: text,
  /** A chart of a Helm repository: each commit is one of its versions. */
  chart: z.exactOptional(name),
  branch: z._default(name, 'main'),
  /** Oldest first. The last one is the head of the branch. */
  commits: z.array(commit).check(z.maxLength(10_000)),
});

const syncWindow = z.strictObject({
  kind: z.enum(['allow', 'deny']),
  schedule: z._default(text, '* * * * *'),
  duration: z._default(text, '1h'),
  manualSync: z._default(z.boolean(), false),
  /** IANA name; UTC by default. */
  timeZone: z.exactOptional(text),
  /** Whether it is open now. No clock opens or closes it. */
  open: z._default(z.boolean(), true),
  /** Globs over application names, and over the namespaces and clusters that applications deploy to. */
  applications: z._default(z.array(text), ['*']),
  namespaces: z._default(z.array(text), []),
  clusters: z._default(z.array(text), []),
  /** Whether all given kinds must match; otherwise one is enough. */
  andOperator: z._default(z.boolean(), false),
  description: z.exactOptional(text),
});

const project = z.strictObject({ name, windows: z._default(z.array(syncWindow), []) });

const account = z.strictObject({
  name,
  admin: z._default(z.boolean(), false),
  /** For a login; absent: this account cannot log in. */
  password: z.exactOptional(z.string().check(z.minLength(1), z.maxLength(4096))),
  /** Globs over `project/name` (`project/namespace/name` outside the control plane's namespace). */
  get: z._default(z.array(text), []),
  sync: z._default(z.array(text), []),
  /** Globs over the projects that it may get. */
  projects: z._default(z.array(text), []),
  issuedAt: z._default(text, '2026-01-01T00:00:00Z'),
});

const token = z.strictObject({
  token: z.string().check(z.minLength(1), z.maxLength(4096)),
  account: name,
  state: z._default(z.enum(['valid', 'expired', 'revoked', 'forged']), 'valid'),
  id: z._default(name, 'simulated'),
});

export const worldSchema = z.strictObject({
  applications: z._default(z.array(applicationDescription).check(z.maxLength(20_000)), []),
  /** How many small applications to add: named bulk-00001 and so on, in project `bulk`, in sync. */
  bulk: z._default(z.int().check(z.gte(0), z.lte(20_000)), 0),
  repositories: z._default(z.array(repository), []),
  projects: z._default(z.array(project), []),
  accounts: z._default(z.array(account), []),
  tokens: z._default(z.array(token), []),
  /** Enabled namespaces besides `argocd`. Namespaces of applications are always enabled. */
  namespaces: z._default(z.array(name), []),
  /** The counter of resource versions continues from here. */
  resourceVersion: z._default(z.int().check(z.gte(0)), 1000),
});

export const adjustmentSchema = z.strictObject({
  ...behaviour,
  name,
  namespace: z._default(name, 'argocd'),
  deleted: z.exactOptional(z.boolean()),
  /** With `deleted`: whether it is marked until its resources are gone; default true. */
  cascade: z.exactOptional(z.boolean()),
});

/** A description as callers write it: all members except names are optional. */
export type WorldDescription = z.input<typeof worldSchema>;
export type World = z.output<typeof worldSchema>;
export type ApplicationDescription = World['applications'][number];
export type Failure = z.output<typeof failure>;
export type Hook = z.output<typeof hook>;
export type SyncWindow = z.output<typeof syncWindow>;
export type Account = z.output<typeof account>;
export type Token = z.output<typeof token>;
export type Adjustment = z.output<typeof adjustmentSchema>;

/** Checks a world. `message` says what is wrong, and where. */
export function parseWorld(input: unknown) {
  return parse(worldSchema, input);
}
