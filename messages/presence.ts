// Availability and `info`, which agents and workers publish in the same form.
import * as z from 'zod/mini';
import { timeSchema } from './time.ts';

export const availability = ['online', 'offline'] as const;
export type Availability = (typeof availability)[number];

/** The members of every `info`. `instance` is new at each start of a process. */
export const processInfo = {
  title: z.exactOptional(z.string()),
  version: z.string(),
  host: z.string(),
  instance: z.string(),
  clock: z.object({ synchronised: z.union([z.boolean(), z.literal('unknown')]) }),
  simulated: z.boolean(),
  at: timeSchema,
};
export type ClockState = boolean | 'unknown';
