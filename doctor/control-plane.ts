// Finds signs of trouble behind the API of Argo CD: in the application controller, which executes operations; in the repository
// server, which renders manifests; and in the projects, without which Argo CD neither compares nor syncs.
import { keyOf } from '../release-worker/argocd/application.ts';
import type { ListedApp } from '../release-worker/argocd/application.ts';
import type { ArgoCd } from '../release-worker/argocd/client.ts';
import { eachLimited } from '../release-worker/each-limited.ts';
import type { Clock } from '../service/clock.ts';
import { delay } from '../service/clock.ts';
import { faultOf } from './argocd.ts';
import type { Hide } from './argocd.ts';
import { counted, failed, ok, some, warning } from './row.ts';
import type { Row } from './row.ts';
import { lengthOf } from './validity.ts';
import { aborted } from './within.ts';

/** Asks about at most this many applications one by one, first about one of each project. */
const lookedAtMax = 10;
const atOnce = 4;
/** The controller of a healthy Argo CD begins an operation at once. In milliseconds. */
const waitingMs = 5_000;
/** The longest cause that is shown, in characters. Argo CD quotes whole commands. */
const causeLength = 200;

export interface ControlPlaneOptions {
  readonly argocd: Pick<ArgoCd, 'get'>;
  readonly apps: readonly ListedApp[];
  readonly clock: Clock;
  readonly hide: Hide;
  /** Ends the check with the answers so far */
  readonly signal: AbortSignal;
}

export async function controlPlaneRows(options: ControlPlaneOptions): Promise<readonly Row[]> {
  const [compared, operations] = await Promise.all([aboutComparisons(options), aboutOperations(options)]);
  const rows = [...compared, ...operations];
  if (rows.length > 0 || options.apps.length === 0) return rows;
  return [
    ok(
      { check: 'control-plane' },
      `Argo CD compares ${counted(options.apps.length, 'application')}, and no accepted operation is waiting to begin`,
    ),
  ];
}

interface Incomparable {
  readonly app: ListedApp;
  /** Argo CD's error; empty: none */
  readonly cause: string;
}

async function aboutComparisons(options: ControlPlaneOptions): Promise<readonly Row[]> {
  const { argocd, apps, hide, signal } = options;
  const unknown = apps.filter(({ sync, compared, deleting }) => sync === 'Unknown' && compared && !deleting);
  const causes: Incomparable[] = [];
  await untilAborted(signal, oneOfEachProjectFirst(unknown), async (app) => {
    const cause = await argocd.get(named(app)).then(
      ({ detail }) => detail?.condition ?? '',
      (error: unknown) => faultOf(error).found,
    );
    causes.push({ app, cause: hide(cause).slice(0, causeLength) });
  });
  const missing = causes.filter(({ cause }) => isProjectMissing(cause));
  const projects = new Map<string, ListedApp[]>();
  for (const { app } of missing)
    if (app.project !== undefined && !projects.has(app.project))
      projects.set(
        app.project,
        unknown.filter(({ project }) => project === app.project),
      );
  const others = unknown.filter(({ project }) => project === undefined || !projects.has(project));
  return [
    ...[...projects].map(([project, of]) => projectMissing(project, of)),
    ...(others.length === 0
      ? []
      : [notCompared(others, apps.length, causes.find((one) => !isProjectMissing(one.cause))?.cause ?? '')]),
  ];
}

/** The refusal of a GET (`get-project-missing`), or the condition of the application. */
function isProjectMissing(cause: string): boolean {
  return /or the project does not exist|referencing project/i.test(cause);
}

function projectMissing(project: string, apps: readonly ListedApp[]): Row {
  const [first] = apps;
  return failed(
    { check: 'control-plane', subject: `project ${project}` },
    `Argo CD has no project ${project} that allows ${some(apps.map(keyOf))}, so Argo CD neither compares nor syncs ${apps.length === 1 ? 'this application' : 'these applications'}`,
    `list the projects (argocd proj list). Then create the project again, with the repositories and destinations that it allows (argocd proj create ${project} --src <repository> --dest <server>,<namespace>, or kubectl apply of its AppProject in the namespace of Argo CD), or move the application to another project (argocd app set ${first?.name ?? '<application>'} --project <project>)`,
    { project, applications: apps.map(keyOf).slice(0, 100) },
  );
}

function notCompared(apps: readonly ListedApp[], total: number, cause: string): Row {
  const why = cause === '' ? '' : `: ${cause}`;
  const found = `Argo CD cannot compare ${apps.length} of ${counted(total, 'application')} (${some(apps.map(keyOf))})${why}`;
  const details = { notCompared: apps.length, applications: apps.map(keyOf).slice(0, 100), cause };
  if (apps.length > 1 && apps.length * 2 > total)
    return failed(
      { check: 'control-plane', subject: 'repository server' },
      found,
      'so many failures usually come from the repository server. Check that argocd-repo-server runs (kubectl -n argocd get pods), that it reaches the Git server, and that Argo CD has the right credentials for Git; read its log',
      details,
    );
  return warning(
    { check: 'control-plane', subject: 'comparison' },
    found,
    `correct what Argo CD names (argocd app get ${apps[0]?.name ?? '<application>'}); until then, the signal of a button with ${apps.length === 1 ? 'this application' : 'these applications'} may be unknown`,
    details,
  );
}

/** An accepted operation has no state before the controller begins it (recording `controller-down-list-fields`). */
async function aboutOperations(options: ControlPlaneOptions): Promise<readonly Row[]> {
  const { argocd, apps, clock, signal } = options;
  const pending = apps.filter(({ phase }) => phase === 'Pending');
  if (pending.length === 0 || !(await delay(clock, waitingMs, signal))) return [];
  const waiting: ListedApp[] = [];
  await untilAborted(signal, pending, async (app) => {
    const now = await argocd.get(named(app)).catch(() => undefined);
    if (now?.phase === 'Pending') waiting.push(app);
  });
  if (waiting.length === 0) return [];
  const keys = waiting.map(keyOf);
  return [
    failed(
      { check: 'control-plane', subject: 'application controller' },
      `Argo CD has accepted an operation of ${some(keys)}, but has not begun it after ${lengthOf(waitingMs)}`,
      `check that argocd-application-controller runs (kubectl -n argocd get pods) and is not overloaded, and read its log; if it runs, a refresh may wake it (argocd app get ${waiting[0]?.name ?? '<application>'} --refresh)`,
      { waiting: keys.slice(0, 100) },
    ),
  ];
}

/** Asks about the first applications, until all are answered or the signal ends it. */
async function untilAborted(
  signal: AbortSignal,
  apps: readonly ListedApp[],
  each: (app: ListedApp) => Promise<void>,
): Promise<void> {
  const all = eachLimited(apps.slice(0, lookedAtMax), atOnce, async (app) => {
    if (!signal.aborted) await each(app);
  });
  await Promise.race([all, aborted(signal)]);
}

function named({ namespace, name, project }: ListedApp) {
  return { namespace, name, project: project ?? '' };
}

function oneOfEachProjectFirst(apps: readonly ListedApp[]): readonly ListedApp[] {
  const seen = new Set<string>();
  const [first, others]: [ListedApp[], ListedApp[]] = [[], []];
  for (const app of apps) {
    const { size } = seen;
    (seen.add(app.project ?? '').size > size ? first : others).push(app);
  }
  return [...first, ...others];
}
