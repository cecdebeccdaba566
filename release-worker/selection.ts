// Which applications a button releases.
import type { Config } from '../config/sections.ts';
import type { AppRecord } from './argocd/application.ts';
import { keyOf } from './argocd/application.ts';

export type ButtonConfig = Config['worker']['buttons'][number];
type Select = ButtonConfig['select'];

/** Kinds of conditions must all hold; within one kind any value will do. Names are `name` or `namespace/name`. */
export function selects(select: Select, app: AppRecord): boolean {
  if ('all' in select) return true;
  const { names, projects, labels, namespaces } = select;
  if (names !== undefined && !names.some((name) => name === app.name || name === keyOf(app))) return false;
  if (projects !== undefined && !projects.includes(app.project)) return false;
  if (namespaces !== undefined && !namespaces.includes(app.namespace)) return false;
  return (
    labels === undefined || Object.entries(labels).every(([label, value]) => app.labels[label] === value)
  );
}
