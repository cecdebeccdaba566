// Home Assistant's topics for discovery and availability. They are below its discovery prefix, not below ours.
import * as z from 'zod/mini';
import { channel } from './channel.ts';
import { json, word } from './codec.ts';

/** The members of one entity or trigger. If `platform` is the only one, Home Assistant removes the entity. */
const componentSchema = z.looseObject({ platform: z.string() });
export type Component = z.infer<typeof componentSchema>;

/** The part of an announcement that identifies its owner. */
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

/** Home Assistant's birth message and last will. */
export const birthCodec = word(['online', 'offline']);
