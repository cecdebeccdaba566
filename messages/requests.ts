// The request for history, and the replies to requests other than presses.
import * as z from 'zod/mini';
import { channel } from './channel.ts';
import { json, request } from './codec.ts';
import { idSchema, requestIdSchema } from './ids.ts';
import { timeSchema } from './time.ts';

export const historyGet = channel(
  'history/get',
  {
    kind: 'event',
    qos: 1,
    from: ['anyone allowed'],
    summary: 'Asks for journal entries; the answer goes to `reply/<id>`.',
  },
  request(
    z.strictObject({
      id: requestIdSchema,
      since: z.exactOptional(timeSchema),
      button: z.exactOptional(idSchema),
      limit: z.exactOptional(z.int().check(z.minimum(1), z.maximum(100))),
      before: z.exactOptional(z.string().check(z.maxLength(64))),
    }),
  ),
);

export const reply = channel(
  'reply/<request>',
  {
    kind: 'event',
    qos: 1,
    from: ['worker'],
    summary:
      'The answer to a request that carried an `id`; MQTT 5 response topic and correlation data are honoured too.',
  },
  json(
    z.object({
      id: requestIdSchema,
      ok: z.boolean(),
      message: z.exactOptional(z.string()),
      entries: z.exactOptional(z.array(z.unknown())),
    }),
  ),
);
