// A freeze stops all releases of every button or of one button until somebody lifts it. Each freeze has a source, and the
// freezes of different sources are independent.
import * as z from 'zod/mini';
import { channel } from './channel.ts';
import { json, textOrJson } from './codec.ts';
import { idSchema, requestIdSchema } from './ids.ts';
import { timeSchema } from './time.ts';

const reason = z.exactOptional(z.string().check(z.maxLength(200)));
const by = z.exactOptional(z.string().check(z.maxLength(64)));
const until = z.exactOptional(timeSchema);

/** A year, in seconds. For a longer freeze, leave the end open. */
const longestSeconds = 366 * 86_400;
/** for how long the freeze was requested */
const forSeconds = z.exactOptional(z.int().check(z.minimum(1), z.maximum(longestSeconds)));

/** The source of a request that names none. */
export const personSource = 'person';

const freezeRequestSchema = z.strictObject({
  frozen: z.boolean(),
  /** absent: every button */
  button: z.exactOptional(idSchema),
  /** absent: freezes as `person`, and lifts the freezes of all sources */
  source: z.exactOptional(idSchema),
  /** The result of a press contains it, so an empty one would help nobody. */
  reason: z.exactOptional(
    z.string().check(z.maxLength(200), z.regex(/\S/, 'must not be empty, or white space only')),
  ),
  until,
  /** instead of `until`: the worker measures it with its own clocks */
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
      'Freezes or unfreezes all buttons of every worker, or one button: `on`, `off`, or an object with source, reason, end and person. `off` without a button ends every freeze; with a `source`, it ends only the freezes of that source.',
  },
  freezeRequest,
);

export const workerFreezeSet = channel(
  'worker/<worker>/freeze/set',
  {
    ...freezeSetDelivery,
    summary: 'Freezes or unfreezes, like `freeze/set`, but only buttons of this worker.',
  },
  freezeRequest,
);

const source = z.exactOptional(idSchema);
export const frozenSchema = z.object({ source, reason, until, forSeconds, by, at: timeSchema });
/** One freeze: its source, its reason, its end, who asked for it, and since when. */
export type Frozen = z.infer<typeof frozenSchema>;

const causeSchema = z.object({
  source: idSchema,
  /** absent: all buttons */
  button: z.exactOptional(idSchema),
  reason,
  until,
  forSeconds,
  by,
  /** since when it holds */
  at: timeSchema,
  /** the time of its last request: of two copies the later one counts */
  changedAt: z.exactOptional(timeSchema),
});

const liftSchema = z.object({
  /** absent: the freezes of all sources were lifted */
  source,
  /** absent: of all buttons */
  button: z.exactOptional(idSchema),
  at: timeSchema,
});

/** More than a worker keeps. No worker publishes a longer list. */
const longestList = 256;

const freezeStateSchema = z.object({
  /** true if all buttons are frozen. The members up to `at` belong to the freeze that lasts longest */
  frozen: z.boolean(),
  source,
  reason,
  until,
  forSeconds,
  by,
  at: z.exactOptional(timeSchema),
  /** the time of the last change, including lifts */
  changedAt: z.exactOptional(timeSchema),
  /** single frozen buttons, each with the freeze that lasts longest */
  buttons: z.exactOptional(z.record(idSchema, frozenSchema)),
  /** every freeze, the longest first */
  causes: z.exactOptional(z.array(causeSchema).check(z.maxLength(longestList))),
  /** freezes that were lifted or have ended recently: an older copy of one of them does not count */
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
      'Whether releases are frozen, why, until when and by whom; which single buttons are frozen; and a list of all freezes.',
  },
  json(freezeStateSchema),
);
