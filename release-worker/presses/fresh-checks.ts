// What deciding a press asks Argo CD once more, within a bound of time.
import type { Clock } from '../../service/clock.ts';
import { waitAtMost } from '../../service/clock.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { ArgoCd } from '../argocd/client.ts';
import type { Access } from '../drift/access.ts';
import { fetchApp } from '../drift/fetch-app.ts';
import type { Registry } from '../drift/registry.ts';
import type { ArgoCdWatch } from '../drift/argocd-watch.ts';
import type { Deployed } from '../releases/deployed.ts';

export interface DecideOptions {
  readonly argocd: ArgoCd;
  readonly registry: Registry;
  readonly watch: Pick<ArgoCdWatch, 'doubt' | 'freshUntil' | 'problem' | 'lastListAt'>;
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

/** All looks of one press together must leave time for the result, which the agent awaits for 5 s. In milliseconds. */
export const checkBudgetMs = 3_000;
/** Applications that are looked at one by one for a press. */
export const checksMax = 20;

/**
 * Of what is to be released more must be known than that it differs: its target, which a list leaves out before Argo CD 3.5.0
 * and where there are several sources, and whether Argo CD would refuse it. Returns the keys whose permission has been asked for.
 */
export async function checkUnknown(
  { argocd, registry, access, clock }: DecideOptions,
  drifted: readonly AppRecord[],
  deadline: number,
): Promise<ReadonlySet<string>> {
  const details = drifted
    .filter((app) => app.detail === undefined || app.target === undefined)
    .slice(0, checksMax);
  const keys = drifted
    .map(keyOf)
    .filter((key) => access.known(key) === undefined)
    .slice(0, checksMax);
  if (details.length === 0 && keys.length === 0) return new Set();
  await within(
    clock,
    deadline,
    Promise.allSettled([
      access.lookAgain(keys),
      ...details.map((app) => fetchApp({ argocd, registry }, app, undefined, checkBudgetMs)),
    ]),
  );
  return new Set(keys);
}

/**
 * A window may have opened, or a right been given, since it was last asked: a press must not be refused by what is no longer true.
 * @param asked what this press has asked about already
 */
export async function checkBlocked(
  { access, clock }: DecideOptions,
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
