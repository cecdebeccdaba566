// The replies to requests other than presses.
import * as z from 'zod/mini';
import { channel } from './channel.ts';
import { json } from './codec.ts';
import { idSchema, requestIdSchema } from './ids.ts';

export const reply = channel(
  'reply/<request>',
  {
    kind: 'event',
    qos: 1,
    from: ['worker'],
    summary:
      'The answer to a request with an `id`. An MQTT 5 response topic with correlation data works too.',
  },
  json(
    z.object({
      id: requestIdSchema,
      /** which worker answers */
      worker: idSchema,
      ok: z.boolean(),
      message: z.exactOptional(z.string()),
    }),
  ),
);
