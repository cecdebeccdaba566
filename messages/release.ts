// Releases: their events, the current one, the last one, and the request to end one.
import * as z from 'zod/mini';
import { channel } from './channel.ts';
import { json, request } from './codec.ts';
import { applicationKeySchema, requestIdSchema } from './ids.ts';
import { timeSchema } from './time.ts';

export const releaseOutcomes = ['succeeded', 'failed', 'partly', 'timed-out', 'interrupted'] as const;
export type ReleaseOutcome = (typeof releaseOutcomes)[number];

export const appOutcomes = [
  'in-sync',
  'already-in-sync',
  'still-out-of-sync',
  'changed',
  'failed',
  'refused',
  'in-progress',
  'terminated',
  'timed-out',
  'interrupted',
] as const;
export type AppOutcome = (typeof appOutcomes)[number];

/** A Release lists at most this many applications; `truncated` says that there are more. */
export const releaseApplications = 100;

const releaseAppSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  from: z.string(),
  to: z.string(),
  phase: z.enum(['waiting', 'sent', 'running', 'verifying', 'done']),
  outcome: z.exactOptional(z.enum(appOutcomes)),
  message: z.exactOptional(z.string()),
});
export type ReleaseApp = z.infer<typeof releaseAppSchema>;

const releaseSchema = z.object({
  id: z.string(),
  button: z.string(),
  pressId: z.string(),
  action: z.enum(['release', 'rollback']),
  source: z.string(),
  /** the person who pressed, if the press names one */
  by: z.exactOptional(z.string()),
  startedAt: timeSchema,
  finishedAt: z.exactOptional(timeSchema),
  outcome: z.exactOptional(z.enum(releaseOutcomes)),
  apps: z.array(releaseAppSchema).check(z.maxLength(releaseApplications)),
  truncated: z.boolean(),
});
export type Release = z.infer<typeof releaseSchema>;

const releaseEventSchema = z.object({
  event: z.enum(['started', 'app-started', 'app-finished', 'finished']),
  releaseId: z.string(),
  button: z.string(),
  at: timeSchema,
  app: z.exactOptional(applicationKeySchema),
  outcome: z.exactOptional(z.union([z.enum(releaseOutcomes), z.enum(appOutcomes)])),
});
export type ReleaseEvent = z.infer<typeof releaseEventSchema>;

export const releaseEvent = channel(
  'worker/<worker>/release',
  { kind: 'event', qos: 1, from: ['worker'], summary: 'Each step of a release, at the moment it happens.' },
  json(releaseEventSchema),
);

export const releaseCurrent = channel(
  'worker/<worker>/release/current',
  { kind: 'state', qos: 1, from: ['worker'], summary: 'The running release, or `{"state": "idle"}`.' },
  json(z.union([z.object({ state: z.literal('idle') }), releaseSchema])),
);

export const releaseLast = channel(
  'worker/<worker>/release/last',
  { kind: 'state', qos: 1, from: ['worker'], summary: 'The last finished release.' },
  json(releaseSchema),
);

export const releaseTerminate = channel(
  'worker/<worker>/terminate',
  {
    kind: 'event',
    qos: 1,
    from: ['anyone allowed'],
    summary: 'Ends the running release of this worker, or one application of it.',
  },
  request(
    z.strictObject({ id: z.exactOptional(requestIdSchema), app: z.exactOptional(applicationKeySchema) }),
    {
      application: 'app',
      name: 'app',
      only: 'app',
    },
  ),
);
