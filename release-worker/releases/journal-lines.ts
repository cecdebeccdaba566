// The lines of the journal. A press, its answer, and every step of a release that a restart must know of.
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
  /** A press and what was decided; with `release` it was accepted. On disk before its result is sent. */
  z.object({
    type: z.literal('press'),
    at: timeSchema,
    pressId: z.string(),
    button: z.string(),
    source: z.string(),
    by: z.exactOptional(z.string()),
    gesture: z.string(),
    /** what an accepted press was narrowed to: presses of other applications are no repetitions of it */
    only: z.exactOptional(z.readonly(z.array(z.string()))),
    outcome: z.enum(pressOutcomes),
    reason: z.exactOptional(z.enum(pressReasons)),
    message: z.string(),
    release: z.exactOptional(plannedReleaseSchema),
    /** of an accepted press that shares the release of another: in that one's line, which stands before this one */
    releaseId: z.exactOptional(z.string()),
    /** where presses share a release: the applications of it that are this one's */
    share: z.exactOptional(z.readonly(z.array(z.string()))),
  }),
  /** The result of the press was acknowledged by the broker. */
  z.object({ type: z.literal('answered'), at: timeSchema, pressId: z.string() }),
  /** A step of one application. `sending` is on disk before the POST. */
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
  /** Somebody froze or unfroze, or a rollback did. */
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
   * A sync that had run out of time has ended after all: how, and what has become of its release by that. Or it was never
   * carried out: then that it ran out of time stays so.
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
  /** Nothing is left of what did not succeed: all of it is in sync or gone. A restart must not show it again. */
  z.object({ type: z.literal('over'), at: timeSchema, releaseId: z.string() }),
  /** Applications that were out of sync and cannot be compared any more, and such as can be again or are gone. */
  z.object({
    type: z.literal('compared'),
    at: timeSchema,
    lost: z.readonly(z.array(z.string())),
    found: z.readonly(z.array(z.string())),
  }),
]);
export type JournalLine = z.infer<typeof journalLineSchema>;
export type PressLine = Extract<JournalLine, { type: 'press' }>;
