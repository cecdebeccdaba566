// The recordings that are not played against the simulator, and why. All others in test/argocd-recordings are played;
// `versions.test.ts` plays those of older versions.

const groups: { because: string; names: string[] }[] = [
  {
    because: 'an endpoint that the simulator does not have, since nobody here asks for it',
    names: [
      'account-token-create',
      'account-token-create-duplicate-id',
      'account-token-delete',
      'delete-app-cascade',
      'delete-app-no-cascade',
      'projects-admin',
      'projects-button',
      'resource-tree',
      'settings-no-token',
    ],
  },
  {
    because: 'a client that closes its sending side: `cut` of POST /simulator/faults takes its place',
    names: ['get-after-sync-half-closed-late', 'sync-half-closed-early', 'sync-half-closed-late'],
  },
  {
    because:
      'the 40 ms between the end of the operation and the comparison; stream-ndjson-full-sync plays through them',
    names: ['get-after-sync-multi-source'],
  },
  {
    because: 'a measurement, not an exchange; what can be promised of it has a test of its own',
    names: [
      'list-gzip',
      'measurements-100-applications',
      'measurements-cut-post',
      'measurements-infos-limits',
      'measurements-stream-start-gap',
      'server-restart-sigkill',
      'server-restart-sigterm',
      'sync-concurrent',
    ],
  },
  {
    because: 'the simulator has no Redis whose outage could show',
    names: ['redis-down-get', 'redis-down-list', 'redis-down-sync', 'redis-restarted-get'],
  },
  {
    because: 'the simulator has no global projects, and does not know which projects exist',
    names: [
      'globalprojects-missing-admin',
      'globalprojects-none',
      'globalprojects-one',
      'project-of-one',
      'syncwindows-of-app-with-global-project',
    ],
  },
  {
    because: 'it was sent with the token of another account than it says',
    names: ['globalprojects-viewer'],
  },
  {
    because: 'instead of a user interface the simulator shows that it is one',
    names: ['root', 'root-html'],
  },
  {
    because: 'a commit in the second repository that no other recording shows',
    names: ['rollback-multi-source'],
  },
  {
    because: 'the interleaving of twenty operations at once, different every time',
    names: ['stream-burst-of-syncs'],
  },
  {
    because: 'the simulator cuts its streams at once when it is stopped',
    names: ['stream-server-sigterm-ndjson', 'stream-server-sigterm-sse'],
  },
  {
    because: 'the simulator speaks plain HTTP only',
    names: ['tls-handshake', 'tls-plain-http-get', 'tls-plain-http-sync', 'tls-stream-sse', 'tls-version'],
  },
];

/** The reason by name of the recording. */
export const notPlayed: ReadonlyMap<string, string> = new Map(
  groups.flatMap(({ because, names }) => names.map((name) => [name, because] as const)),
);
