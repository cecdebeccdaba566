// The paths of Argo CD's API. The Argo CD of the tests (test/argocd/api.ts) answers at the same paths.

/** The groups of a pattern are the parameters of its endpoint, still encoded. */
export const paths = {
  version: /^\/api\/version$/,
  session: /^\/api\/v1\/session$/,
  userInfo: /^\/api\/v1\/session\/userinfo$/,
  stream: /^\/api\/v1\/stream\/applications$/,
  applications: /^\/api\/v1\/applications$/,
  application: /^\/api\/v1\/applications\/([^/]+)$/,
  sync: /^\/api\/v1\/applications\/([^/]+)\/sync$/,
  rollback: /^\/api\/v1\/applications\/([^/]+)\/rollback$/,
  operation: /^\/api\/v1\/applications\/([^/]+)\/operation$/,
  syncWindows: /^\/api\/v1\/applications\/([^/]+)\/syncwindows$/,
  revisionMetadata: /^\/api\/v1\/applications\/([^/]+)\/revisions\/([^/]+)\/metadata$/,
  project: /^\/api\/v1\/projects\/([^/]*)$/,
  globalProjects: /^\/api\/v1\/projects\/([^/]+)\/globalprojects$/,
  canI: /^\/api\/v1\/account\/can-i\/(.+)$/,
} as const;

/** The parameters that a path has by this pattern, decoded. Undefined: the path is of another endpoint. */
export function parametersIn(path: string, pattern: RegExp): readonly string[] | undefined {
  return pattern.exec(path)?.slice(1).map(decoded);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
