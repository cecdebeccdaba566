// Why a press cannot release an application: a release is running, or an earlier one has left a sync in Argo CD.
import { keyOf } from '../argocd/application.ts';
import type { AppRecord } from '../argocd/application.ts';
import { fetchApp } from '../drift/fetch-app.ts';
import { nameList } from '../name-list.ts';
import { checkBudgetMs, checksMax, within } from './fresh-checks.ts';
import type { DecideOptions } from './fresh-checks.ts';

type Busy = Pick<DecideOptions, 'isBusy' | 'whyBusy'>;

export function isTaken({ isBusy, whyBusy }: Busy, key: string): boolean {
  return isBusy(key) || whyBusy(key) !== undefined;
}

export function busyInWords({ isBusy, whyBusy }: Busy, keys: readonly string[]): string {
  const running = keys.filter(isBusy);
  const left = keys.flatMap((key) => {
    const why = isBusy(key) ? undefined : whyBusy(key);
    return why === undefined ? [] : [`${key}: ${why}`];
  });
  return [
    ...(running.length > 0 ? [`already being released: ${nameList(running)}`] : []),
    ...left.slice(0, 1),
  ]
    .concat(left.length > 1 ? [`and ${left.length - 1} more like this`] : [])
    .join('; ');
}

/** Looks again before a press is refused: the sync may have ended while the stream was down. */
export async function checkLeftovers(
  options: DecideOptions,
  apps: readonly AppRecord[],
  deadline: number,
): Promise<void> {
  const { argocd, registry, clock, isBusy, whyBusy } = options;
  const left = apps.filter((app) => !isBusy(keyOf(app)) && whyBusy(keyOf(app)) !== undefined);
  if (left.length === 0) return;
  const looks = left
    .slice(0, checksMax)
    .map((app) => fetchApp({ argocd, registry }, app, undefined, checkBudgetMs));
  await within(clock, deadline, Promise.allSettled(looks));
}
