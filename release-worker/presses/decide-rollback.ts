// Decides what a rollback press rolls back, or why it rolls nothing back.
//
// It rolls back what the button's last release deployed, unless something else has been deployed since. All applications
// that the button selects may be hundreds, most of which nobody wants to touch. Named applications (`only`) are rolled
// back no matter who released them.
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import { shortRevision } from '../drift/summary.ts';
import type { Obstacle } from '../drift/drifted.ts';
import { candidatesOf, plannedOf } from '../releases/plan.ts';
import { selects } from '../../config/selects.ts';
import type { ButtonConfig } from '../buttons.ts';
import { busyInWords, isTaken, checkLeftovers } from './busy.ts';
import { nameList } from '../name-list.ts';
import { inTheWay, nothing, nothingSelected, reject, selectedBy, type Decision } from './decision.ts';
import { checkBlocked, checkUnknown } from './fresh-checks.ts';
import type { DecideOptions } from './fresh-checks.ts';

/** @param deadline for its requests, on the monotonic clock */
export async function decideRollback(
  options: DecideOptions,
  button: ButtonConfig,
  only: readonly string[] | undefined,
  deadline: number,
): Promise<Decision> {
  const { registry, access } = options;
  const deployed = new Map(options.deployedBy(button.id).map(({ key, revision }) => [key, revision]));
  const find = (keys: readonly string[] | undefined) =>
    candidatesOf(registry, (app) => selects(button.select, app), keys);
  if (only === undefined && deployed.size === 0)
    return nothing(
      'this button has released nothing that could be undone; name the applications to roll back (`only`)',
    );
  const wanted = only ?? [...deployed.keys()];
  if (find(wanted).length === 0) return nothingSelected(only ?? wanted, selectedBy(options, button));

  const asked = await checkUnknown(options, find(wanted), deadline);
  await checkLeftovers(options, find(wanted), deadline);
  const sortNow = () => {
    const blocked = new Map<string, Obstacle>();
    const busy: string[] = [];
    const left: string[] = [];
    const advice = new Set<string>();
    const able: AppRecord[] = [];
    for (const app of find(wanted)) {
      const key = keyOf(app);
      const released = only === undefined ? deployed.get(key) : undefined;
      const why = whyNot(app, released, options.rolledBackTo(key));
      const obstacle = access.obstacleOf(key);
      if (why !== undefined) {
        left.push(`${key}: ${why.reason}`);
        if (why.advice !== undefined) advice.add(why.advice);
      } else if (isTaken(options, key)) busy.push(key);
      else if (obstacle === undefined) able.push(app);
      else blocked.set(key, obstacle);
    }
    return { blocked, busy, left, advice, able };
  };
  let sorted = sortNow();
  if (sorted.able.length === 0 && sorted.blocked.size > 0) {
    await checkBlocked(options, sorted.blocked.keys(), asked, deadline);
    // Applications that could be rolled back before may have changed in the meantime.
    sorted = sortNow();
  }
  const { blocked, busy, left, advice, able } = sorted;
  if (able.length === 0) {
    if (busy.length > 0) return reject('in-progress', busyInWords(options, busy));
    const [obstacle] = blocked.values();
    if (obstacle !== undefined) return reject(obstacle, inTheWay(obstacle, [...blocked.keys()], access));
    return nothing([`nothing to roll back: ${nameList(left)}`, ...advice].join('. '));
  }
  const others = [...left, ...busy, ...blocked.keys()];
  const apps = able.map((app) => plannedOf(app, app.detail?.previous ?? '', button.waves));
  return {
    outcome: 'accepted',
    apps,
    message: `rolling back ${nameList(apps.map((app) => `${keyOf(app)} to ${shortRevision(app.to)}`))}${
      others.length > 0 ? ` (left out: ${nameList(others)})` : ''
    }`,
  };
}

/** Why an application cannot be rolled back, and what to do. Each advice appears once, for any number of applications. */
interface Why {
  readonly reason: string;
  readonly advice?: string;
}

/**
 * @param released the revision that the button's last release deployed, if that is to be undone
 * @param wentBackTo the revision that the application's last release rolled back to
 */
function whyNot(
  app: AppRecord,
  released: string | undefined,
  wentBackTo: string | undefined,
): Why | undefined {
  if (app.deleting) return { reason: 'it is being deleted' };
  if (app.automated) return { reason: 'automated sync would undo it; revert in Git instead' };
  if (!app.plainGit) return { reason: 'only an application with one Git source can be rolled back here' };
  if (app.detail === undefined) return { reason: 'its history is not known' };
  if (released !== undefined && app.detail.deployed !== released)
    return { reason: 'something else has been deployed since' };
  if (wentBackTo !== undefined && app.detail.deployed === wentBackTo)
    return {
      reason: `it has already been rolled back to ${shortRevision(wentBackTo)}, and a second rollback would deploy ${shortRevision(app.detail.previous)} again`,
      advice:
        'To release, unfreeze the button and press; to go back further, revert in Git or use the history in Argo CD',
    };
  if (app.detail.previous === '') return { reason: 'its history has no other revision' };
  return undefined;
}
