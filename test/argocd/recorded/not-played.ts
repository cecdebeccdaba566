// The recordings in test/argocd-recordings that are not played against the simulator, and why. `versions.test.ts` plays
// those of older versions.

const groups: { reason: string; names: string[] }[] = [
  {
    reason: 'an endpoint that the simulator does not have, since nobody here asks for it',
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
    reason: 'a client that closes its sending side: `cut` of POST /simulator/faults takes its place',
    names: ['get-after-sync-half-closed-late', 'sync-half-closed-early', 'sync-half-closed-late'],
  },
  {
    reason:
      'the 40 ms between the end of the operation and the comparison; stream-ndjson-full-sync plays through them',
    names: ['get-after-sync-multi-source'],
  },
  {
    reason: 'a measurement, not an exchange; what can be promised of it has a test of its own',
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
    reason: 'the simulator has no Redis whose outage could show',
    names: ['redis-down-get', 'redis-down-list', 'redis-down-sync', 'redis-restarted-get'],
  },
  {
    reason: 'the simulator has no global projects, and does not know which projects exist',
    names: [
      'globalprojects-missing-admin',
      'globalprojects-none',
      'globalprojects-one',
      'project-of-one',
      'syncwindows-of-app-with-global-project',
    ],
  },
  {
    reason: 'it was sent with the token of another account than it says',
    names: ['globalprojects-viewer'],
  },
  {
    reason: 'instead of a user interface the simulator shows that it is one',
    names: ['root', 'root-html'],
  },
  {
    reason: 'a commit in the second repository that no other recording shows',
    names: ['rollback-multi-source'],
  },
  {
    reason: 'the interleaving of twenty operations at once, different every time',
    names: ['stream-burst-of-syncs'],
  },
  {
    reason: 'the simulator cuts its streams at once when it is stopped',
    names: ['stream-server-sigterm-ndjson', 'stream-server-sigterm-sse'],
  },
  {
    reason: 'the simulator speaks plain HTTP only',
    names: ['tls-handshake', 'tls-plain-http-get', 'tls-plain-http-sync', 'tls-stream-sse', 'tls-version'],
  },
];

/** From the name of a recording to the reason. */
export const notPlayed: ReadonlyMap<string, string> = new Map(
  groups.flatMap(({ reason, names }) => names.map((name) => [name, reason] as const)),
);
