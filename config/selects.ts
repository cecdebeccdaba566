// Decides whether a selection of the configuration contains an application.
import type { Selection } from './sections/application-selection.ts';

interface Selectable {
  readonly namespace: string;
  readonly name: string;
  readonly project: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * An application must match every given key. One matching entry is enough for names, projects and namespaces; of labels, all must
 * match. Names are `name` or `namespace/name`.
 */
export function selects(select: Selection, app: Selectable): boolean {
  if (select.all === true) return true;
  const { names, projects, labels, namespaces } = select;
  if (
    names !== undefined &&
    !names.some((name) => name === app.name || name === `${app.namespace}/${app.name}`)
  )
    return false;
  if (projects !== undefined && !projects.includes(app.project)) return false;
  if (namespaces !== undefined && !namespaces.includes(app.namespace)) return false;
  return (
    labels === undefined || Object.entries(labels).every(([label, value]) => app.labels[label] === value)
  );
}
