// A release worker: its availability, the Argo CD that it serves, and what its buttons do.
import * as z from 'zod/mini';
import { channel } from './channel.ts';
import { json, word } from './codec.ts';
import { gestureSchema } from './gesture.ts';
import { idSchema } from './ids.ts';
import { availability, processInfo } from './presence.ts';

export const workerAvailability = channel(
  'worker/<worker>/availability',
  {
    kind: 'state',
    qos: 1,
    from: ['worker'],
    summary: '`online` or `offline`. `offline` is also the last will.',
  },
  word(availability),
);

/** The possible actions of a gesture. */
export const actions = ['release', 'rollback', 'refresh'] as const;
export type Action = (typeof actions)[number];

const workerInfoSchema = z.object({
  worker: idSchema,
  ...processInfo,
  argocd: z.object({ server: z.string(), version: z.exactOptional(z.string()) }),
  buttons: z.array(
    z.object({
      id: idSchema,
      title: z.exactOptional(z.string()),
      on: z.partialRecord(gestureSchema, z.enum(actions)),
    }),
  ),
});
export type WorkerInfo = z.infer<typeof workerInfoSchema>;

export const workerInfo = channel(
  'worker/<worker>/info',
  {
    kind: 'state',
    qos: 1,
    from: ['worker'],
    summary: 'The worker, its Argo CD and the actions of its buttons. Published on connect and every minute.',
  },
  json(workerInfoSchema),
);
