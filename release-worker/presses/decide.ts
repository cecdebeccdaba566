// Decides what a press that passed the rules releases, or why it releases nothing.
import type { Action } from '../../messages/worker.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import { fetchApp } from '../drift/fetch-app.ts';
import { isDrifted } from '../drift/drifted.ts';
import { candidatesOf, planOf } from '../releases/plan.ts';
import { selects } from '../../config/selects.ts';
import type { ButtonConfig } from '../buttons.ts';
import { decideRollback } from './decide-rollback.ts';
import { busyInWords, isTaken, checkLeftovers } from './busy.ts';
import { nameList } from '../name-list.ts';
import { inTheWay, nothing, nothingSelected, reject, selectedBy, type Decision } from './decision.ts';
import { checkBlocked, checkUnknown, checkBudgetMs, within } from './fresh-checks.ts';
import type { DecideOptions } from './fresh-checks.ts';
import { nothingFound } from './nothing.ts';

/** Longest time for all requests and the doubt about Argo CD: the agent waits 5 s for the result. In milliseconds. */
const doubtBudgetMs = 4_000;

const failureMs = 250;

/**
 * @param only narrows the button's selection
 * @param takenApps applications of presses of this button that were accepted just now
 */
export async function decide(
  given: DecideOptions,
  button: ButtonConfig,
  action: Action,
  only: readonly string[] | undefined,
  takenApps: ReadonlySet<string> = new Set(),
): Promise<Decision> {
  const options = { ...given, isBusy: (key: string) => takenApps.has(key) || given.isBusy(key) };
  const deadline = options.clock.monotonic() + doubtBudgetMs;
  const before = await whyUnknown(options, deadline);
  if (before !== undefined) return before;
  const decision = await decideKnown(options, button, action, only, deadline);
  // The decision's own requests may have shown that Argo CD does not answer.
  return (await whyUnknown(options, deadline)) ?? decision;
}

/** Waits while the worker is finding out whether Argo CD answers. */
async function whyUnknown({ watch, clock }: DecideOptions, deadline: number): Promise<Decision | undefined> {
  const doubt = watch.doubt();
  if (doubt !== undefined) {
    await within(clock, deadline, doubt);
    if (watch.doubt() !== undefined)
      return reject('argocd-unreachable', 'nothing is released: Argo CD does not answer now. Press again');
  }
  if (clock.monotonic() < watch.freshUntil()) return undefined;
  return reject(
    'argocd-unreachable',
    `nothing is released while it is not known what is out of sync: ${watch.problem() ?? 'Argo CD has not answered yet'}`,
  );
}

async function decideKnown(
  options: DecideOptions,
  button: ButtonConfig,
  action: Action,
  only: readonly string[] | undefined,
  answerBy: number,
): Promise<Decision> {
  const { registry, clock } = options;
  const unwritable = action === 'refresh' ? undefined : await options.whyUnwritable();
  if (unwritable !== undefined) return reject('journal-unwritable', unwritable);
  const deadline = Math.min(clock.monotonic() + checkBudgetMs, answerBy);
  if (action === 'rollback') return decideRollback(options, button, only, deadline);
  if (action === 'release') return decideRelease(options, button, only, deadline);
  const candidates = candidatesOf(registry, (app) => selects(button.select, app), only);
  return candidates.length === 0
    ? nothingSelected(only, selectedBy(options, button))
    : decideRefresh(options, candidates);
}

/** An application in sync may be behind Git too, so all are refreshed, up to `refreshOnPressMax`. */
function decideRefresh({ refreshOnPressMax }: DecideOptions, candidates: readonly AppRecord[]): Decision {
  const refresh = candidates.filter((app) => !app.deleting).slice(0, refreshOnPressMax);
  if (candidates.every((app) => app.deleting))
    return nothing(`there is nothing to refresh; being deleted: ${nameList(candidates.map(keyOf))}`);
  const left = candidates.length - refresh.length;
  return {
    outcome: 'accepted',
    refresh,
    message: `Argo CD looks at Git again for ${nameList(refresh.map(keyOf))}${left > 0 ? ` (left out: ${left}; worker.refreshOnPressMax)` : ''}`,
  };
}

async function decideRelease(
  options: DecideOptions,
  button: ButtonConfig,
  only: readonly string[] | undefined,
  deadline: number,
): Promise<Decision> {
  const { registry, watch, access, clock } = options;
  const find = () => candidatesOf(registry, (app) => selects(button.select, app), only);
  let candidates = find();
  if (candidates.length === 0) return nothingSelected(only, selectedBy(options, button));
  const refreshed = new Set<string>();
  const nothingLeft = (left: readonly AppRecord[]) =>
    nothingFound({
      candidates: left,
      refreshed: left.filter((app) => refreshed.has(keyOf(app))).length,
      lastListAt: watch.lastListAt(),
      wasOutOfSyncAt: options.wasOutOfSyncAt,
    });
  if (!candidates.some(isDrifted)) {
    await within(clock, deadline, refreshSome(options, candidates, refreshed));
    candidates = find();
    if (candidates.length === 0) return nothingSelected(only, selectedBy(options, button));
  }
  if (!candidates.some(isDrifted)) return nothingLeft(candidates);

  // Drift that the light does not show yet is released only if the press names it, or if nothing else is out of sync.
  const isHidden = (app: AppRecord) => isDrifted(app) && options.isUnripe(keyOf(app));
  const leavesHidden = only === undefined && candidates.some((app) => isDrifted(app) && !isHidden(app));
  const wanted = () => (leavesHidden ? find().filter((app) => !isHidden(app)) : find());

  const asked = await checkUnknown(options, wanted().filter(isDrifted), deadline);
  const planNow = () =>
    planOf(wanted(), (key) => isTaken(options, key), access.obstacleOf, button.waves, button.pinRevision);
  let plan = planNow();
  if (plan.apps.length === 0 && plan.blocked.size > 0) {
    await checkBlocked(options, plan.blocked.keys(), asked, deadline);
    plan = planNow();
  }
  if (plan.apps.length === 0 && plan.busy.length > 0) {
    await checkLeftovers(options, find(), deadline);
    plan = planNow();
  }
  if (plan.apps.length === 0) {
    if (plan.busy.length > 0) return reject('in-progress', busyInWords(options, plan.busy));
    const [reason] = plan.blocked.values();
    if (reason === undefined && plan.unknown.length > 0)
      return reject(
        'argocd-unreachable',
        `Argo CD did not send the target revision of ${nameList(plan.unknown)} in time. Press again`,
      );
    if (reason === undefined) return nothingLeft(find());
    const keys = [...plan.blocked].filter(([, why]) => why === reason).map(([key]) => key);
    return reject(reason, inTheWay(reason, keys, access));
  }
  const keys = plan.apps.map(keyOf);
  options.show(keys);
  const hidden = leavesHidden ? find().filter(isHidden).length : 0;
  const lost = find().filter((app) => options.wasOutOfSyncAt(keyOf(app)) !== undefined).length;
  const left = [
    ...(plan.busy.length > 0 ? [busyInWords(options, plan.busy)] : []),
    ...(plan.blocked.size > 0
      ? [`${plan.blocked.size} blocked by a sync window or a missing permission`]
      : []),
    ...(hidden > 0 ? [`${hidden} newly out of sync, which Argo CD should sync itself`] : []),
    ...(plan.unknown.length > 0
      ? [`${plan.unknown.length} whose target revision Argo CD did not send in time`]
      : []),
    ...(lost > 0 ? [`${lost} out of sync before, which Argo CD cannot compare now`] : []),
  ];
  return {
    outcome: 'accepted',
    apps: plan.apps,
    message: `releasing ${nameList(keys)}${left.length > 0 ? ` (left out: ${left.join(', ')})` : ''}`,
  };
}

/**
 * Nothing is known to be out of sync, so Argo CD is asked to refresh: Git may have a newer commit.
 * @param refreshed receives the keys of the applications that Argo CD has refreshed
 */
async function refreshSome(
  { argocd, registry, refreshOnPressMax }: DecideOptions,
  candidates: readonly AppRecord[],
  refreshed: Set<string>,
): Promise<void> {
  const some = candidates.filter((app) => !app.deleting).slice(0, refreshOnPressMax);
  await Promise.allSettled(
    some.map(async (app) => {
      // Ends before the deadline of the decision, so that a failure is known in time.
      await fetchApp({ argocd, registry }, app, 'normal', checkBudgetMs - failureMs);
      refreshed.add(keyOf(app));
    }),
  );
}
