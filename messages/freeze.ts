// Freezing: nothing is released until it is lifted, by everybody's button or by a single one.
import * as z from 'zod/mini';
import { channel } from './channel.ts';
import { json, textOrJson } from './codec.ts';
import { idSchema, requestIdSchema } from './ids.ts';
import { timeSchema } from './time.ts';

const reason = z.exactOptional(z.string().check(z.maxLength(200)));
const by = z.exactOptional(z.string().check(z.maxLength(64)));
const until = z.exactOptional(timeSchema);

/** A year: a freeze for longer is one without an end. */
const longestSeconds = 366 * 86_400;
/** for how long it was asked for */
const forSeconds = z.exactOptional(z.int().check(z.minimum(1), z.maximum(longestSeconds)));

const freezeRequestSchema = z.strictObject({
  frozen: z.boolean(),
  /** absent: every button */
  button: z.exactOptional(idSchema),
  /** Whoever presses meanwhile reads it: an empty one would tell nobody anything. */
  reason: z.exactOptional(
    z.string().check(z.maxLength(200), z.regex(/\S/, 'must not be empty, or white space only')),
  ),
  until,
  /** in place of `until`: the worker counts, by its own clocks */
  forSeconds,
  by,
  id: z.exactOptional(requestIdSchema),
});
export type FreezeRequest = z.infer<typeof freezeRequestSchema>;

export const freezeSet = channel(
  'freeze/set',
  {
    kind: 'event',
    qos: 1,
    from: ['anyone allowed'],
    summary:
      'Freezes or unfreezes all buttons, or one: `on`, `off`, or with reason, end and who. `off` without a button ends every freeze.',
  },
  textOrJson({
    schema: freezeRequestSchema,
    otherNames: {
      freeze: 'frozen',
      end: 'until',
      for: 'forSeconds',
      seconds: 'forSeconds',
      user: 'by',
      who: 'by',
    },
    fromText: (text) =>
      text === 'on' || text === 'off'
        ? { ok: true, value: { frozen: text === 'on' } }
        : { ok: false, error: `${JSON.stringify(text.slice(0, 64))} is neither on nor off` },
  }),
);

export const frozenSchema = z.object({ reason, until, forSeconds, by, at: timeSchema });
/** One freeze: why, until when, by whom, and since when. */
export type Frozen = z.infer<typeof frozenSchema>;

const freezeStateSchema = z.object({
  /** whether all buttons are; the other members say why */
  frozen: z.boolean(),
  reason,
  until,
  forSeconds,
  by,
  at: z.exactOptional(timeSchema),
  /** when it was last changed, a lift included: of two states the later one holds */
  changedAt: z.exactOptional(timeSchema),
  /** which worker says it */
  worker: z.exactOptional(idSchema),
  /** buttons that are frozen by themselves */
  buttons: z.exactOptional(z.record(idSchema, frozenSchema)),
});
export type FreezeMessage = z.infer<typeof freezeStateSchema>;

export const freezeState = channel(
  'freeze/state',
  {
    kind: 'state',
    qos: 1,
    from: ['worker'],
    summary: 'Whether releases are frozen, why, until when and by whom; and which single buttons are.',
  },
  json(freezeStateSchema),
);
