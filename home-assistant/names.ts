// Names and ids of devices and entities: permanent ones in topics and registries, and those that people read.
import { idPattern } from '../messages/ids.ts';

export type DeviceKind = 'agent' | 'worker';

/** The default id is left out, so that a usual installation has short names. */
const defaultId = 'main';

/**
 * The id of a device, in its discovery topic and in Home Assistant's registry. It must never change. No two prefixes give
 * the same: `_` is doubled and `/` becomes `_-`, so the first single `_` ends the prefix.
 */
export function deviceId(prefix: string, kind: DeviceKind, id: string): string {
  return `${wordOf(prefix)}_${kind}_${id}`;
}

/** Whether a device of this prefix could have this id. */
export function isDeviceId(prefix: string, candidate: string): boolean {
  return (['agent', 'worker'] as const).some((kind) => ownerOf(prefix, kind, candidate) !== undefined);
}

/** The agent or worker whose device has this id. Undefined: the id is of another kind or prefix. */
export function ownerOf(prefix: string, kind: DeviceKind, candidate: string): string | undefined {
  const start = deviceId(prefix, kind, '');
  const id = candidate.slice(start.length);
  return candidate.startsWith(start) && idPattern.test(id) ? id : undefined;
}

/** The prefix as one word, for ids and file names. No two prefixes give the same. */
export function wordOf(prefix: string): string {
  return prefix.replaceAll('_', '__').replaceAll('/', '_-');
}

/** The entity id without its platform, until a user changes it. */
export function objectIdOf(parts: {
  readonly prefix: string;
  /** the id of the agent or worker */
  readonly owner: string;
  /** `drift` */
  readonly what: string;
  /** the id of the button or LED, if there may be several */
  readonly thing?: string;
}): string {
  const { prefix, owner, what, thing } = parts;
  const words = [prefix, ...unlessDefault(owner), what, ...(thing === undefined ? [] : unlessDefault(thing))];
  return slug(words.join(' '));
}

/** As Home Assistant makes ids of names: lower case, with one `_` for everything but letters and digits. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
}

/** The limit of the configuration. A message could be longer. */
const titleLength = 100;

/** `Press`, or `Press shop` for a button `shop`, or the title. */
export function nameOf(what: string, thing: { readonly id: string; readonly title?: string }): string {
  return thing.title?.slice(0, titleLength) ?? [what, ...unlessDefault(thing.id)].join(' ');
}

/** The default of `mqtt.topicPrefix`. */
const usualPrefix = 'release-button';

/**
 * `Release worker`, with whatever distinguishes it from other devices: id, topic prefix, and whether it is simulated.
 * @param options.name for a device without a title
 */
export function deviceName(options: {
  readonly prefix: string;
  readonly id: string;
  readonly name: string;
  readonly title: string | undefined;
  readonly titleIsShared: boolean | undefined;
  readonly simulated: boolean;
}): string {
  const { prefix, id, name, title, titleIsShared, simulated } = options;
  const words = title?.slice(0, titleLength) ?? [name, ...unlessDefault(id)].join(' ');
  const notes = [
    ...(title === undefined && prefix !== usualPrefix ? [prefix] : []),
    ...(titleIsShared === true ? [id] : []),
    ...(simulated ? ['simulated'] : []),
  ];
  return notes.length === 0 ? words : `${words} (${notes.join(', ')})`;
}

/** `Stuck`, or `Release the shop: stuck` with a title. */
export function nameBeside(what: string, thing: { readonly id: string; readonly title?: string }): string {
  return thing.title === undefined
    ? nameOf(what, thing)
    : `${thing.title.slice(0, titleLength)}: ${what.toLowerCase()}`;
}

function unlessDefault(id: string): readonly string[] {
  return id === defaultId ? [] : [id];
}
