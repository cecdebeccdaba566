// Further topics of a button: what the finger did, its state, and the signal for its light.
import * as z from 'zod/mini';
import { channel } from './channel.ts';
import { json, word } from './codec.ts';
import { gestureSchema } from './gesture.ts';
import { idSchema } from './ids.ts';
import { timeSchema } from './time.ts';

const buttonEventSchema = z.object({
  event_type: gestureSchema,
  heldMs: z.exactOptional(z.number().check(z.minimum(0))),
  at: z.exactOptional(timeSchema),
});
export type ButtonEvent = z.infer<typeof buttonEventSchema>;

export const buttonEvent = channel(
  'button/<button>/event',
  {
    kind: 'event',
    qos: 1,
    from: ['agent'],
    summary: 'What a finger did to a real button. It is not a request.',
  },
  json(buttonEventSchema, 16_384),
);

const buttonStateSchema = z.object({
  agent: idSchema,
  pressed: z.boolean(),
  stuck: z.boolean(),
  presses: z.int().check(z.minimum(0)),
  droppedPresses: z.int().check(z.minimum(0)),
  lastPressAt: z.exactOptional(timeSchema),
  fault: z.exactOptional(z.string()),
});
export type ButtonState = z.infer<typeof buttonStateSchema>;

export const buttonState = channel(
  'button/<button>/state',
  {
    kind: 'state',
    qos: 1,
    from: ['agent'],
    summary: 'The state of the button, and its counts since the start of the agent.',
  },
  json(buttonStateSchema, 16_384),
);

/** In order of strength: the first that applies is the signal of the button. */
export const signals = [
  'unknown',
  'releasing',
  'failed',
  'succeeded',
  'blocked',
  'drifted',
  'clear',
] as const;
export const signalSchema = z.enum(signals);
export type Signal = z.infer<typeof signalSchema>;

const buttonSignalSchema = z.object({
  signal: signalSchema,
  worker: idSchema,
  outOfSync: z.int().check(z.minimum(0)),
  blocked: z.int().check(z.minimum(0)),
  reason: z.exactOptional(z.string()),
  until: z.exactOptional(timeSchema),
  at: timeSchema,
});
export type ButtonSignal = z.infer<typeof buttonSignalSchema>;

export const buttonSignal = channel(
  'button/<button>/signal',
  {
    kind: 'state',
    qos: 1,
    from: ['worker'],
    summary: 'The signal of the button. It is valid only while the worker that it names is online.',
  },
  json(buttonSignalSchema, 16_384),
);

export const buttonArm = channel(
  'button/<button>/arm',
  {
    kind: 'event',
    qos: 1,
    from: ['agent'],
    summary: 'A key switch was turned on or off. The worker does not read it.',
  },
  word(['on', 'off']),
);
