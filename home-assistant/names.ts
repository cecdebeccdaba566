// What devices and entities are called: in topics and registries for ever, and on screens.
import { idPattern } from '../messages/ids.ts';

export type DeviceKind = 'agent' | 'worker';

/** Ids are left out where they are the default, so that who has one of everything reads short names. */
const defaultId = 'main';

/**
 * The id of a device, in its discovery topic and for Home Assistant's registry; never to be changed. No two prefixes give
 * the same: `_` is doubled and `/` becomes `_-`, so the first single `_` ends the prefix.
 */
export function deviceId(prefix: string, kind: DeviceKind, id: string): string {
  return `${wordOf(prefix)}_${kind}_${id}`;
}

/** Whether a device of this id could have been announced for this prefix. */
export function isDeviceId(prefix: string, candidate: string): boolean {
  return (['agent', 'worker'] as const).some((kind) => ownerOf(prefix, kind, candidate) !== undefined);
}

/** The agent or worker whose device has this id. Undefined: none of this kind and prefix could have. */
export function ownerOf(prefix: string, kind: DeviceKind, candidate: string): string | undefined {
  const start = deviceId(prefix, kind, '');
  const id = candidate.slice(start.length);
  return candidate.startsWith(start) && idPattern.test(id) ? id : undefined;
}

/** The prefix as one word, for ids and file names; no two prefixes give the same. */
export function wordOf(prefix: string): string {
  return prefix.replaceAll('_', '__').replaceAll('/', '_-');
}

/** What an entity is called in Home Assistant's own ids, behind the platform, where its user has not changed it. */
export function objectIdOf(parts: {
  readonly prefix: string;
  /** the agent or worker */
  readonly owner: string;
  /** `drift` */
  readonly what: string;
  /** the button or LED, where there may be several */
  readonly thing?: string;
}): string {
  const { prefix, owner, what, thing } = parts;
  const words = [prefix, ...unlessDefault(owner), what, ...(thing === undefined ? [] : unlessDefault(thing))];
  return slug(words.join(' '));
}

/** As Home Assistant makes ids of names: lower case, one `_` for all that is no letter or digit. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
}

/** As the configuration bounds titles; a message could be longer. */
const titleLength = 100;

/** `Press`, or for a button of its own id `Press shop`; its title where it has one. */
export function nameOf(what: string, thing: { readonly id: string; readonly title?: string }): string {
  return thing.title?.slice(0, titleLength) ?? [what, ...unlessDefault(thing.id)].join(' ');
}

/** What `mqtt.topicPrefix` is by default. */
const usualPrefix = 'release-button';

/**
 * `Release worker`, or whatever tells it from those of another id or prefix: staging and production look alike otherwise.
 * @param options.name where there is no title
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

/** `Stuck`, or with its title `Release the shop: stuck`. */
export function nameBeside(what: string, thing: { readonly id: string; readonly title?: string }): string {
  return thing.title === undefined
    ? nameOf(what, thing)
    : `${thing.title.slice(0, titleLength)}: ${what.toLowerCase()}`;
}

function unlessDefault(id: string): readonly string[] {
  return id === defaultId ? [] : [id];
}
