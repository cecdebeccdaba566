// Drift: the summary, and one topic for each application.
import * as z from 'zod/mini';
import { channel } from './channel.ts';
import { json } from './codec.ts';
import { frozenSchema } from './freeze.ts';
import { idSchema } from './ids.ts';
import { timeSchema } from './time.ts';

/** Argo CD's words (`status.sync.status`, `status.health.status`). An empty one becomes `Unknown`. */
const syncStatusSchema = z.enum(['Synced', 'OutOfSync', 'Unknown']);
export type SyncStatus = z.infer<typeof syncStatusSchema>;

/** The summary lists at most this many applications; `truncated` says that there are more. */
export const summaryApplications = 20;

/**
 * Facts about an application beside its status. There is no note for an application outside Argo CD's own namespace,
 * because the member `namespace` shows that.
 */
const noteSchema = z.enum([
  'deleting',
  'not-permitted',
  'blocked-by-sync-window',
  'syncing',
  'not-compared',
  'comparison-error',
  'project-missing',
  'invalid-spec',
  'multi-source',
  'automated',
  'app-of-apps',
]);
export type Note = z.infer<typeof noteSchema>;

const driftSchema = z.object({
  state: z.enum(['clear', 'drifted', 'unknown']),
  outOfSync: z.int(),
  total: z.int(),
  unhealthy: z.int(),
  blocked: z.int(),
  unknown: z.int(),
  apps: z
    .array(
      z.object({
        namespace: z.string(),
        name: z.string(),
        project: z.string(),
        sync: syncStatusSchema,
        health: z.string(),
        from: z.string(),
        to: z.string(),
        /** absent: no notes */
        notes: z.exactOptional(z.array(noteSchema)),
      }),
    )
    .check(z.maxLength(summaryApplications)),
  truncated: z.boolean(),
  /** absent: there is no freeze of everything */
  frozen: z.exactOptional(frozenSchema),
  /** whether Argo CD was heard from recently; if not, all other members are unknown */
  fresh: z.exactOptional(z.boolean()),
  /** whether Argo CD answered the last request; even if not, all other members may be recent enough */
  reachable: z.exactOptional(z.boolean()),
  since: timeSchema,
  /** since when the worker has seen the oldest drift; absent: nothing is out of sync */
  oldestDriftAt: z.exactOptional(timeSchema),
  at: timeSchema,
  server: z.string(),
  simulated: z.boolean(),
});
export type DriftSummary = z.infer<typeof driftSchema>;

export const drift = channel(
  'worker/<worker>/drift',
  {
    kind: 'state',
    qos: 1,
    from: ['worker'],
    summary: 'The drift of all applications that the buttons of the worker select.',
  },
  json(driftSchema),
);

const revisionSchema = z.object({
  revision: z.string(),
  author: z.exactOptional(z.string()),
  title: z.exactOptional(z.string()),
});

const appSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  project: z.string(),
  labels: z.record(z.string(), z.string()),
  sync: syncStatusSchema,
  health: z.string(),
  deployed: z.exactOptional(revisionSchema),
  target: z.exactOptional(revisionSchema),
  phase: z.exactOptional(z.string()),
  message: z.exactOptional(z.string()),
  window: z.exactOptional(z.enum(['open', 'closed'])),
  /** until when the window stays as it is; absent: not known */
  windowUntil: z.exactOptional(timeSchema),
  /** the description that the window has in Argo CD; absent: none */
  windowReason: z.exactOptional(z.string()),
  permitted: z.exactOptional(z.boolean()),
  automated: z.boolean(),
  /** the buttons that release it, in the order of the configuration; absent: not known */
  buttons: z.exactOptional(z.array(idSchema)),
  notes: z.exactOptional(z.array(noteSchema)),
  /** Argo CD's error about it, `<type>: <message>` */
  condition: z.exactOptional(z.string()),
  link: z.string(),
});
export type AppMessage = z.infer<typeof appSchema>;

export const app = channel(
  'worker/<worker>/app/<namespace>/<name>',
  { kind: 'state', qos: 1, from: ['worker'], summary: 'One application; cleared when it is gone.' },
  json(appSchema),
);
