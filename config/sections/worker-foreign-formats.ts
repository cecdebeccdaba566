// What names of others may look like: devices and topics that are not ours to choose.
import { must, text, textThat } from '../formats.ts';

/** What must hold for an entry as a whole; else what is wrong with it, and what to do. */
export type Rule<Keys> = readonly [holds: (keys: Keys) => boolean, message: string, remedy: string];

const oneTopic =
  'write one whole topic; to listen to several, make an entry for each (`mosquitto_sub -v -t "#"` shows what a device publishes)';

/** Part of a topic, or the whole: levels separated by slashes, spaces allowed, nothing that means more than itself. */
const levels = (what: string) =>
  textThat(
    (value) => value.length <= 250 && /^[^\p{C}+#$/][^\p{C}+#]*$/u.test(value) && !value.endsWith('/'),
    `must be ${what}: 1 to 250 printable characters without + and #, not beginning with $ or /, not ending with /`,
    oneTopic,
  );

export const device = () => levels('the name of a device as its topics have it');
export const topic = () => levels('a topic');

/** Members of a JSON payload, from the outermost to the innermost. */
export const path = () =>
  text(200).check(
    must<string>(
      (value) => /^[^.]+(\.[^.]+){0,9}$/.test(value),
      'must be up to 10 names of members separated by dots',
      'write for example `action` or `params.events.0.event` (a number counts the entries of a list from 0)',
    ),
  );

/** Characters of a value that a device sends. */
export const whenMax = 200;

export const isScalar = (value: unknown): value is string | number | boolean =>
  (typeof value === 'string' && value !== '' && value.length <= whenMax) ||
  typeof value === 'number' ||
  typeof value === 'boolean';
