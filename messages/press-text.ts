// Which bare text is a press: one word, and none that devices send when nothing was pressed; and which gesture it means.
import { gestures } from './gesture.ts';
import type { Gesture } from './gesture.ts';

/** What devices, bridges and templates send for "nothing". Compared without regard to case. */
const nothingWords = [
  'off',
  '0',
  'false',
  'no',
  'null',
  'none',
  'nil',
  'nan',
  'undefined',
  'unknown',
  'unavailable',
  'offline',
] as const;

const wordLength = 64;
/**
 * What makes more of a text than a word. Quotes, braces and brackets come from JSON that a shell has taken apart, `%` and
 * `&` from a form, `$` and `@` from what should have been replaced by a text, slashes, commas, colons and `=` from a text
 * that names an application: such a press was meant to be narrow.
 */
const marks = String.raw`\s\p{C}\p{Ps}\p{Pe}\p{Pi}\p{Pf}"'` + '`' + String.raw`\\/,:;=<>*%&$@|`;

// In a schema of JSON a pattern has no flags.
const eitherCase = (word: string) =>
  word.replaceAll(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
const oneWord = `[^${marks}]{1,${wordLength}}`;

/** One printable word of at most 64 characters that may press. */
export const pressWordPattern = new RegExp(
  `^(?!(?:${nothingWords.map(eitherCase).join('|')})$)${oneWord}$`,
  'u',
);
const oneWordPattern = new RegExp(`^${oneWord}$`, 'u');

/** In a message for people. */
const shown = (text: string) => JSON.stringify(text.slice(0, wordLength));
const whatPresses =
  'a press is one word such as press, or a JSON object; docs/mqtt.md, "Press from anywhere"';

/** Why a text is no press; undefined: it is one. @param text without white space around it */
export function faultOfText(text: string): string | undefined {
  if (pressWordPattern.test(text)) return undefined;
  if (oneWordPattern.test(text))
    return `${shown(text)} says that nothing was pressed; to press, send a word such as press`;
  const what = /^["'\p{Pi}]/u.test(text) ? 'begins with a quote' : 'is not one word';
  return `${shown(text)} ${what}; ${whatPresses}`;
}

/**
 * The gesture that a word names, without regard to case; undefined: it names none. A `hold` that counted as an ordinary
 * press would release where somebody wanted to roll back.
 */
export function gestureOfText(word: string): Gesture | undefined {
  return gestures.find((gesture) => gesture === word.toLowerCase());
}

/** `echo | mosquitto_pub -s` sends a line break, some devices send NUL, some templates two quotes around nothing. */
const emptyPattern = /^[\s\0]*(?:""[\s\0]*)?$/;
const utf8 = new TextDecoder();

/** No byte, only white space or NUL, or two quotes around nothing: never a press, and not worth an answer. */
export function isEmptyPress(payload: Uint8Array): boolean {
  return emptyPattern.test(utf8.decode(payload));
}
