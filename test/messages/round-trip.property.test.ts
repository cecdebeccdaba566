// Every message of a row arrives unchanged. The codec and the JSON Schema of the row agree on what a message is.
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { channels } from '../../messages/all.ts';
import type { Codec } from '../../messages/codec.ts';
import type { RowName } from '../../tools/message-examples.ts';
import { formsOf, rowNames } from '../../tools/message-forms.ts';
import { messages } from './arbitraries.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const codecOf = (row: RowName): Pick<Codec<unknown>, 'encode' | 'decode'> => channels[row].codec;
const messagesOf = (row: RowName): fc.Arbitrary<unknown> => messages[row];
const ajv = new Ajv({ allErrors: true });
addFormats.default(ajv);
const forms = rowNames
  .flatMap(formsOf)
  .map((form) => ({ ...form, isText: form.contentType === 'text/plain', fits: ajv.compile(form.schema) }));
const jsonForms = forms.filter(({ isText }) => !isText);
/** The receiver does not read the payload that makes a LED identify itself. */
const textForms = forms.filter(({ isText, row }) => isText && row !== 'ledIdentify');

test.each(rowNames.filter((row) => row !== 'ledIdentify'))('%s arrives unchanged', (row) => {
  const codec = codecOf(row);
  fc.assert(
    fc.property(messagesOf(row), (message) => {
      expect(codec.decode(bytes(codec.encode(message)))).toEqual({ ok: true, value: message });
    }),
  );
});

test.each(rowNames)('an encoded %s fits exactly one of its JSON Schemas', (row) => {
  const codec = codecOf(row);
  fc.assert(
    fc.property(messagesOf(row), (message) => {
      const wire = codec.encode(message);
      const value: unknown = wire === message ? wire : JSON.parse(wire);
      const fitting = forms.filter((form) => form.row === row && form.fits(value));
      expect(fitting.map(({ isText }) => isText)).toEqual([wire === message]);
    }),
  );
});

test.each(jsonForms)(
  'schema and codec of $name agree on members that are missing, changed or unknown',
  (form) => {
    const codec = codecOf(form.row);
    const outcomes = new Set<boolean>();
    fc.assert(
      fc.property(
        messagesOf(form.row).filter((message) => typeof message === 'object'),
        fc.array(change, { minLength: 0, maxLength: 2 }),
        (message, changes) => {
          const value: unknown = changes.reduce(apply, JSON.parse(JSON.stringify(message)));
          const decoded = codec.decode(bytes(JSON.stringify(value)));
          outcomes.add(decoded.ok);
          expect(form.fits(value), decoded.ok ? ajv.errorsText(form.fits.errors) : decoded.error).toBe(
            decoded.ok,
          );
        },
      ),
      { numRuns: 300 },
    );
    expect(outcomes).toEqual(new Set([true, false]));
  },
);

test.each(textForms)('schema and codec of $name agree on bare text', (form) => {
  const codec = codecOf(form.row);
  const text = fc
    .oneof(messagesOf(form.row), fc.constant(form.example), fc.string({ unit: 'binary', maxLength: 8 }))
    .filter((value): value is string => typeof value === 'string')
    // The codec ignores spaces around bare text. Text that starts like JSON belongs to the other form.
    .filter((value) => value === value.trim() && !/^[{[]/.test(value));
  fc.assert(
    fc.property(text, (value) => {
      expect(form.fits(value)).toBe(codec.decode(bytes(value)).ok);
    }),
  );
});

interface Change {
  /** which member is changed, counted over all levels */
  readonly at: number;
  readonly newValue: unknown;
}

const removed = Symbol('the member is removed');
/** ASCII, because the codec counts UTF-16 units and JSON Schema counts characters. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 4 }),
  fc.constantFrom('', 'main', 'press', 'on', 'x'.repeat(65), 'x'.repeat(300), 'a/b', '2026-01-01T00:00:00Z'),
);
const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat({ max: 200 }),
  newValue: fc.oneof(
    fc.constantFrom<unknown>(removed, null, true, 0, -1, 1.5, 20, 1e9, 2 ** 53, [], {}, ['a/b'], { x: 1 }),
    text,
  ),
});

/** Changes one member at any level, or adds an unknown one. */
function apply(value: unknown, { at, newValue: drawn }: Change): unknown {
  const to = drawn === removed ? removed : structuredClone(drawn);
  const members = placesIn(value);
  const place = members[at % (members.length + 1)];
  if (place === undefined) return isObject(value) ? { ...value, unknown: to === removed ? 0 : to } : value;
  const [parent, key] = place;
  if (to !== removed) Reflect.set(parent, key, to);
  else if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else Reflect.deleteProperty(parent, key);
  return value;
}

function placesIn(value: unknown): [inside: object, key: string][] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => [
    [value, key],
    ...placesIn(inner),
  ]);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
