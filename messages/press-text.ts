// Decides which bare text is a press, and which gesture it means. Words that mean "nothing pressed" are no press.
import { gestures } from './gesture.ts';
import type { Gesture } from './gesture.ts';

/** What devices, bridges and templates send for "nothing". Compared without case. */
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
 * Characters that a word does not have. Quotes, braces and brackets come from JSON that a shell has split. `%` and `&` come
 * from a form, and `$` and `@` from placeholders that nobody replaced. Slashes, commas, colons and `=` come from the name of
 * an application. Such a press was meant for less than everything.
 */
const marks = String.raw`\s\p{C}\p{Ps}\p{Pe}\p{Pi}\p{Pf}"'` + '`' + String.raw`\\/,:;=<>*%&$@|`;

// A pattern in a JSON schema has no flags.
const eitherCase = (word: string) =>
  word.replaceAll(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
const oneWord = `[^${marks}]{1,${wordLength}}`;

/** One printable word of at most 64 characters that counts as a press. */
export const pressWordPattern = new RegExp(
  `^(?!(?:${nothingWords.map(eitherCase).join('|')})$)${oneWord}$`,
  'u',
);
const oneWordPattern = new RegExp(`^${oneWord}$`, 'u');

/** For a message to people. */
const shown = (text: string) => JSON.stringify(text.slice(0, wordLength));
const whatPresses = 'a press is one word such as press, or a JSON object; see docs/mqtt.md, "Presses"';

/** Why a text is no press. Undefined: it is one. @param text without white space around it */
export function faultOfText(text: string): string | undefined {
  if (pressWordPattern.test(text)) return undefined;
  if (oneWordPattern.test(text))
    return `${shown(text)} says that nothing was pressed; to press, send a word such as press`;
  const what = /^["'\p{Pi}]/u.test(text) ? 'begins with a quote' : 'is not one word';
  return `${shown(text)} ${what}; ${whatPresses}`;
}

/**
 * The gesture that a word names, without case. Undefined: it names none. If `hold` counted as an ordinary press, it would
 * release when somebody wanted to roll back.
 */
export function gestureOfText(word: string): Gesture | undefined {
  return gestures.find((gesture) => gesture === word.toLowerCase());
}

/** `echo | mosquitto_pub -s` sends a line break, some devices send NUL, and some templates send two quotes. */
const emptyPattern = /^[\s\0]*(?:""[\s\0]*)?$/;
const utf8 = new TextDecoder();

/** No byte, only white space or NUL, or two quotes around nothing: never a press, and not answered. */
export function isEmptyPress(payload: Uint8Array): boolean {
  return emptyPattern.test(utf8.decode(payload));
}
