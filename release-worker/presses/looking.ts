// What judging a press needs, whatever it is to do: looks at Argo CD within a bound of time, and words.
import { selects } from '../../config/selects.ts';
import { whatThereIs } from '../../messages/nearest.ts';
import type { Clock } from '../../service/clock.ts';
import { waitAtMost } from '../../service/clock.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { ArgoCd } from '../argocd/client.ts';
import type { Access } from '../drift/access.ts';
import { lookAt } from '../drift/look.ts';
import type { Registry } from '../drift/registry.ts';
import type { Obstacle } from '../drift/drifted.ts';
import type { Watch } from '../drift/watched.ts';
import type { Deployed } from '../releases/deployed.ts';
import type { PlannedApp } from '../releases/release.ts';
import { candidatesOf } from '../releases/plan.ts';
import type { ButtonConfig } from '../selection.ts';
import type { Objection } from './rules.ts';

export interface JudgeOptions {
  readonly argocd: ArgoCd;
  readonly registry: Registry;
  readonly watch: Pick<Watch, 'doubt' | 'freshUntil' | 'problem' | 'lastListAt'>;
  readonly access: Pick<Access, 'known' | 'obstacleOf' | 'lookAgain'>;
  readonly clock: Clock;
  readonly refreshOnPressMax: number;
  /** Why no release could be written down, in words; looks once more where something was wrong. */
  readonly whyUnwritable: () => Promise<string | undefined>;
  readonly isBusy: (key: string) => boolean;
  /** Why nothing can be released over an operation that a former release has sent, in words. */
  readonly whyBusy: (key: string) => string | undefined;
  /** Of what cannot be compared now: when it was last known to be out of sync, in milliseconds since the epoch. */
  readonly wasOutOfSyncAt: (key: string) => number | undefined;
  /** Whether it is out of sync and not shown yet, since Argo CD is to sync it by itself. */
  readonly isUnripe: (key: string) => boolean;
  /** what the button's last release has deployed */
  readonly deployedBy: (button: string) => readonly Deployed[];
  /** what the last release of an application has gone back to */
  readonly rolledBackTo: (key: string) => string | undefined;
  /** Publishes what is known of the applications, so that what is released has been shown. */
  readonly show: (keys: readonly string[]) => void;
}

export type Verdict =
  | { readonly outcome: 'accepted'; readonly apps: readonly PlannedApp[]; readonly message: string }
  /** no release: Argo CD is to look at Git again for these */
  | { readonly outcome: 'accepted'; readonly refresh: readonly AppRecord[]; readonly message: string }
  | { readonly outcome: 'nothing-to-release'; readonly message: string }
  | ({ readonly outcome: 'rejected' } & Objection);

/** All looks of one press together must leave time for the result, which the agent awaits for 5 s. In milliseconds. */
export const lookBudgetMs = 3_000;
/** Applications that are looked at one by one for a press. */
export const looksMax = 20;

export function reject(reason: Objection['reason'], message: string): Verdict {
  return { outcome: 'rejected', reason, message };
}

/** Whether releases are frozen stands at the broker, which could not be asked. */
export const cutOff: Verdict = {
  outcome: 'rejected',
  reason: 'argocd-unreachable',
  message:
    'the connection to the broker was cut before this worker could read there whether releases are frozen; press again',
};

export function nothing(message: string): Verdict {
  return { outcome: 'nothing-to-release', message };
}

/** Keys of all that the button selects. */
export function selectedBy(
  { registry }: Pick<JudgeOptions, 'registry'>,
  { select }: ButtonConfig,
): readonly string[] {
  return candidatesOf(registry, (app) => selects(select, app), undefined).map(keyOf);
}

/** @param selected keys of all that the button selects */
export function nothingSelected(only: readonly string[] | undefined, selected: readonly string[]): Verdict {
  const [first] = only ?? [];
  return nothing(
    only === undefined || first === undefined || selected.length === 0
      ? 'the button selects no application that Argo CD shows'
      : `the button does not select ${list(only)}; check the names, and \`select\` of the button. ${whatThereIs(first, selected)}`,
  );
}

/** @param keys those that it keeps from being released */
export function inTheWay(reason: Obstacle, keys: readonly string[], access: Pick<Access, 'known'>): string {
  if (reason === 'not-permitted')
    return `the account of the token may not sync ${list(keys)}; its RBAC policy needs "applications, sync"`;
  const known = keys.map((key) => access.known(key));
  const description = known.find((one) => one?.windowDescription !== undefined)?.windowDescription;
  const said = description === undefined ? '' : ` (${description})`;
  return `a sync window of Argo CD${said} does not allow it now: ${list(keys)}`;
}

/**
 * Of what is to be released more must be known than that it differs: its target, which a list leaves out before Argo CD 3.5.0
 * and where there are several sources, and whether Argo CD would refuse it. Returns the keys whose permission has been asked for.
 */
export async function lookAtUnknown(
  { argocd, registry, access, clock }: JudgeOptions,
  drifted: readonly AppRecord[],
  deadline: number,
): Promise<ReadonlySet<string>> {
  const details = drifted
    .filter((app) => app.detail === undefined || app.target === undefined)
    .slice(0, looksMax);
  const keys = drifted
    .map(keyOf)
    .filter((key) => access.known(key) === undefined)
    .slice(0, looksMax);
  if (details.length === 0 && keys.length === 0) return new Set();
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

/**
 * A window may have opened, or a right been given, since it was last asked: a press must not be refused by old news.
 * @param asked what this press has asked about already
 */
export async function lookAtBlocked(
  { access, clock }: JudgeOptions,
  blocked: Iterable<string>,
  asked: ReadonlySet<string>,
  deadline: number,
): Promise<void> {
  await within(clock, deadline, access.lookAgain([...blocked].filter((key) => !asked.has(key))));
}

/** Waits for what needs no more than the time left; the rest goes on by itself and changes only what is known. */
export async function within(clock: Clock, deadline: number, work: Promise<unknown>): Promise<void> {
  await waitAtMost(clock, Math.max(0, deadline - clock.monotonic()), work);
}

/** The first few by name, and how many more. */
export function list(keys: readonly string[]): string {
  const shown = 5;
  const more = keys.length - shown;
  return `${keys.slice(0, shown).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
