// Light patterns by name or as steps. Names are disjoint from the signals.
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

/** 1 to 32 steps of 20 to 60,000 ms each. */
export const patternStepsSchema = z.object({
  steps: z
    .array(z.object({ on: z.boolean(), ms: z.int().check(z.minimum(20), z.maximum(60_000)) }))
    .check(z.minLength(1), z.maxLength(32)),
  repeat: z.boolean(),
});
export type PatternSteps = z.infer<typeof patternStepsSchema>;
