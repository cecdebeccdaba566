// The result of a press that finds nothing to release: in sync, being deleted, or not comparable. Pure.
import { toLocalTime } from '../../messages/time.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import { causeOf, lostInWords } from '../drift/comparison-words.ts';
import { type Decision, nothing, reject } from './decision.ts';
import { nameList } from '../name-list.ts';

export interface NothingFound {
  /** the applications that the press could release; none of them is known to be out of sync */
  readonly candidates: readonly AppRecord[];
  /** number of applications that Argo CD has compared with Git again for this press */
  readonly refreshed: number;
  /** milliseconds since the epoch */
  readonly lastListAt: number | undefined;
  /** milliseconds since the epoch; undefined: it can be compared, or was in sync before */
  readonly wasOutOfSyncAt: (key: string) => number | undefined;
}

export function nothingFound(found: NothingFound): Decision {
  const { candidates, wasOutOfSyncAt } = found;
  const deleting = candidates.filter((app) => app.deleting);
  const unknown = candidates.filter((app) => !app.deleting && app.sync === 'Unknown');
  const inSync = candidates.length - deleting.length - unknown.length;
  const byKey = new Map(candidates.map((app) => [keyOf(app), app]));

  const lost = unknown.flatMap((app) => {
    const at = wasOutOfSyncAt(keyOf(app));
    return at === undefined ? [] : [{ key: keyOf(app), at }];
  });
  const notCompared = cannotBeCompared(unknown);
  const why =
    lostInWords(lost, (key) => byKey.get(key)) ??
    (inSync === 0 && unknown.length > 0 ? notCompared : undefined);
  // The light does not show `clear` in this case, so the result must not say that there is nothing to release.
  if (why !== undefined)
    return reject(
      'argocd-unreachable',
      `nothing is released while it is not known what is out of sync: ${why}`,
    );

  const parts = [
    ...(inSync > 0 ? [inSyncInWords(inSync, candidates.length)] : []),
    ...(unknown.length > 0 ? [notCompared] : []),
    ...(deleting.length > 0
      ? [`${nameList(deleting.map(keyOf))} ${deleting.length === 1 ? 'is' : 'are'} being deleted`]
      : []),
    ...lookInWords(found, candidates.length - deleting.length),
  ];
  return nothing(parts.join('; '));
}

function inSyncInWords(inSync: number, total: number): string {
  if (inSync < total) return `${inSync} of ${total} applications ${inSync === 1 ? 'is' : 'are'} in sync`;
  return total === 1 ? 'the application is in sync' : `all ${total} applications are in sync`;
}

function cannotBeCompared(unknown: readonly AppRecord[]): string {
  const cause = causeOf(unknown[0]);
  return `${nameList(unknown.map(keyOf))} cannot be compared${cause === undefined ? '' : `: ${cause}`}`;
}

/** The time of the last list is left out if Argo CD has just refreshed all of them. */
function lookInWords({ refreshed, lastListAt }: NothingFound, total: number): string[] {
  if (refreshed > 0 && refreshed >= total) return ['Argo CD has just looked at Git again'];
  return [
    ...(refreshed > 0 ? [`Argo CD has just looked at Git again for ${refreshed} of them`] : []),
    ...(lastListAt === undefined
      ? []
      : [`the last full list of applications is from ${toLocalTime(lastListAt)}`]),
  ];
}
