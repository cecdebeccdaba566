// What every device and every component of it has in common.
import type { Address } from '../messages/channel.ts';
import type { Component, Discovery } from '../messages/home-assistant.ts';
import { releaseEvent } from '../messages/release.ts';
import { deviceId, deviceName, objectIdOf } from './names.ts';
import type { DeviceKind } from './names.ts';

/** By it we know what is ours. */
export const originName = 'release-button';

/** A worker that there is not: of its topics nothing is ever heard. */
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

/** What is to be known of a device beside what its process says. */
export interface About {
  /** our own version */
  readonly ownVersion: string;
  /** nobody knows whether its process is there */
  readonly isSilent: boolean;
}

/**
 * While its process is online. Home Assistant keeps what it has last heard of a topic, also over a broker that was
 * restarted and has forgotten it: whoever has not come back to that broker would be shown as online, with values of before.
 * A topic that is new to an entity counts as offline until something is heard of it, and of this one never is.
 */
export function whileOnline(
  make: Maker,
  availability: Pick<Address<unknown>, 'topic'>,
  { isSilent }: About,
): Availability {
  if (!isSilent) return { topic: make.topic(availability) };
  return { topic: make.topic(releaseEvent.at({ worker: nobody })), value_template: "{{ 'offline' }}" };
}

/** Of buttons and of LEDs, as the worker's configuration has it; a device with more is a mistake or worse. */
export const thingsMax = 100;

/** By it Home Assistant's registry knows an entity for ever. No id has a dot, so no two pairs give the same. */
export function uniqueId(device: string, key: string): string {
  return `${device}.${key}`;
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
  /** of the device, where it has no title */
  readonly name: string;
  readonly title: string | undefined;
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
      name: deviceName({ prefix, id, name, title: options.title, simulated: options.simulated }),
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
