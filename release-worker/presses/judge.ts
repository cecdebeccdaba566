// From a press that the rules let pass to what it releases, or to the reason why not.
import type { Clock } from '../../service/clock.ts';
import { delay } from '../../service/clock.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { ArgoCd } from '../argocd/client.ts';
import type { Access } from '../drift/access.ts';
import { lookAt } from '../drift/look.ts';
import type { Registry } from '../drift/registry.ts';
import { isDrifted } from '../drift/summary.ts';
import type { Watch } from '../drift/watch.ts';
import { candidatesOf, planOf } from '../releases/plan.ts';
import type { PlannedApp } from '../releases/release.ts';
import { selects } from '../selection.ts';
import type { ButtonConfig } from '../selection.ts';
import type { Objection } from './rules.ts';

export interface JudgeOptions {
  readonly argocd: ArgoCd;
  readonly registry: Registry;
  readonly watch: Watch;
  readonly access: Access;
  readonly clock: Clock;
  readonly refreshOnPressMax: number;
  readonly isBusy: (key: string) => boolean;
  /** Publishes what is known of the applications, so that what is released has been shown. */
  readonly show: (keys: readonly string[]) => void;
}

export type Verdict =
  | { readonly outcome: 'accepted'; readonly apps: readonly PlannedApp[]; readonly message: string }
  | { readonly outcome: 'nothing-to-release'; readonly message: string }
  | ({ readonly outcome: 'rejected' } & Objection);

/** All looks of one press together must leave time for the result, which the agent awaits for 5 s. In milliseconds. */
const lookBudgetMs = 3_000;
/** Applications that are looked at one by one for a press. */
const looksMax = 20;

export async function judge(
  options: JudgeOptions,
  button: ButtonConfig,
  only: readonly string[] | undefined,
): Promise<Verdict> {
  const { registry, watch, access, clock, isBusy } = options;
  const reject = (reason: Objection['reason'], message: string): Verdict => ({
    outcome: 'rejected',
    reason,
    message,
  });
  if (clock.monotonic() >= watch.freshUntil())
    return reject(
      'argocd-unreachable',
      `nothing is released while it is unknown what would be: ${watch.problem() ?? 'Argo CD has not been heard yet'}`,
    );

  const deadline = clock.monotonic() + lookBudgetMs;
  const find = () => candidatesOf(registry.all(), (app) => selects(button.select, app), only);
  let candidates = find();
  if (candidates.length === 0)
    return nothing(
      only === undefined
        ? 'the button selects no application that Argo CD shows'
        : 'none of the applications named in `only` is one of this button',
    );
  if (!candidates.some(isDrifted)) {
    await within(clock, deadline, refreshSome(options, candidates));
    candidates = find();
  }
  if (!candidates.some(isDrifted)) return nothing(nothingMessage(options, candidates));

  const asked = await lookAtUnknown(options, candidates.filter(isDrifted), deadline);
  let plan = planOf(find(), isBusy, access.obstacleOf);
  if (plan.apps.length === 0 && plan.blocked.size > 0) {
    // A window may have opened since it was last asked: a press must not be refused by old news.
    const old = [...plan.blocked.keys()].filter((key) => !asked.has(key));
    await within(clock, deadline, access.lookAgain(old));
    plan = planOf(find(), isBusy, access.obstacleOf);
  }
  if (plan.apps.length === 0) {
    if (plan.busy.length > 0) return reject('in-progress', `already being released: ${list(plan.busy)}`);
    const [reason] = plan.blocked.values();
    if (reason === undefined) return nothing(nothingMessage(options, find()));
    const keys = list([...plan.blocked].filter(([, why]) => why === reason).map(([key]) => key));
    return reject(
      reason,
      reason === 'not-permitted'
        ? `the account of the token may not sync ${keys}; its RBAC policy needs "applications, sync"`
        : `a sync window of Argo CD does not allow it now: ${keys}`,
    );
  }
  const keys = plan.apps.map(keyOf);
  options.show(keys);
  const left = [
    ...(plan.busy.length > 0 ? [`${plan.busy.length} already in progress`] : []),
    ...(plan.blocked.size > 0
      ? [`${plan.blocked.size} blocked by a sync window or a missing permission`]
      : []),
  ];
  return {
    outcome: 'accepted',
    apps: plan.apps,
    message: `releasing ${list(keys)}${left.length > 0 ? ` (left out: ${left.join(', ')})` : ''}`,
  };
}

function nothing(message: string): Verdict {
  return { outcome: 'nothing-to-release', message };
}

function nothingMessage({ watch }: JudgeOptions, candidates: readonly AppRecord[]): string {
  const at = watch.lastListAt();
  const unknown = candidates.filter((app) => app.sync === 'Unknown').length;
  const inSync = candidates.length - unknown;
  return [
    inSync === 1 ? 'the one application is in sync' : `all ${inSync} applications are in sync`,
    ...(unknown > 0 ? [`, ${unknown} cannot be compared`] : []),
    ...(at === undefined ? [] : [`; the last full look at Argo CD was at ${new Date(at).toISOString()}`]),
  ].join('');
}

/** With nothing known to be out of sync, Argo CD is asked to look again: a commit may be newer than its last look. */
async function refreshSome(
  { argocd, registry, refreshOnPressMax }: JudgeOptions,
  candidates: readonly AppRecord[],
): Promise<void> {
  const some = candidates.filter((app) => !app.deleting).slice(0, refreshOnPressMax);
  await Promise.allSettled(some.map((app) => lookAt({ argocd, registry }, app, 'normal', lookBudgetMs)));
}

/**
 * Of what is to be released more must be known than that it differs: its target, which a list leaves out where there are
 * several sources, and whether Argo CD would refuse it. Returns the keys whose permission has been asked for.
 */
async function lookAtUnknown(
  { argocd, registry, access, clock }: JudgeOptions,
  drifted: readonly AppRecord[],
  deadline: number,
): Promise<ReadonlySet<string>> {
  const details = drifted.filter((app) => app.detail === undefined).slice(0, looksMax);
  const keys = drifted
    .map(keyOf)
    .filter((key) => access.known(key) === undefined)
    .slice(0, looksMax);
  await within(
    clock,
    deadline,
    Promise.allSettled([
      access.lookAgain(keys),
      ...details.map((app) => lookAt({ argocd, registry }, app, undefined, lookBudgetMs)),
    ]),
  );
  return new Set(keys);
}

/** Waits for what needs no more than the time left; the rest goes on by itself and changes only what is known. */
async function within(clock: Clock, deadline: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  await Promise.race([work, delay(clock, Math.max(0, deadline - clock.monotonic()), over.signal)]);
  over.abort();
}

/** The first few by name, and how many more. */
function list(keys: readonly string[]): string {
  const shown = 5;
  const more = keys.length - shown;
  return `${keys.slice(0, shown).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
