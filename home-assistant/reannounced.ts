// Home Assistant cannot remove an entity that it has only in its registry. If something was removed while Home Assistant was
// off, it is announced once more, and removed a moment later.
import type { Component, Discovery } from '../messages/home-assistant.ts';
import { releaseEvent } from '../messages/release.ts';
import { nobody, originOf, uniqueId } from './device.ts';

/**
 * The message that announces removed components again, each with the least that Home Assistant accepts. Undefined: none of
 * them can be announced again.
 * @param options.wanted the device as it should be; undefined: the whole device is removed
 * @param options.removed platforms by keys
 */
export function withReannounced(options: {
  readonly prefix: string;
  readonly id: string;
  readonly ownVersion: string;
  readonly wanted: Discovery | undefined;
  readonly removed: ReadonlyMap<string, string>;
}): Discovery | undefined {
  const { prefix, id, ownVersion, wanted, removed } = options;
  const again = [...removed].flatMap(([key, platform]) => {
    const component = leastOf(prefix, id, key, platform);
    return component === undefined ? [] : [[key, component] as const];
  });
  if (again.length === 0) return undefined;
  const device = wanted ?? {
    device: { identifiers: [id], name: id },
    origin: originOf(ownVersion),
    components: {},
  };
  return { ...device, components: { ...device.components, ...Object.fromEntries(again) } };
}

/**
 * The smallest component that Home Assistant accepts. It is unavailable and without a state, whatever is published on its
 * topic. Undefined for a trigger, which is in no registry and needs no removal.
 */
function leastOf(prefix: string, id: string, key: string, platform: string): Component | undefined {
  const topic = `${prefix}/${releaseEvent.at({ worker: nobody }).topic}`;
  const needed = neededBy(platform, topic);
  if (needed === undefined) return undefined;
  return {
    platform,
    unique_id: uniqueId(id, key),
    availability: [{ topic, value_template: "{{ 'offline' }}" }],
    ...needed,
  };
}

function neededBy(platform: string, topic: string): Readonly<Record<string, unknown>> | undefined {
  const state_topic = topic;
  const empty = "{{ '' }}";
  // Nobody reads this topic. An unavailable entity cannot be pressed anyway.
  const command_topic = `${topic}/nobody`;
  switch (platform) {
    case 'sensor':
    case 'binary_sensor':
    case 'update':
      return { state_topic, value_template: empty };
    case 'event':
      return { state_topic, value_template: empty, event_types: ['gone'] };
    case 'button':
      return { command_topic };
    // Without a state topic here, Home Assistant 2026.11 would go on listening to the one that it had before.
    case 'switch':
      return { command_topic, state_topic, value_template: empty };
    case 'light':
      return {
        command_topic,
        state_topic,
        schema: 'template',
        state_template: empty,
        command_on_template: 'on',
        command_off_template: 'off',
      };
    default:
      return undefined;
  }
}
