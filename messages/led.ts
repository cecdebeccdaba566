// A LED's topics: override it, find it, and see what it really shows.
import * as z from 'zod/mini';
import { signalSchema } from './button.ts';
import { channel } from './channel.ts';
import { json, textOrJson } from './codec.ts';
import { idSchema } from './ids.ts';
import { patternNameSchema, patternStepsSchema, requestedStepsSchema } from './pattern.ts';
import { timeSchema } from './time.ts';

/** How long an override holds where it does not say: 10 minutes. */
export const defaultOverrideMs = 600_000;

const overrideMsSchema = z.int().check(z.minimum(20), z.maximum(86_400_000));
const ownStepsSchema = z.extend(requestedStepsSchema, { forMs: z.exactOptional(overrideMsSchema) });
const ledSetSchema = z.union([z.literal('auto'), patternNameSchema, ownStepsSchema]);
export type LedSet = z.infer<typeof ledSetSchema>;

export const ledSet = channel(
  'led/<led>/set',
  {
    kind: 'event',
    qos: 1,
    from: ['anyone allowed'],
    summary:
      'Overrides what the LED shows: a pattern name or a Pattern with `forMs` (default 10 minutes); `auto` ends it.',
  },
  textOrJson({
    schema: ledSetSchema,
    object: ownStepsSchema,
    otherNames: { duration: 'forMs', durationms: 'forMs', ms: 'forMs', pattern: 'steps', loop: 'repeat' },
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

const anythingSchema = z.string();

export const ledIdentify = channel(
  'led/<led>/identify',
  {
    kind: 'event',
    qos: 1,
    from: ['anyone allowed'],
    summary: 'Anything: the LED blinks so that a person finds it.',
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
  because: z.enum(['signal', 'set', 'offline', 'acknowledge', 'identify', 'fault']),
  signal: z.exactOptional(signalSchema),
  at: timeSchema,
});
export type LedState = z.infer<typeof ledStateSchema>;

export const ledState = channel(
  'led/<led>/state',
  { kind: 'state', qos: 1, from: ['agent'], summary: 'What the LED really shows, and why.' },
  json(ledStateSchema, 16_384),
);
