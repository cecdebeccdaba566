// The topics of a GPIO agent: its availability, and its hardware.
import * as z from 'zod/mini';
import { channel } from './channel.ts';
import { json, word } from './codec.ts';
import { gestureSchema } from './gesture.ts';
import { idSchema } from './ids.ts';
import { availability, processInfo } from './presence.ts';

export const agentAvailability = channel(
  'agent/<agent>/availability',
  {
    kind: 'state',
    qos: 1,
    from: ['agent'],
    summary: '`online` or `offline`. `offline` is also the last will.',
  },
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
  /** For the last hour: how often and how long the pins were not read, and how many edges were lost. */
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
    summary: 'The agent and its hardware. Published on connect and every minute.',
  },
  json(agentInfoSchema),
);
