// Light patterns by name or as steps. No pattern has the name of a signal.
import * as z from 'zod/mini';

export const patternNames = [
  'off',
  'on',
  'fast-blink',
  'pulse',
  'two-flashes',
  'sos',
  'blip',
  'heartbeat',
  'double-blink',
  'triple-blink',
] as const;
export const patternNameSchema = z.enum(patternNames);
export type PatternName = z.infer<typeof patternNameSchema>;

const step = { on: z.boolean(), ms: z.int().check(z.minimum(20), z.maximum(60_000)) };
const stepsMax = 32;

/** 1 to 32 steps of 20 to 60,000 ms each. */
export const patternStepsSchema = z.object({
  steps: z.array(z.object(step)).check(z.minLength(1), z.maxLength(stepsMax)),
  repeat: z.boolean(),
});
export type PatternSteps = z.infer<typeof patternStepsSchema>;

/** The same schema for a request, which may have no other members. */
export const requestedStepsSchema = z.strictObject({
  steps: z.array(z.strictObject(step)).check(z.minLength(1), z.maxLength(stepsMax)),
  repeat: z.boolean(),
});
