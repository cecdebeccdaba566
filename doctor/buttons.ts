// Checks what each button selects, whether its configuration names something that is missing, and whether the account may sync
// what it selects.
import { nearest } from '../messages/nearest.ts';
import type { AppRecord } from '../release-worker/argocd/application.ts';
import { keyOf } from '../release-worker/argocd/application.ts';
import type { ArgoCd } from '../release-worker/argocd/client.ts';
import { eachLimited } from '../release-worker/each-limited.ts';
import { selects } from '../config/selects.ts';
import type { ButtonConfig } from '../release-worker/buttons.ts';
import { faultOf } from './argocd.ts';
import type { Fault } from './argocd.ts';
import { counted, failed, ok, some, warning } from './row.ts';
import type { Row } from './row.ts';
import { aborted } from './within.ts';

/**
 * The most applications to ask about, for all buttons together; but at least one for each button. Each application costs Argo CD
 * one or two requests.
 */
const askedMax = 100;
const atOnce = 8;

export interface Permissions {
  /** Keyed by application. Absent: not asked about */
  readonly may: ReadonlyMap<string, boolean>;
  readonly fault?: Fault;
  /** The time limit was reached before all questions were answered. */
  readonly late: boolean;
}

/**
 * Chooses the applications to ask about. The buttons take turns, so that each gets an answer. Within a button, its projects take
 * turns, because most policies are about whole projects.
 * @param groups the applications of each button
 */
export function sample(
  groups: readonly (readonly AppRecord[])[],
  most = Math.max(askedMax, groups.length),
): readonly AppRecord[] {
  const queues = groups.map((apps) => byTurns(apps).values());
  const chosen = new Map<string, AppRecord>();
  let left = true;
  while (left && chosen.size < most) {
    left = false;
    for (const queue of queues) {
      if (chosen.size >= most) break;
      // If another button has the same application, the answer counts for both.
      const app = queue.next().value;
      if (app === undefined) continue;
      left = true;
      chosen.set(keyOf(app), app);
    }
  }
  return [...chosen.values()];
}

/** Orders the applications: the first of each project, then the second of each project, and so on. */
function byTurns(apps: readonly AppRecord[]): readonly AppRecord[] {
  const places = new Map<string, number>();
  const turns: AppRecord[][] = [];
  for (const app of apps) {
    const place = places.get(app.project) ?? 0;
    places.set(app.project, place + 1);
    const turn = turns[place];
    if (turn === undefined) turns.push([app]);
    else turn.push(app);
  }
  return turns.flat();
}

/**
 * Asks about each application by its own name. A `yes` for `<project>/*` proves less, because a policy may deny single
 * applications.
 * @param groups the applications of each button
 * @param signal ends it with the answers so far
 */
export async function askPermissions(
  argocd: Pick<ArgoCd, 'maySync'>,
  groups: readonly (readonly AppRecord[])[],
  signal: AbortSignal,
): Promise<Permissions> {
  const may = new Map<string, boolean>();
  let fault: Fault | undefined;
  const chosen = sample(groups);
  const all = eachLimited(chosen, atOnce, async (app) => {
    if (signal.aborted || fault !== undefined) return;
    try {
      may.set(keyOf(app), await argocd.maySync(app));
    } catch (error) {
      if (!signal.aborted) fault ??= faultOf(error);
    }
  });
  await Promise.race([all, aborted(signal)]);
  all.catch(() => {});
  const late = signal.aborted && fault === undefined && may.size < chosen.length;
  return { may: new Map(may), late, ...(fault === undefined ? {} : { fault }) };
}

/** True if a gesture of the button syncs. A `refresh` does not sync. */
export function releases({ on }: ButtonConfig): boolean {
  return Object.values(on).some((action) => action === 'release' || action === 'rollback');
}

/** One sentence for each name in the configuration of a button that matches nothing that Argo CD shows. */
export function unmatched(
  { select, waves }: Pick<ButtonConfig, 'select' | 'waves'>,
  apps: readonly AppRecord[],
): readonly string[] {
  const selected = apps.filter((app) => selects(select, app));
  const called = (name: string) => (app: AppRecord) => app.name === name || keyOf(app) === name;
  const like = (name: string, known: readonly string[]) => {
    const near = nearest(name, known);
    return near === undefined ? '' : ` (did you mean ${near}?)`;
  };
  const names = (name: string) =>
    apps.flatMap((app) => (name.includes('/') ? [keyOf(app)] : [app.name])).filter((one) => one !== name);
  const missing = (key: string, name: string) => {
    if (selected.some(called(name))) return [];
    return apps.some(called(name))
      ? [`${key} has ${name}, but the rest of the selection leaves it out`]
      : [`${key} has ${name}, but no application with this name is visible${like(name, names(name))}`];
  };
  const found: string[] = [];
  if (!('all' in select)) {
    for (const name of select.names ?? []) found.push(...missing('select.names', name));
    const projects = [...new Set(apps.map(({ project }) => project))];
    for (const project of select.projects ?? [])
      if (!projects.includes(project))
        found.push(
          `select.projects has ${project}, but no application of this project is visible${like(project, projects)}`,
        );
    const namespaces = [...new Set(apps.map(({ namespace }) => namespace))];
    for (const namespace of select.namespaces ?? [])
      if (!namespaces.includes(namespace))
        found.push(
          `select.namespaces has ${namespace}, but no application in this namespace is visible${like(namespace, namespaces)}`,
        );
  }
  for (const [index, wave] of waves.entries())
    for (const name of wave) found.push(...missing(`waves[${index}]`, name));
  return found;
}

/** What to do about a project that does not exist. */
function absentProjects({ select }: Pick<ButtonConfig, 'select'>, apps: readonly AppRecord[]): string {
  const wanted = 'all' in select ? [] : (select.projects ?? []);
  const absent = wanted.filter((name) => !apps.some(({ project }) => project === name));
  if (absent.length === 0) return '';
  return `; argocd proj list shows whether the project ${some(absent)} exists, and argocd proj create creates it`;
}

export interface ButtonOptions {
  readonly button: ButtonConfig;
  /** All visible applications */
  readonly apps: readonly AppRecord[];
  readonly permissions: Permissions;
  readonly account: string;
}

export function buttonRow({ button, apps, permissions, account }: ButtonOptions): Row {
  const about = { check: 'button', subject: button.id } as const;
  const selected = apps.filter((app) => selects(button.select, app));
  const keys = selected.map(keyOf);
  const odd = unmatched(button, apps);
  const absent = absentProjects(button, apps);
  const syncs = releases(button);
  const { may, fault, late } = permissions;
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
      `correct select of the button ${button.id} (worker.buttons), or let the account ${account} see the applications (applications, get)${absent}`,
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
      `correct the names of the button ${button.id} (worker.buttons), or let the account ${account} see the applications (applications, get)${absent}`,
      details,
    );
  if (syncs && fault !== undefined)
    return failed(about, `${what}; ${fault.found}`, fault.remedy, { ...details, fault: fault.kind });
  if (!syncs) return ok(about, `${what}; none of its gestures releases`, details);
  const left = keys.length - asked.length;
  if (left === 0) return ok(about, `${what}; may sync ${keys.length === 1 ? 'it' : 'all of them'}`, details);
  const none = asked.length === 0;
  const answered = none
    ? `it is unknown whether the account may sync ${keys.length === 1 ? 'it' : 'them'}`
    : `may sync the ${asked.length} that were checked`;
  if (late)
    return warning(
      about,
      `${what}; ${answered}: Argo CD did not answer about ${none ? 'any application' : 'the others'} within the time limit`,
      'try again when Argo CD answers faster',
      details,
    );
  const why = `doctor checks at most ${askedMax} applications for all buttons together; the projects take turns`;
  return ok(about, `${what}; ${answered} (${counted(left, 'application')} left out: ${why})`, details);
}

function policies(account: string, apps: readonly AppRecord[]): string {
  const projects = [...new Set(apps.map(({ project }) => project))].sort();
  return some(
    projects.map((project) => `p, ${account}, applications, sync, ${project}/*, allow`),
    3,
  );
}
