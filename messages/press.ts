// The press, and its one answer.
import * as z from 'zod/mini';
import { channel } from './channel.ts';
import { json, textOrJson } from './codec.ts';
import type { Decoded } from './codec.ts';
import { gestureSchema } from './gesture.ts';
import { applicationKeySchema, idSchema, requestIdSchema } from './ids.ts';
import { faultOfText, gestureOfText, isEmptyPress } from './press-text.ts';
import { timeSchema } from './time.ts';

const pressSchema = z.strictObject({
  id: z.exactOptional(requestIdSchema),
  at: z.exactOptional(timeSchema),
  gesture: z.exactOptional(gestureSchema),
  heldMs: z.exactOptional(z.number().check(z.minimum(0))),
  source: z.exactOptional(z.string().check(z.minLength(1), z.maxLength(64))),
  agent: z.exactOptional(idSchema),
  /** The name of a person */
  by: z.exactOptional(requestIdSchema),
  only: z.exactOptional(z.array(applicationKeySchema).check(z.minLength(1), z.maxLength(100))),
});
export type Press = z.infer<typeof pressSchema>;

/** Other names that people use for the members, above all for `only`, which narrows a press. */
const otherNames = {
  app: 'only',
  apps: 'only',
  application: 'only',
  applications: 'only',
  name: 'only',
  names: 'only',
  select: 'only',
  time: 'at',
  timestamp: 'at',
  user: 'by',
  who: 'by',
  action: 'gesture',
  event: 'gesture',
  event_type: 'gesture',
};

/** The broker drops a press that waits longer than this, in seconds. The worker's `maxPressAgeMs` is as long. */
const pressExpirySeconds = 10;

const fromText = (text: string): Decoded<Press> => {
  const error = faultOfText(text);
  if (error !== undefined) return { ok: false, error };
  const gesture = gestureOfText(text);
  return { ok: true, value: gesture === undefined ? {} : { gesture } };
};

export const buttonPress = channel(
  'button/<button>/press',
  {
    kind: 'event',
    qos: 1,
    expirySeconds: pressExpirySeconds,
    from: ['agent', 'anyone allowed'],
    summary:
      'A press: an object or one bare word. The words `double` and `hold` mean these gestures. An empty payload is never a press.',
  },
  textOrJson({ schema: pressSchema, otherNames, fromText, isEmpty: isEmptyPress }),
);

export const pressReasons = [
  'retained',
  'malformed',
  'unknown-button',
  'stale',
  'duplicate',
  'too-many',
  'cool-down',
  'no-action',
  'frozen',
  'blocked-by-sync-window',
  'not-permitted',
  'in-progress',
  'claimed-twice',
  'standing-by',
  'worker-stopping',
  'broker-unreachable',
  'argocd-unreachable',
  'journal-unwritable',
  'internal-error',
] as const;
export type PressReason = (typeof pressReasons)[number];

export const pressOutcomes = ['accepted', 'rejected', 'nothing-to-release'] as const;

const pressResultSchema = z.object({
  pressId: z.string(),
  button: z.string(),
  outcome: z.enum(pressOutcomes),
  reason: z.exactOptional(z.enum(pressReasons)),
  message: z.string(),
  releaseId: z.exactOptional(z.string()),
  applications: z.exactOptional(z.number()),
  at: timeSchema,
});
export type PressResult = z.infer<typeof pressResultSchema>;

export const buttonResult = channel(
  'button/<button>/result',
  {
    kind: 'event',
    qos: 1,
    from: ['worker'],
    summary:
      'The answer to a press; `message` is a sentence for people. Each press gets one. Exceptions: each button gets at most one result with `too-many` a second, and nobody answers while the worker of the button is offline.',
  },
  json(pressResultSchema),
);
