// No two entities may ask for the same entity id: Home Assistant would give `…_2` to the one that it hears of last. The
// application `staging-web` of one worker and `web` of the worker `staging` would. Pure.
import type { Discovery } from '../messages/home-assistant.ts';
import { entityIdOf } from './device.ts';
import { slug } from './names.ts';

/**
 * Gives longer entity ids, made of their unique ids, to entities that would share one.
 * @param devices by their ids
 */
export function withDistinctEntityIds(
  devices: ReadonlyMap<string, Discovery>,
): ReadonlyMap<string, Discovery> {
  const uses = new Map<unknown, number>();
  for (const { components } of devices.values())
    for (const { default_entity_id: id } of Object.values(components)) uses.set(id, (uses.get(id) ?? 0) + 1);
  const distinct = ({ components }: Discovery): Discovery['components'] =>
    Object.fromEntries(
      Object.entries(components).map(([key, component]) => {
        const { platform, default_entity_id: id, unique_id: uniqueId } = component;
        return [
          key,
          typeof uniqueId !== 'string' || (uses.get(id) ?? 0) < 2
            ? component
            : { ...component, ...entityIdOf(platform, slug(uniqueId)) },
        ];
      }),
    );
  return new Map([...devices].map(([id, device]) => [id, { ...device, components: distinct(device) }]));
}
