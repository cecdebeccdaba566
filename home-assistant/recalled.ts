// What Home Assistant has only in its registry cannot be taken away: where something went while it was off, it is announced once
// more, and taken away a moment later.
import type { Component, Discovery } from '../messages/home-assistant.ts';
import { releaseEvent } from '../messages/release.ts';
import { nobody, originOf, uniqueId } from './device.ts';

/**
 * The message that brings back what is gone, each with the least that Home Assistant takes. Undefined: nothing of it can
 * be brought back.
 * @param wanted the device as it should be; undefined: all of it is gone
 * @param gone platforms by keys
 */
export function withRecalled(options: {
  readonly prefix: string;
  readonly id: string;
  readonly ownVersion: string;
  readonly wanted: Discovery | undefined;
  readonly gone: ReadonlyMap<string, string>;
}): Discovery | undefined {
  const { prefix, id, ownVersion, wanted, gone } = options;
  const recalled = [...gone].flatMap(([key, platform]) => {
    const component = leastOf(prefix, id, key, platform);
    return component === undefined ? [] : [[key, component] as const];
  });
  if (recalled.length === 0) return undefined;
  const device = wanted ?? {
    device: { identifiers: [id], name: id },
    origin: originOf(ownVersion),
    components: {},
  };
  return { ...device, components: { ...device.components, ...Object.fromEntries(recalled) } };
}

/** Unavailable, and saying nothing, whatever is said at its topic. Triggers have no registry, and are gone by themselves. */
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
  // Of a topic that nobody reads: an unavailable entity is not pressed anyway.
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
    // These could do without a state; but Home Assistant 2026.11 goes on listening for one that it was told of before.
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
