// Drift: the summary, and one topic an application.
import * as z from 'zod/mini';
import { channel } from './channel.ts';
import { json } from './codec.ts';
import { frozenSchema } from './freeze.ts';
import { idSchema } from './ids.ts';
import { timeSchema } from './time.ts';

/** Words of Argo CD (`status.sync.status`, `status.health.status`); an empty one is `Unknown` here. */
const syncStatusSchema = z.enum(['Synced', 'OutOfSync', 'Unknown']);
export type SyncStatus = z.infer<typeof syncStatusSchema>;

/** At most so many applications are listed in the summary; `truncated` tells. */
export const summaryApplications = 20;

/**
 * What there is to say of an application besides its status. That it lives in another namespace than Argo CD's own is told
 * by its `namespace`.
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
        /** absent: nothing to say */
        notes: z.exactOptional(z.array(noteSchema)),
      }),
    )
    .check(z.maxLength(summaryApplications)),
  truncated: z.boolean(),
  /** absent: no freeze of everything holds */
  frozen: z.exactOptional(frozenSchema),
  /** whether Argo CD has been heard of lately; where it has not, all else here is unknown */
  fresh: z.exactOptional(z.boolean()),
  /** whether Argo CD has answered when it was asked last; what is known may still be fresh where it has not */
  reachable: z.exactOptional(z.boolean()),
  since: timeSchema,
  /** since when the worker has seen the oldest of what is out of sync; absent: nothing is */
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
    summary: 'The drift of all applications that some button of the worker selects.',
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
  /** until when the window is as it is; absent: not known */
  windowUntil: z.exactOptional(timeSchema),
  /** what Argo CD's people wrote down about the window that is in the way; absent: nothing */
  windowReason: z.exactOptional(z.string()),
  permitted: z.exactOptional(z.boolean()),
  automated: z.boolean(),
  /** those that release it, in the order of the configuration; absent: not known */
  buttons: z.exactOptional(z.array(idSchema)),
  notes: z.exactOptional(z.array(noteSchema)),
  /** what Argo CD has against it, `<type>: <message>` */
  condition: z.exactOptional(z.string()),
  link: z.string(),
});
export type AppMessage = z.infer<typeof appSchema>;

export const app = channel(
  'worker/<worker>/app/<namespace>/<name>',
  { kind: 'state', qos: 1, from: ['worker'], summary: 'One application; cleared when it is gone.' },
  json(appSchema),
);
