// What all devices and all of their components have in common.
import type { Address } from '../messages/channel.ts';
import type { Component, Discovery } from '../messages/home-assistant.ts';
import { releaseEvent } from '../messages/release.ts';
import { deviceId, deviceName, objectIdOf, type DeviceKind } from './names.ts';

/** The origin in our announcements, by which we recognise them. */
export const originName = 'release-button';

/** An id that no worker has: nothing is ever published on its topics. */
export const nobody = 'nobody';

/** Home Assistant shows it when it reports a faulty message. */
const supportUrl = 'https://www.npmjs.com/package/release-button';

/** An element of `availability`. The entity is available while all of its elements are `online`. */
export interface Availability {
  readonly topic: string;
  readonly value_template?: string;
}

export interface Maker {
  topic(address: Pick<Address<unknown>, 'topic'>): string;
  /**
   * A component and its key. The key begins with the kind of the component, so that no key ever changes its platform.
   * @param options.what a part of the entity id @param options.thing the id of the button or LED
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
 * Never available. Home Assistant treats an entity as offline until a message arrives on its availability topic.
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

/** Buttons, and LEDs, of a device. The configuration allows no more, so a longer list is a mistake or an attack. */
export const thingsMax = 100;

/** Home Assistant's registry identifies an entity by this id forever. No id has a dot, so no two pairs give the same. */
export function uniqueId(device: string, key: string): string {
  return `${device}.${key}`;
}

/** Options that propose an entity id to Home Assistant. Before 2025.10, Home Assistant ignores the first of the two. */
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

/** A device with its components, as it is announced. */
export function discoveryOf(options: {
  readonly prefix: string;
  readonly kind: DeviceKind;
  readonly id: string;
  /** the name of the device if it has no title */
  readonly name: string;
  readonly title: string | undefined;
  readonly titleIsShared: boolean | undefined;
  /** the machine on which the agent or worker runs */
  readonly host: string;
  readonly model: string;
  readonly modelId?: string;
  /** the version of the agent or worker */
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
      // Home Assistant shows it as "Hardware". It has no better place for the name of a machine.
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
