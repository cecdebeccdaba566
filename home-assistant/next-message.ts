// From what is retained of a device to what should be, one message at a time: pure.
import type { Component, Discovery } from '../messages/home-assistant.ts';
import { originName } from './device.ts';
import { isDeviceId } from './names.ts';

/** Whether a retained device was announced by us, for this prefix. Nothing else is ever cleared. */
export function isOurs(prefix: string, id: string, discovery: Discovery): boolean {
  return discovery.origin.name === originName && isDeviceId(prefix, id);
}

/**
 * The next message for a device that should be as `wanted`; undefined: nothing is to be said. To leave a component out
 * changes nothing in Home Assistant: it is taken away by a message in which it is there with its platform alone, and the
 * message after that one is free of it.
 * @param gone platforms by the keys of components that are to be taken away and have not been yet
 */
export function nextMessage(
  retained: Discovery | undefined,
  wanted: Discovery,
  gone: ReadonlyMap<string, string>,
): Discovery | undefined {
  if (gone.size > 0) return withFarewell(wanted, gone);
  return retained !== undefined && isSame(retained, wanted) ? undefined : wanted;
}

function withFarewell(wanted: Discovery, gone: ReadonlyMap<string, string>): Discovery {
  const farewells = [...gone].map(([key, platform]) => [key, { platform }] as const);
  return { ...wanted, components: { ...wanted.components, ...Object.fromEntries(farewells) } };
}

/** Platforms by the keys of the components that are there. */
export function componentsOf({ components }: Discovery): Map<string, string> {
  return new Map(
    Object.entries(components).flatMap(([key, component]) =>
      isFarewell(component) ? [] : [[key, component.platform] as const],
    ),
  );
}

function isFarewell(component: Component): boolean {
  return Object.keys(component).length === 1;
}

export function isSame(one: Discovery, other: Discovery): boolean {
  return canonical(one) === canonical(other);
}

/** The order of members means nothing, and a broker's copy may come from another version of us. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}
