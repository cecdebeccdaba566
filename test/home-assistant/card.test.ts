// The card in the documentation speaks of entities that are announced, and of attributes that they have.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { signalStates } from '../../home-assistant/worker-button.ts';
import { usualEntities } from './support/usual-entities.ts';

const page = readFileSync(new URL('../../docs/home-assistant.md', import.meta.url), 'utf8');
const text = /<!-- card: begin -->\n+```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';

/** Every object in it, however deep. */
function objectsIn(value: unknown): readonly object[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}
const objects = objectsIn(parse(text));

/** The entity that the variable `result` stands for. */
const resultOf = (card: string) => /set result = '([\w.]+)'/.exec(card)?.[1];

test('is there, made of cards that every Home Assistant has', () => {
  const types = objects.flatMap((object) => Reflect.get(object, 'type') ?? []);
  expect(new Set(types)).toEqual(new Set(['vertical-stack', 'grid', 'tile', 'conditional', 'markdown']));
});

test('names entities that are announced and not disabled', () => {
  const named = text.match(/\b[a-z_]+\.release_button_\w+/g) ?? [];
  expect(named.length).toBeGreaterThan(6);
  for (const id of named) {
    expect(usualEntities.get(id), id).toBeDefined();
    expect(usualEntities.get(id)?.['enabled_by_default'], id).not.toBe(false);
  }
});

test('reads attributes that the entities have', () => {
  const read = [
    ...[...text.matchAll(/state_attr\('([\w.]+)', '(\w+)'\)/g)].map(([, id, name]) => [id, name]),
    ...[...text.matchAll(/state_attr\(result, '(\w+)'\)/g)].map(([, name]) => [resultOf(text), name]),
    ...objects.flatMap((object) => {
      const id: unknown = Reflect.get(object, 'entity');
      const content: unknown = Reflect.get(object, 'state_content');
      return Array.isArray(content) ? content.map((name: unknown) => [id, name]) : [];
    }),
  ];
  // What Home Assistant itself knows of every entity, or of each that fires events.
  const own = new Set(['state', 'last_changed', 'event_type']);
  for (const [id, name] of read)
    if (!own.has(String(name)))
      expect(
        ['json_attributes_template', 'value_template']
          .map((template) => String(usualEntities.get(String(id))?.[template]))
          .join(' '),
        `${String(id)} ${String(name)}`,
      ).toContain(`'${String(name)}': `);
});

test('waits for states that there are', () => {
  const states = objects.flatMap((object) =>
    Reflect.get(object, 'condition') === 'state' ? [String(Reflect.get(object, 'state'))] : [],
  );
  expect(states).toEqual(['on', 'Blocked']);
  expect(signalStates).toContain('Blocked');
});

test('asks before it releases', () => {
  const pressing = objects.filter((object) => Reflect.get(object, 'perform_action') !== undefined);
  expect(pressing).toEqual([
    expect.objectContaining({ perform_action: 'button.press', confirmation: { text: expect.any(String) } }),
  ]);
});
