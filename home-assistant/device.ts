// What every device and every component of it has in common.
import type { Address } from '../messages/channel.ts';
import type { Component, Discovery } from '../messages/home-assistant.ts';
import { releaseEvent } from '../messages/release.ts';
import { deviceId, deviceName, objectIdOf } from './names.ts';
import type { DeviceKind } from './names.ts';

/** By it we know what is ours. */
export const originName = 'release-button';

/** An id that no worker has: nothing is ever published on its topics. */
export const nobody = 'nobody';

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

/** What a device needs besides the info of its agent or worker. */
export interface About {
  /** our own version */
  readonly ownVersion: string;
  /** the broker does not know whether the agent or worker is online */
  readonly isSilent: boolean;
  /** another agent or worker has the same title */
  readonly titleIsShared?: boolean;
}

/**
 * Never available. Home Assistant takes an entity as offline until something is published on a topic that is new to it.
 */
export function neverAvailable(make: Maker): Availability {
  return { topic: make.topic(releaseEvent.at({ worker: nobody })), value_template: "{{ 'offline' }}" };
}

/**
 * Available while its agent or worker is online. Home Assistant keeps the last message of a topic even if the broker has
 * restarted and forgotten it. It would show an agent that has not come back as online, with its old values.
 */
export function whileOnline(
  make: Maker,
  availability: Pick<Address<unknown>, 'topic'>,
  { isSilent }: About,
): Availability {
  return isSilent ? neverAvailable(make) : { topic: make.topic(availability) };
}

/** Of buttons and of LEDs, as the worker's configuration has it; a device with more is a mistake or worse. */
export const thingsMax = 100;

/** By it Home Assistant's registry knows an entity for ever. No id has a dot, so no two pairs give the same. */
export function uniqueId(device: string, key: string): string {
  return `${device}.${key}`;
}

/** The entity id that Home Assistant is to give. Before 2025.10 it ignores the first of the two. */
export function entityIdOf(platform: string, objectId: string) {
  return { default_entity_id: `${platform}.${objectId}`, object_id: objectId };
}

export function originOf(ownVersion: string): Discovery['origin'] {
  return { name: originName, sw_version: ownVersion, support_url: supportUrl };
}

export function makerFor(prefix: string, kind: DeviceKind, id: string): Maker {
  return {
    topic: ({ topic }) => `${prefix}/${topic}`,
    entity: (key, platform, { what, thing, ...options }) => {
      const objectId = objectIdOf({ prefix, owner: id, what, ...(thing === undefined ? {} : { thing }) });
      return [
        key,
        {
          platform,
          unique_id: uniqueId(deviceId(prefix, kind, id), key),
          ...entityIdOf(platform, objectId),
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
  /** of the device, where it has no title */
  readonly name: string;
  readonly title: string | undefined;
  readonly titleIsShared: boolean | undefined;
  /** the machine that its process runs on */
  readonly host: string;
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
      name: deviceName({ ...options, prefix, id, name }),
      manufacturer: originName,
      model: options.model,
      ...(modelId === undefined ? {} : { model_id: modelId }),
      sw_version: options.version,
      // Shown as "Hardware"; Home Assistant has no better place for a machine.
      ...(options.host === '' ? {} : { hw_version: options.host }),
      ...(configurationUrl === undefined ? {} : { configuration_url: configurationUrl }),
    },
    origin: originOf(options.ownVersion),
    availability: options.availability,
    availability_mode: 'all',
    qos: 1,
    components: Object.fromEntries(options.components),
  };
}
