// Describes for people what is wrong with a member of a payload.
import * as z from 'zod/mini';

/** For faults without a description here. */
const english = z.locales.en().localeError;

const kinds: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'an object',
  record: 'an object',
  string: 'text',
  boolean: 'true or false',
  number: 'a number',
  int: 'a whole number',
};
/** A text comes from the sender and may be as long as the payload. */
const textLength = 64;

/** For zod's `error` option, because zod/mini has no error texts. */
export function inWords(issue: z.core.$ZodRawIssue): ReturnType<typeof english> {
  if (issue.code === 'invalid_type') {
    const wanted = `must be ${kinds[issue.expected] ?? issue.expected}`;
    return issue.input === undefined ? `is missing (${wanted})` : `${wanted}, not ${kindOf(issue.input)}`;
  }
  if (issue.code === 'invalid_value')
    return `must be ${choiceOf(issue.values.map((value) => JSON.stringify(value)))}, not ${shown(issue.input)}`;
  if (issue.code === 'too_small' && issue.origin === 'array')
    return `must have at least ${countOf(Number(issue.minimum))}`;
  if (issue.code === 'too_big' && issue.origin === 'array')
    return `must have at most ${countOf(Number(issue.maximum))}`;
  return english(issue);
}

const countOf = (entries: number) => `${entries} ${entries === 1 ? 'entry' : 'entries'}`;

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  return kinds[typeof value] ?? typeof value;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, textLength)) : kindOf(value);
}

function choiceOf(choices: readonly string[]): string {
  const last = choices.at(-1) ?? 'nothing';
  return choices.length < 2 ? last : `${choices.slice(0, -1).join(', ')} or ${last}`;
}
