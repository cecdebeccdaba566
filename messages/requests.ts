// Requests other than presses, and their replies: freeze and history.
import * as z from 'zod/mini';
import { channel } from './channel.ts';
import { json, textOrJson } from './codec.ts';
import { idSchema, requestIdSchema } from './ids.ts';
import { timeSchema } from './time.ts';

const freezeSchema = z.object({
  frozen: z.boolean(),
  reason: z.exactOptional(z.string().check(z.maxLength(200))),
  until: z.exactOptional(timeSchema),
  by: z.exactOptional(z.string().check(z.maxLength(64))),
});

export const freezeSet = channel(
  'freeze/set',
  {
    kind: 'event',
    qos: 1,
    from: ['anyone allowed'],
    summary: 'Freezes or unfreezes all buttons: `on`, `off`, or with reason and end.',
  },
  textOrJson({
    schema: z.extend(freezeSchema, { id: z.exactOptional(requestIdSchema) }),
    maxBytes: 16_384,
    fromText: (text) =>
      text === 'on' || text === 'off'
        ? { ok: true, value: { frozen: text === 'on' } }
        : { ok: false, error: `${JSON.stringify(text.slice(0, 64))} is neither on nor off` },
  }),
);

export const freezeState = channel(
  'freeze/state',
  {
    kind: 'state',
    qos: 1,
    from: ['worker'],
    summary: 'Whether releases are frozen, why, until when and by whom.',
  },
  json(freezeSchema),
);

export const historyGet = channel(
  'history/get',
  {
    kind: 'event',
    qos: 1,
    from: ['anyone allowed'],
    summary: 'Asks for journal entries; the answer goes to `reply/<id>`.',
  },
  json(
    z.object({
      id: requestIdSchema,
      since: z.exactOptional(timeSchema),
      button: z.exactOptional(idSchema),
      limit: z.exactOptional(z.int().check(z.minimum(1), z.maximum(100))),
      before: z.exactOptional(z.string().check(z.maxLength(64))),
    }),
    16_384,
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
