// Whether an agent or a worker is there, and what it is. Agents and workers say it alike.
import * as z from 'zod/mini';
import { timeSchema } from './time.ts';

export const availability = ['online', 'offline'] as const;
export type Availability = (typeof availability)[number];

/** Members that every info carries. `instance` is fresh at each start of a process. */
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
