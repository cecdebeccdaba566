// Home Assistant's own topics, below its discovery prefix and not below ours: what there is to be shown, and when it is there.
import * as z from 'zod/mini';
import { channel } from './channel.ts';
import { json, word } from './codec.ts';

/** What one entity or trigger is made of; alone with its platform it takes the entity away. */
const componentSchema = z.looseObject({ platform: z.string() });
export type Component = z.infer<typeof componentSchema>;

/** Of what others announce only as much is read as tells whose it is. */
const discoverySchema = z.looseObject({
  origin: z.looseObject({ name: z.string() }),
  components: z.record(z.string(), componentSchema),
});
export type Discovery = z.infer<typeof discoverySchema>;

/** Device-based discovery, Home Assistant 2024.11 and later. */
export const discoveryConfig = channel(
  'device/<object>/config',
  {
    kind: 'state',
    qos: 1,
    from: ['home-assistant'],
    summary: 'A device and all its entities; cleared when the device is gone.',
  },
  json(discoverySchema, 1_048_576),
);

/** What Home Assistant says of itself: its birth message and its last will. */
export const birthCodec = word(['online', 'offline']);
