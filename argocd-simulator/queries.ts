// The GET endpoints that answer at once: the list, one application, and the metadata of a revision.
import { controlPlaneNamespace, withoutResourceHealth, type ApplicationObject } from './application.ts';
import type { Backend } from './backend.ts';
import type { ApplicationRecord } from './cluster.ts';
import { sourcesOf } from './comparison.ts';
import { listSelection, type Fields } from './fields.ts';
import { json, permissionDenied, refused, type Answer } from './http-answers.ts';

/** The applications, sorted, with the selected fields. */
export function listAnswer(
  { cluster }: Backend,
  wanted: (object: ApplicationObject) => boolean,
  fields: Fields | undefined,
  limit = Number.POSITIVE_INFINITY,
): Answer {
  const objects = [...cluster.all()].map(({ object }) => object).filter(wanted);
  const items = objects
    .sort(byName)
    .slice(-limit)
    .map(fields ? listSelection(fields) : withoutResourceHealth);
  return json({
    metadata: { resourceVersion: String(cluster.resourceVersion()) },
    items: items.length > 0 ? items : null,
  });
}

function byName(a: ApplicationObject, b: ApplicationObject): number {
  if (a.metadata.name !== b.metadata.name) return a.metadata.name < b.metadata.name ? -1 : 1;
  return a.metadata.namespace < b.metadata.namespace ? -1 : 1;
}

/** The projects to which a list or a stream is limited; empty: all. */
export function projectsIn(query: URLSearchParams): string[] {
  return [...query.getAll('projects'), ...query.getAll('project')].filter((each) => each !== '');
}

export function namespaceIn(query: URLSearchParams): string {
  return query.get('appNamespace') || controlPlaneNamespace;
}

/** Calls `then` with the application. Argo CD gives the same answer for a missing as for a forbidden one. */
export function withApplication<Result>(
  { cluster }: Backend,
  { namespace, name }: { namespace: string; name: string },
  then: (record: ApplicationRecord) => Result,
): Result | Answer {
  const record = cluster.get(namespace, name);
  return record ? then(record) : refused(permissionDenied);
}

export function revisionMetadata(
  { repositories }: Backend,
  record: ApplicationRecord,
  revision: string,
  sourceIndex: number,
): Answer {
  const source = sourcesOf(record)[sourceIndex];
  const commit = source && repositories.find(source, revision);
  if (!commit) return refused({ code: 2, message: `revision ${revision} not found` });
  return json({ author: commit.author, date: commit.date, message: commit.message });
}
