// The form of names that other programs have chosen: devices and topics.
import { must, text, textThat } from '../formats.ts';

/** A condition for a whole entry, and the message and the remedy if it does not hold. */
export type Rule<Keys> = readonly [holds: (keys: Keys) => boolean, message: string, remedy: string];

const oneTopic =
  'write one whole topic; to listen to several, make an entry for each (`mosquitto_sub -v -t "#"` shows what a device publishes)';

/** A topic or a part of one: levels separated by slashes. Spaces are allowed, wildcards are not. */
const levels = (what: string) =>
  textThat(
    (value) => value.length <= 250 && /^[^\p{C}+#$/][^\p{C}+#]*$/u.test(value) && !value.endsWith('/'),
    `must be ${what}: 1 to 250 printable characters without + and #, not beginning with $ or /, not ending with /`,
    oneTopic,
  );

export const device = () => levels('the name of a device, as in its topics');
export const topic = () => levels('a topic');

/** The names of members that lead to a value in a JSON payload, separated by dots. */
export const path = () =>
  text(200).check(
    must<string>(
      (value) => /^[^.]+(\.[^.]+){0,9}$/.test(value),
      'must be a path: up to 10 names of members, separated by dots',
      'write for example `action` or `params.events.0.event` (a number is a position in a list, from 0)',
    ),
  );

/** The longest value of a device, in characters. */
export const whenMax = 200;

export const isScalar = (value: unknown): value is string | number | boolean =>
  (typeof value === 'string' && value !== '' && value.length <= whenMax) ||
  typeof value === 'number' ||
  typeof value === 'boolean';
