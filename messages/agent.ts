// A GPIO agent: there or not, and what hangs on it.
import * as z from 'zod/mini';
import { channel } from './channel.ts';
import { json, word } from './codec.ts';
import { gestureSchema } from './gesture.ts';
import { idSchema } from './ids.ts';
import { availability, processInfo } from './presence.ts';

export const agentAvailability = channel(
  'agent/<agent>/availability',
  { kind: 'state', qos: 1, from: ['agent'], summary: '`online`, or `offline` (also the last will).' },
  word(availability),
);

const agentInfoSchema = z.object({
  agent: idSchema,
  ...processInfo,
  driver: z.string(),
  buttons: z.array(
    z.object({
      id: idSchema,
      title: z.exactOptional(z.string()),
      gestures: z.array(gestureSchema),
      holdMs: z.number(),
    }),
  ),
  leds: z.array(z.object({ id: idSchema, follows: idSchema })),
  /** Of the last hour: how often and how long nobody looked at the pins, and edges that were dropped. */
  unseen: z.exactOptional(
    z.object({ gaps: z.number(), gapMs: z.number(), longestGapMs: z.number(), lostEdges: z.number() }),
  ),
});

export type AgentInfo = z.infer<typeof agentInfoSchema>;

export const agentInfo = channel(
  'agent/<agent>/info',
  {
    kind: 'state',
    qos: 1,
    from: ['agent'],
    summary: 'What the agent is and what hangs on it; on connect and every minute.',
  },
  json(agentInfoSchema),
);
