// Describes a value of the wrong kind or outside its range: what is accepted, and the line to write.
import * as z from 'zod/mini';
import { isMap } from '../setting.ts';
import { likelyValues } from './likely-values.ts';
import { mask, redact } from './problem.ts';
import { numberMeant, spokenOf } from './quantities.ts';
import type { Place } from './schema-problems.ts';
import { allowed, choicesOf, entriesWanted, kindWanted, lengthOf, rangeOf } from './schema-words.ts';

interface Wording {
  readonly message: string;
  readonly remedy: string;
  /** Whether the remedy is a line that can replace the wrong one. */
  readonly isPutRight: boolean;
}

export function wrongKind(place: Place): Wording {
  const { value, key, schema: inner } = place;
  const name = nameOf(key);
  const lines = likelyLines(place, name);
  const isPutRight = lines.length > 0;
  const say = (message: string, otherwise: string): Wording => ({
    message,
    remedy: isPutRight ? `write ${lines.join(' or ')}` : `${otherwise}${orDefault(place, name)}`,
    isPutRight,
  });

  if (value === undefined)
    return { ...say('is missing', `add \`${name}\`: ${allowed(inner, name)}`), isPutRight: false };
  if (inner instanceof z.ZodMiniNumber) return number(inner, place, name, say);
  if (inner instanceof z.ZodMiniArray && Array.isArray(value)) {
    const [least, most] = lengthOf(inner);
    if (value.length < least) return say('is an empty list', 'name at least one entry');
    if (value.length > most)
      return say(`has ${value.length} entries; at most ${most} are allowed`, 'remove some');
    return say(`must be a list of ${entriesWanted(inner)}`, howTo(inner, place));
  }
  if (inner instanceof z.ZodMiniString && typeof value === 'string') {
    const [, most] = lengthOf(inner);
    if (value === '') return say('is empty', 'write a text, or remove the line');
    return say(`has ${value.length} characters; at most ${most} are allowed`, 'shorten it');
  }
  if (choicesOf(inner).length > 0) {
    const said = say(`must be ${allowed(inner)}`, 'write one of them');
    return isPutRight && typeof value === 'string'
      ? { ...said, remedy: `did you mean \`${String(likelyValues(inner, name, value)[0])}\`?` }
      : said;
  }
  if (inner instanceof z.ZodMiniUnion && isPutRight && typeof value === 'string')
    return say('must be a number, without quotes', '');
  if (inner instanceof z.ZodMiniUnion)
    return say(`must be ${allowed(inner, name)}`, 'write a number in that range, or a text');
  const instead = kindOf(value);
  const wanted = kindWanted(inner);
  return say(
    `must be ${wanted}${wanted === 'true or false' || instead === '' ? '' : `, not ${instead}`}`,
    howTo(inner, place),
  );
}

function number(
  schema: z.ZodMiniNumber,
  { value, begin }: Place,
  name: string,
  say: (message: string, otherwise: string) => Wording,
): Wording {
  const [least, most] = rangeOf(schema);
  const wanted = `must be ${allowed(schema, name)}`;
  if (typeof value === 'string') {
    const meant = numberMeant(name, value);
    if (meant !== undefined && (meant < least || meant > most))
      return say(wanted, 'write a number in this range');
    return say(
      /^\d+$/.test(value) && begin.endsWith(': ') ? 'must be a number, without quotes' : wanted,
      'write a number',
    );
  }
  if (typeof value !== 'number') return say(wanted, 'write a number');
  if (!Number.isInteger(value)) return say('must be a whole number', `write a number without a fraction`);
  // Somebody who writes 600 for ten minutes means seconds.
  const thousandfold = value * 1000;
  const spoken = name.endsWith('Ms') ? spokenOf(name, thousandfold) : undefined;
  if (spoken !== undefined && value > 0 && value < least && thousandfold >= least && thousandfold <= most)
    return {
      message: wanted,
      remedy: `the unit is milliseconds: for ${value} s write \`${begin}${thousandfold}\``,
      isPutRight: true,
    };
  return say(
    wanted,
    value < least ? `write \`${begin}${least}\` or more` : `write \`${begin}${most}\` or less`,
  );
}

/** At most two lines that somebody probably meant. A secret is not repeated. */
function likelyLines(place: Place, name: string): readonly string[] {
  if (place.leaf.setting.secret) return [];
  const lines = likelyValues(place.schema, name, place.value).map((value) => lineOf(place, value));
  const shown = new Set(lines.filter((line) => !line.includes(mask)));
  return [...shown].slice(0, 2).map((line) => `\`${line}\``);
}

function orDefault({ leaf, key }: Place, name: string): string {
  const own = leaf.path === key && leaf.setting.items === undefined ? leaf.setting.default : undefined;
  if (own === undefined) return '';
  const spoken = spokenOf(name, Number(own));
  return `, or remove it for the default, ${flow(own)}${spoken === undefined ? '' : ` (${spoken})`}`;
}

/** The remedy if the value does not show what its writer meant. */
function howTo(schema: z.core.$ZodType, { begin, leaf, value }: Place): string {
  if (schema instanceof z.ZodMiniObject && Object.hasOwn(schema.def.shape, 'id') && typeof value === 'string')
    return `begin the entry with \`- id: ${flow(value)}\` and write its other keys below`;
  if (schema instanceof z.ZodMiniObject)
    return `write keys and their values; the known keys are ${Object.keys(schema.def.shape).join(', ')}`;
  if (schema instanceof z.ZodMiniRecord) return `write names and their values, \`${begin}{name: value}\``;
  if (schema instanceof z.ZodMiniArray && isMap(value) && Object.keys(value).some((key) => /^-\w/.test(key)))
    return 'put a space after the dash before each entry: `- id: main`';
  if (schema instanceof z.ZodMiniArray)
    return !begin.endsWith(': ') && begin !== '- '
      ? `write it in one line as YAML or JSON, for example \`${begin}'[{id: main}]'\``
      : leaf.setting.items === undefined
        ? `write its entries in brackets, \`${begin}[first, second]\``
        : 'begin each entry with `- `, on its own line below the key';
  return schema instanceof z.ZodMiniBoolean
    ? 'write true or false'
    : 'write it in one line, in quotes if in doubt';
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isMap(value)) return 'a map';
  return typeof value === 'string' ? 'text' : value === null ? 'empty' : `a ${typeof value}`;
}

/** In a variable or flag, a list or map is in quotes, because a shell would interpret brackets and braces. */
function lineOf({ begin }: Place, meant: unknown): string {
  const text = redact(flow(meant));
  return typeof meant === 'object' && !begin.endsWith(': ') && begin !== '- '
    ? `${begin}'${text}'`
    : `${begin}${text}`;
}

function nameOf(key: string): string {
  return key.replace(/(\[\d+\])+$/, '').replace(/^.*\./, '');
}

/** YAML in one line. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (isMap(value))
    return `{${Object.entries(value)
      .map(([key, inner]) => `${flow(key)}: ${flow(inner)}`)
      .join(', ')}}`;
  return typeof value === 'string' &&
    !/^(?!(true|false|null|yes|no|on|off)$)[A-Za-z./][\w./=@-]*$/i.test(value)
    ? JSON.stringify(value)
    : String(value);
}
