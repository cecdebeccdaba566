// The topics of an LED: override it, find it, and see what it shows.
import * as z from 'zod/mini';
import { signalSchema } from './button.ts';
import { channel } from './channel.ts';
import { json, textOrJson } from './codec.ts';
import { idSchema } from './ids.ts';
import { patternNameSchema, patternStepsSchema, requestedStepsSchema } from './pattern.ts';
import { timeSchema } from './time.ts';

/** The longest override without `forMs`: 10 minutes. */
export const defaultOverrideMs = 600_000;

/** How long an override without `forMs` hides a signal other than `clear`: long enough to see, too short to miss drift. */
export const hidesSignalMs = 10_000;

/** From the shortest step to a day. */
const forMs = z.exactOptional(z.int().check(z.minimum(20), z.maximum(86_400_000)));
const ownStepsSchema = z.extend(requestedStepsSchema, { forMs });
const namedSchema = z.strictObject({ pattern: patternNameSchema, forMs });
const ledSetSchema = z.union([z.literal('auto'), patternNameSchema, ownStepsSchema, namedSchema]);
export type LedSet = z.infer<typeof ledSetSchema>;

export const ledSet = channel(
  'led/<led>/set',
  {
    kind: 'event',
    qos: 1,
    from: ['anyone allowed'],
    summary:
      'Overrides what the LED shows: the name of a pattern, or a pattern with `forMs`; `auto` ends it. ' +
      'Without `forMs` it lasts 10 minutes at most. After 10 s it stays only while the signal is `clear`.',
  },
  textOrJson({
    schema: ledSetSchema,
    object: (value) => (isNamed(value) ? namedSchema : ownStepsSchema),
    otherNames: { duration: 'forMs', durationms: 'forMs', ms: 'forMs', name: 'pattern', loop: 'repeat' },
    fromText: (text) => {
      const name = z.union([z.literal('auto'), patternNameSchema]).safeParse(text);
      return name.success
        ? { ok: true, value: name.data }
        : {
            ok: false,
            error: `${JSON.stringify(text.slice(0, 64))} is neither auto nor the name of a pattern`,
          };
    },
    toText: (message) => (typeof message === 'string' ? message : undefined),
  }),
);

/** If a request has both a name and steps, the steps are refused. */
function isNamed(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ('pattern' in value || 'name' in value);
}

const anythingSchema = z.string();

export const ledIdentify = channel(
  'led/<led>/identify',
  {
    kind: 'event',
    qos: 1,
    from: ['anyone allowed'],
    summary: 'Makes the LED blink, so that a person can find it. The payload does not matter.',
  },
  {
    contentType: 'text/plain' as const,
    schema: anythingSchema,
    maxBytes: 16_384,
    encode: (message: string) => message,
    decode: () => ({ ok: true as const, value: '' }),
  },
);

const ledStateSchema = z.object({
  agent: idSchema,
  pattern: z.union([patternNameSchema, patternStepsSchema]),
  because: z.enum(['signal', 'set', 'offline', 'acknowledge', 'identify', 'fault', 'refused']),
  signal: z.exactOptional(signalSchema),
  at: timeSchema,
});
export type LedState = z.infer<typeof ledStateSchema>;

export const ledState = channel(
  'led/<led>/state',
  { kind: 'state', qos: 1, from: ['agent'], summary: 'What the LED shows now, and why.' },
  json(ledStateSchema, 16_384),
);
