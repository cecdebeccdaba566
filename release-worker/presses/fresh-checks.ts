// The requests to Argo CD while a press is being decided, with a time limit.
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
  readonly access: Pick<Access, 'stateOf' | 'obstacleOf' | 'lookAgain'>;
  readonly clock: Clock;
  readonly refreshOnPressMax: number;
  /** Why the journal cannot be written, in words. Tests it again if it could not be written before. */
  readonly whyUnwritable: () => Promise<string | undefined>;
  readonly isBusy: (key: string) => boolean;
  /** Why the application cannot be released, in words: an earlier release has left a sync in Argo CD. */
  readonly whyBusy: (key: string) => string | undefined;
  /** When an application that cannot be compared was last known to be out of sync, in milliseconds since the epoch. */
  readonly wasOutOfSyncAt: (key: string) => number | undefined;
  /** Whether it is out of sync, but not shown yet because Argo CD is expected to sync it. */
  readonly isUnripe: (key: string) => boolean;
  /** what the button's last release deployed */
  readonly deployedBy: (button: string) => readonly Deployed[];
  /** the revision that the application's last release rolled back to */
  readonly rolledBackTo: (key: string) => string | undefined;
  /** Publishes the state of the applications, so that a release only releases what was shown. */
  readonly show: (keys: readonly string[]) => void;
}

/** Longest time for all requests of one press, in milliseconds. The agent awaits the result for 5 s. */
export const checkBudgetMs = 3_000;
/** Highest number of applications that are requested one by one for a press. */
export const checksMax = 20;

/**
 * A release needs the target of each application, which lists contain since Argo CD 3.5.0 only, and never for several
 * sources. It also needs to know whether Argo CD would refuse. Returns the keys whose permissions were requested.
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
    .filter((key) => access.stateOf(key) === undefined)
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
 * Looks again before a press is refused: since the last look, a window may have opened, or a permission been granted.
 * @param asked keys that were already requested for this press
 */
export async function checkBlocked(
  { access, clock }: DecideOptions,
  blocked: Iterable<string>,
  asked: ReadonlySet<string>,
  deadline: number,
): Promise<void> {
  await within(clock, deadline, access.lookAgain([...blocked].filter((key) => !asked.has(key))));
}

/** Waits for the work until the deadline. After it, the work continues and only updates what the worker knows. */
export async function within(clock: Clock, deadline: number, work: Promise<unknown>): Promise<void> {
  await waitAtMost(clock, Math.max(0, deadline - clock.monotonic()), work);
}
