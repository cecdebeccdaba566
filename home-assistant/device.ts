// What every device and every component of it has in common.
import type { Address } from '../messages/channel.ts';
import type { Component, Discovery } from '../messages/home-assistant.ts';
import { deviceId, nameOf, objectIdOf } from './names.ts';
import type { DeviceKind } from './names.ts';

/** By it we know what is ours. */
export const originName = 'release-button';

/** Shown where Home Assistant tells of a faulty message. */
const supportUrl = 'https://www.npmjs.com/package/release-button';

/** An element of `availability`: every one of them must say `online`. */
export interface Availability {
  readonly topic: string;
  readonly value_template?: string;
}

export interface Maker {
  topic(address: Pick<Address<unknown>, 'topic'>): string;
  /**
   * A component by its key; the key begins with its kind, so that no key ever changes its platform.
   * @param options.what for the entity id @param options.thing the button or LED
   */
  entity(
    key: string,
    platform: string,
    options: { readonly name: string; readonly what: string; readonly thing?: string } & Readonly<
      Record<string, unknown>
    >,
  ): readonly [string, Component];
}

/** Of buttons and of LEDs, as the worker's configuration has it; a device with more is a mistake or worse. */
export const thingsMax = 100;

export function makerFor(prefix: string, kind: DeviceKind, id: string): Maker {
  return {
    topic: ({ topic }) => `${prefix}/${topic}`,
    entity: (key, platform, { what, thing, ...options }) => {
      const objectId = objectIdOf({ prefix, owner: id, what, ...(thing === undefined ? {} : { thing }) });
      return [
        key,
        {
          platform,
          // No id has a dot, so no two pairs of device and key give the same.
          unique_id: `${deviceId(prefix, kind, id)}.${key}`,
          default_entity_id: `${platform}.${objectId}`,
          // The same for Home Assistant before 2025.10, which drops the other without a word.
          object_id: objectId,
          ...options,
        },
      ];
    },
  };
}

/** One device with its components, as it is announced. */
export function discoveryOf(options: {
  readonly prefix: string;
  readonly kind: DeviceKind;
  readonly id: string;
  /** of the device */
  readonly name: string;
  readonly model: string;
  readonly modelId?: string;
  /** of the process that it stands for */
  readonly version: string;
  readonly configurationUrl?: string;
  readonly simulated: boolean;
  /** our own version */
  readonly ownVersion: string;
  readonly availability: readonly Availability[];
  readonly components: readonly (readonly [string, Component])[];
}): Discovery {
  const { prefix, kind, id, name, modelId, configurationUrl } = options;
  return {
    device: {
      identifiers: [deviceId(prefix, kind, id)],
      name: `${nameOf(name, { id })}${options.simulated ? ' (simulated)' : ''}`,
      manufacturer: originName,
      model: options.model,
      ...(modelId === undefined ? {} : { model_id: modelId }),
      sw_version: options.version,
      ...(configurationUrl === undefined ? {} : { configuration_url: configurationUrl }),
    },
    origin: { name: originName, sw_version: options.ownVersion, support_url: supportUrl },
    availability: options.availability,
    availability_mode: 'all',
    qos: 1,
    components: Object.fromEntries(options.components),
  };
}
