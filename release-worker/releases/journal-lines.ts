// The lines of the journal: presses, their results, and all steps of a release that a restart needs.
import * as z from 'zod/mini';
import { pressOutcomes, pressReasons } from '../../messages/press.ts';
import { appOutcomes, releaseOutcomes } from '../../messages/release.ts';
import { timeSchema } from '../../messages/time.ts';

const plannedReleaseSchema = z.object({
  id: z.string(),
  action: z.exactOptional(z.literal('rollback')),
  button: z.string(),
  pressId: z.string(),
  source: z.string(),
  by: z.exactOptional(z.string()),
  startedAt: timeSchema,
  settings: z.object({
    refresh: z.enum(['normal', 'hard', 'none']),
    pinRevision: z.boolean(),
    prune: z.boolean(),
    dryRun: z.exactOptional(z.boolean()),
    syncOptions: z.exactOptional(z.readonly(z.array(z.string()))),
    syncOptionsMode: z.exactOptional(z.literal('replace')),
    strategy: z.exactOptional(z.enum(['hook', 'apply'])),
    force: z.exactOptional(z.boolean()),
    retry: z.exactOptional(
      z.object({
        limit: z.number(),
        backoffMs: z.exactOptional(z.number()),
        factor: z.exactOptional(z.number()),
        maxBackoffMs: z.exactOptional(z.number()),
      }),
    ),
  }),
  apps: z.readonly(
    z.array(
      z.object({
        namespace: z.string(),
        name: z.string(),
        project: z.string(),
        from: z.string(),
        to: z.string(),
        sources: z.number(),
        automated: z.boolean(),
        wave: z.exactOptional(z.number()),
      }),
    ),
  ),
});

export const journalLineSchema = z.discriminatedUnion('type', [
  /** A press and the decision. With `release` it was accepted. This line is on disk before the result is published. */
  z.object({
    type: z.literal('press'),
    at: timeSchema,
    pressId: z.string(),
    button: z.string(),
    source: z.string(),
    by: z.exactOptional(z.string()),
    gesture: z.string(),
    /** the applications that an accepted press named; a press of other applications is then no repetition of it */
    only: z.exactOptional(z.readonly(z.array(z.string()))),
    outcome: z.enum(pressOutcomes),
    reason: z.exactOptional(z.enum(pressReasons)),
    message: z.string(),
    release: z.exactOptional(plannedReleaseSchema),
    /** if an accepted press joins the release of another one: that release, whose line comes before this one */
    releaseId: z.exactOptional(z.string()),
    /** if several presses share a release: the applications that belong to this press */
    share: z.exactOptional(z.readonly(z.array(z.string()))),
  }),
  /** The broker has acknowledged the result of the press. */
  z.object({ type: z.literal('answered'), at: timeSchema, pressId: z.string() }),
  /** A step of one application. A `sending` line is on disk before the POST. */
  z.object({
    type: z.literal('app'),
    at: timeSchema,
    releaseId: z.string(),
    app: z.string(),
    step: z.enum(['sending', 'done']),
    outcome: z.exactOptional(z.enum(appOutcomes)),
    message: z.exactOptional(z.string()),
    good: z.exactOptional(z.boolean()),
  }),
  /** Somebody froze or unfroze, or a rollback froze its button. */
  z.object({
    type: z.literal('freeze'),
    at: timeSchema,
    frozen: z.boolean(),
    button: z.exactOptional(z.string()),
    source: z.exactOptional(z.string()),
    reason: z.exactOptional(z.string()),
    until: z.exactOptional(timeSchema),
    forSeconds: z.exactOptional(z.number()),
    by: z.string(),
  }),
  z.object({
    type: z.literal('finished'),
    at: timeSchema,
    releaseId: z.string(),
    outcome: z.enum(releaseOutcomes),
  }),
  /**
   * A sync that had timed out has ended: its end, and the outcome of its release that follows. If Argo CD never carried the
   * sync out, the line repeats that it timed out.
   */
  z.object({
    type: z.literal('late'),
    at: timeSchema,
    releaseId: z.string(),
    app: z.string(),
    outcome: z.enum(appOutcomes),
    message: z.string(),
    good: z.boolean(),
    release: z.enum(releaseOutcomes),
  }),
  /** All applications of an unsuccessful release are in sync or gone. A restart must not show the failure again. */
  z.object({ type: z.literal('over'), at: timeSchema, releaseId: z.string() }),
  /** Applications that were out of sync and can no longer be compared, and those that can be compared again or are gone. */
  z.object({
    type: z.literal('compared'),
    at: timeSchema,
    lost: z.readonly(z.array(z.string())),
    found: z.readonly(z.array(z.string())),
  }),
]);
export type JournalLine = z.infer<typeof journalLineSchema>;
export type PressLine = Extract<JournalLine, { type: 'press' }>;
