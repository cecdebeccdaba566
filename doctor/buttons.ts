// What each button selects, whether its configuration names what is not there, and whether we may release it.
import { nearest } from '../messages/nearest.ts';
import type { AppRecord } from '../release-worker/argocd/application.ts';
import { keyOf } from '../release-worker/argocd/application.ts';
import type { ArgoCd } from '../release-worker/argocd/client.ts';
import { eachLimited } from '../release-worker/each-limited.ts';
import { selects } from '../config/selection.ts';
import type { ButtonConfig } from '../release-worker/selection.ts';
import { faultOf } from './argocd.ts';
import type { Fault } from './argocd.ts';
import { counted, failed, ok, some, warning } from './row.ts';
import type { Row } from './row.ts';

/** Each costs Argo CD one or two requests: so many for all buttons together. */
const askedMax = 100;
const atOnce = 8;

export interface Permissions {
  /** by key; absent: not asked */
  readonly may: ReadonlyMap<string, boolean>;
  readonly fault?: Fault;
}

/** Of which applications to ask: each project in turn, since policies are mostly written for whole projects. */
export function sample(apps: readonly AppRecord[], most = askedMax): readonly AppRecord[] {
  const byProject = new Map<string, AppRecord[]>();
  for (const app of apps) byProject.set(app.project, [...(byProject.get(app.project) ?? []), app]);
  const queues = [...byProject.values()];
  const chosen: AppRecord[] = [];
  for (let round = 0; chosen.length < Math.min(most, apps.length); round += 1)
    for (const queue of queues) {
      const app = queue[round];
      if (app !== undefined && chosen.length < most) chosen.push(app);
    }
  return chosen;
}

/**
 * Each application by its own name. A `yes` for `<project>/*` would say less: a policy may deny single applications.
 * @param signal ends it with what is known by then
 */
export async function askPermissions(
  argocd: Pick<ArgoCd, 'maySync'>,
  apps: readonly AppRecord[],
  signal: AbortSignal,
): Promise<Permissions> {
  const may = new Map<string, boolean>();
  let fault: Fault | undefined;
  const all = eachLimited(sample(apps), atOnce, async (app) => {
    if (signal.aborted || fault !== undefined) return;
    try {
      may.set(keyOf(app), await argocd.maySync(app));
    } catch (error) {
      if (!signal.aborted) fault ??= faultOf(error);
    }
  });
  await Promise.race([all, aborted(signal)]);
  all.catch(() => {});
  return { may: new Map(may), ...(fault === undefined ? {} : { fault }) };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Whether a gesture of the button syncs: `refresh` does not. */
export function releases({ on }: ButtonConfig): boolean {
  return Object.values(on).some((action) => action === 'release' || action === 'rollback');
}

/** What the configuration of a button names and Argo CD does not show, one sentence each. */
export function unmatched(
  { select, waves }: Pick<ButtonConfig, 'select' | 'waves'>,
  apps: readonly AppRecord[],
): readonly string[] {
  const selected = apps.filter((app) => selects(select, app));
  const called = (name: string) => (app: AppRecord) => app.name === name || keyOf(app) === name;
  const like = (name: string, known: readonly string[]) => {
    const near = nearest(name, known);
    return near === undefined ? '' : ` (is ${near} meant?)`;
  };
  const names = (name: string) =>
    apps.flatMap((app) => (name.includes('/') ? [keyOf(app)] : [app.name])).filter((one) => one !== name);
  const missing = (key: string, name: string) => {
    if (selected.some(called(name))) return [];
    return apps.some(called(name))
      ? [`${key} has ${name}, which the rest of the selection leaves out`]
      : [`${key} has ${name}, and no such application is to be seen${like(name, names(name))}`];
  };
  const found: string[] = [];
  if (!('all' in select)) {
    for (const name of select.names ?? []) found.push(...missing('select.names', name));
    const projects = [...new Set(apps.map(({ project }) => project))];
    for (const project of select.projects ?? [])
      if (!projects.includes(project))
        found.push(
          `select.projects has ${project}, and no application of such a project is to be seen${like(project, projects)}`,
        );
    const namespaces = [...new Set(apps.map(({ namespace }) => namespace))];
    for (const namespace of select.namespaces ?? [])
      if (!namespaces.includes(namespace))
        found.push(
          `select.namespaces has ${namespace}, and no application there is to be seen${like(namespace, namespaces)}`,
        );
  }
  for (const [index, wave] of waves.entries())
    for (const name of wave) found.push(...missing(`waves[${index}]`, name));
  return found;
}

export interface ButtonOptions {
  readonly button: ButtonConfig;
  /** all that are to be seen */
  readonly apps: readonly AppRecord[];
  readonly permissions: Permissions;
  readonly account: string;
}

export function buttonRow({ button, apps, permissions, account }: ButtonOptions): Row {
  const about = { check: 'button', subject: button.id } as const;
  const selected = apps.filter((app) => selects(button.select, app));
  const keys = selected.map(keyOf);
  const odd = unmatched(button, apps);
  const syncs = releases(button);
  const { may, fault } = permissions;
  const asked = selected.filter((app) => may.has(keyOf(app)));
  const refused = asked.filter((app) => may.get(keyOf(app)) === false);
  const details = {
    selected: keys.length,
    applications: keys.slice(0, askedMax),
    unmatched: odd,
    ...(syncs ? { syncAsked: asked.length, syncRefused: refused.map(keyOf) } : {}),
  };
  const what = `selects ${counted(keys.length, 'application')}${keys.length === 0 ? '' : `: ${some(keys)}`}`;
  if (keys.length === 0)
    return failed(
      about,
      [what, ...odd].join('; '),
      `correct select of the button ${button.id} (worker.buttons), or let the account ${account} see the applications (applications, get)`,
      details,
    );
  if (syncs && refused.length > 0)
    return failed(
      about,
      [`${what}; may not sync ${some(refused.map(keyOf))}`, ...odd].join('; '),
      `give the account the permission in argocd-rbac-cm: ${policies(account, refused)}`,
      details,
    );
  if (odd.length > 0)
    return failed(
      about,
      [what, ...odd].join('; '),
      `correct the names of the button ${button.id} (worker.buttons), or let the account ${account} see the applications (applications, get)`,
      details,
    );
  if (syncs && fault !== undefined)
    return failed(about, `${what}; ${fault.found}`, fault.remedy, { ...details, fault: fault.kind });
  if (!syncs) return ok(about, `${what}; no gesture of it releases`, details);
  if (asked.length === 0)
    return warning(
      about,
      `${what}; there was no time left to ask whether they may be synced`,
      'try again when Argo CD answers faster',
      details,
    );
  const all = asked.length === selected.length;
  return ok(
    about,
    `${what}; may sync ${all ? (keys.length === 1 ? 'it' : 'all of them') : `the ${asked.length} that were asked for`}`,
    details,
  );
}

function policies(account: string, apps: readonly AppRecord[]): string {
  const projects = [...new Set(apps.map(({ project }) => project))].sort();
  return some(
    projects.map((project) => `p, ${account}, applications, sync, ${project}/*, allow`),
    3,
  );
}
