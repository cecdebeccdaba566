// An application in a few words, to be compared with those in the tables.
import { isWholeItem, keyOf, type ListedApp } from '../../../../release-worker/argocd/application.ts';

/** By the words: the names (`namespace/name`, sorted) of the applications that they describe. */
export type Groups = Readonly<Record<string, string>>;

/** `OutOfSync Healthy Succeeded at <target> on <deployed>`, commits shortened, with what is not known left out.
 * `partly`: a list has told too little of it. */
export function inWords(app: ListedApp): string {
  const deployed = app.detail?.deployed ?? '';
  return [
    app.compared ? app.sync : 'new',
    app.health,
    ...(app.phase === '' ? [] : [app.phase]),
    ...(app.target === undefined ? [] : ['at', shortened(app.target)]),
    ...(deployed === '' ? [] : ['on', shortened(deployed)]),
    ...(app.deleting ? ['deleting'] : []),
    ...(app.automated === true ? ['automated'] : []),
    ...(isWholeItem(app) ? [] : ['partly']),
  ].join(' ');
}

export function grouped(apps: Iterable<ListedApp>): Groups {
  const groups = new Map<string, string[]>();
  for (const app of apps) {
    const words = inWords(app);
    groups.set(words, [...(groups.get(words) ?? []), keyOf(app)]);
  }
  return Object.fromEntries([...groups].map(([words, names]) => [words, names.sort().join(' ')]));
}

function shortened(revisions: string): string {
  return revisions
    .split(',')
    .map((revision) => revision.slice(0, 7))
    .join(',');
}
