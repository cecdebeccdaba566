// No two entities may propose the same entity id: Home Assistant would name the later one `…_2`. For example, application
// `staging-web` of one worker and application `web` of the worker `staging` would propose the same. Pure.
import { createHash } from 'node:crypto';
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
  const all = [...devices.values()].flatMap(({ components }) => Object.values(components));
  const shared = repeated(all.map(({ default_entity_id: id }) => id));
  const sharedSlugs = repeated(all.map(({ unique_id: id }) => slug(String(id))));
  const longId = (uniqueId: string) => {
    const text = slug(uniqueId);
    // Unique ids that share a slug differ only in `-`, `_` and `.`, which all become `_` in an entity id.
    return sharedSlugs.has(text)
      ? `${text}_${createHash('sha256').update(uniqueId).digest('hex').slice(0, 8)}`
      : text;
  };
  const distinct = ({ components }: Discovery): Discovery['components'] =>
    Object.fromEntries(
      Object.entries(components).map(([key, component]) => {
        const { platform, default_entity_id: id, unique_id: uniqueId } = component;
        return [
          key,
          typeof uniqueId !== 'string' || !shared.has(id)
            ? component
            : { ...component, ...entityIdOf(platform, longId(uniqueId)) },
        ];
      }),
    );
  return new Map([...devices].map(([id, device]) => [id, { ...device, components: distinct(device) }]));
}

/** The items that occur more than once. */
function repeated(items: readonly unknown[]): ReadonlySet<unknown> {
  const seen = new Set<unknown>();
  return new Set(items.filter((item) => seen.size === seen.add(item).size));
}
