// Freezing: nothing is released until it is lifted, by everybody's button or by a single one. Each cause of a freeze has a
// source, and counts for itself.
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

/** The source of a freeze whose request names none. */
export const personSource = 'person';

const freezeRequestSchema = z.strictObject({
  frozen: z.boolean(),
  /** absent: every button */
  button: z.exactOptional(idSchema),
  /** whose freeze it is; absent: freezes as `person`, and lifts the freezes of all sources */
  source: z.exactOptional(idSchema),
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

const freezeSetDelivery = { kind: 'event', qos: 1, from: ['anyone allowed'] } as const;

const freezeRequest = textOrJson({
  schema: freezeRequestSchema,
  otherNames: {
    freeze: 'frozen',
    end: 'until',
    for: 'forSeconds',
    seconds: 'forSeconds',
    user: 'by',
    who: 'by',
    cause: 'source',
    from: 'source',
    origin: 'source',
  },
  fromText: (text) =>
    text === 'on' || text === 'off'
      ? { ok: true, value: { frozen: text === 'on' } }
      : { ok: false, error: `${JSON.stringify(text.slice(0, 64))} is neither on nor off` },
});

export const freezeSet = channel(
  'freeze/set',
  {
    ...freezeSetDelivery,
    summary:
      'Every worker freezes or unfreezes all its buttons, or the one worker that has the button that one: `on`, `off`, or with source, reason, end and who. `off` without a button ends every freeze; with a `source` only those of that source.',
  },
  freezeRequest,
);

export const workerFreezeSet = channel(
  'worker/<worker>/freeze/set',
  { ...freezeSetDelivery, summary: 'The same for the buttons of one worker.' },
  freezeRequest,
);

const source = z.exactOptional(idSchema);
export const frozenSchema = z.object({ source, reason, until, forSeconds, by, at: timeSchema });
/** One freeze: whose, why, until when, by whom, and since when. */
export type Frozen = z.infer<typeof frozenSchema>;

const causeSchema = z.object({
  source: idSchema,
  /** absent: all of them */
  button: z.exactOptional(idSchema),
  reason,
  until,
  forSeconds,
  by,
  /** since when */
  at: timeSchema,
  /** when this one was last asked for: of two copies of it the later one holds */
  changedAt: z.exactOptional(timeSchema),
});

const liftSchema = z.object({
  /** absent: everything was lifted */
  source,
  /** absent: of all buttons */
  button: z.exactOptional(idSchema),
  at: timeSchema,
});

/** More than a worker holds: what is longer was said by none. */
const longestList = 256;

const freezeStateSchema = z.object({
  /** whether all buttons are; the members up to `at` are of the freeze that lasts longest */
  frozen: z.boolean(),
  source,
  reason,
  until,
  forSeconds,
  by,
  at: z.exactOptional(timeSchema),
  /** when it was last changed, a lift included */
  changedAt: z.exactOptional(timeSchema),
  /** buttons that are frozen by themselves, each with the freeze that lasts longest */
  buttons: z.exactOptional(z.record(idSchema, frozenSchema)),
  /** every freeze there is, the longest first */
  causes: z.exactOptional(z.array(causeSchema).check(z.maxLength(longestList))),
  /** what was lifted lately, or has ended: an older copy of it counts no more */
  lifted: z.exactOptional(z.array(liftSchema).check(z.maxLength(longestList))),
});
export type FreezeMessage = z.infer<typeof freezeStateSchema>;

export const freezeState = channel(
  'worker/<worker>/freeze/state',
  {
    kind: 'state',
    qos: 1,
    from: ['worker'],
    summary:
      'Whether releases are frozen, why, until when and by whom; which single buttons are; and every cause by itself.',
  },
  json(freezeStateSchema),
);
