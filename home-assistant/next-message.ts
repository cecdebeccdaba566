// The messages that bring a retained announcement in line with what should be announced, one at a time. Pure.
import type { Component, Discovery } from '../messages/home-assistant.ts';
import { originName } from './device.ts';
import { isDeviceId } from './names.ts';

/** Whether a retained announcement is ours, for this prefix. No other is ever changed or cleared. */
export function isOurs(prefix: string, id: string, discovery: Discovery): boolean {
  return discovery.origin.name === originName && isDeviceId(prefix, id);
}

/**
 * The next message of a device that should be as `wanted`. Undefined: nothing has to be sent. Home Assistant keeps a
 * component that a message leaves out. It removes a component for which a message has only the platform. The message after
 * that leaves the component out.
 * @param gone platforms by the keys of components that have to be removed
 */
export function nextMessage(
  retained: Discovery | undefined,
  wanted: Discovery,
  gone: ReadonlyMap<string, string>,
): Discovery | undefined {
  if (gone.size > 0) return withRemovals(wanted, gone);
  return retained !== undefined && isSame(retained, wanted) ? undefined : wanted;
}

function withRemovals(wanted: Discovery, gone: ReadonlyMap<string, string>): Discovery {
  const removals = [...gone].map(([key, platform]) => [key, { platform }] as const);
  return { ...wanted, components: { ...wanted.components, ...Object.fromEntries(removals) } };
}

/** Platforms by the keys of the components that a message announces. */
export function componentsOf({ components }: Discovery): Map<string, string> {
  return new Map(
    Object.entries(components).flatMap(([key, component]) =>
      isRemoval(component) ? [] : [[key, component.platform] as const],
    ),
  );
}

function isRemoval(component: Component): boolean {
  return Object.keys(component).length === 1;
}

export function isSame(one: Discovery, other: Discovery): boolean {
  return canonical(one) === canonical(other);
}

/** The order of members means nothing, and another version of release-button may have written the broker's copy. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}
