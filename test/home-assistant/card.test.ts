// The cards in the documentation name announced entities, and attributes of these entities.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { signalStates } from '../../home-assistant/worker-button.ts';
import { twoWorkersEntities, usualEntities } from './support/usual-entities.ts';

const read = (page: string) => readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
const cardOn = (page: string) => {
  const text = /<!-- card: begin -->\n+```yaml\n([\s\S]*?)```/.exec(read(page))?.[1] ?? '';
  return { text, objects: objectsIn(parse(text)) };
};

/** All objects in it, at any depth. */
function objectsIn(value: unknown): readonly object[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}

/** The entity whose value the variable `result` has. */
const resultOf = (card: string) => /set result = '([\w.]+)'/.exec(card)?.[1];

describe.each([
  ['home-assistant-automations.md', usualEntities],
  ['home-assistant-workers.md', twoWorkersEntities],
])('the card in %s', (page, entities) => {
  const { text, objects } = cardOn(page);

  test('is made of cards that every Home Assistant has', () => {
    const types = objects.flatMap((object) => Reflect.get(object, 'type') ?? []);
    const usual = ['vertical-stack', 'horizontal-stack', 'grid', 'tile', 'conditional', 'markdown'];
    expect(types.length).toBeGreaterThan(5);
    for (const type of types) expect(usual).toContain(type);
  });

  test('names only entities that are announced and not disabled', () => {
    const namedEntities = text.match(/\b[a-z_]+\.release_button_\w+/g) ?? [];
    expect(namedEntities.length).toBeGreaterThan(6);
    for (const id of namedEntities) {
      expect(entities.get(id), id).toBeDefined();
      expect(entities.get(id)?.['enabled_by_default'], id).not.toBe(false);
    }
  });

  test('reads only attributes that the entities have', () => {
    const read = [
      ...[...text.matchAll(/state_attr\('([\w.]+)', '(\w+)'\)/g)].map(([, id, name]) => [id, name]),
      ...[...text.matchAll(/state_attr\(result, '(\w+)'\)/g)].map(([, name]) => [resultOf(text), name]),
      ...objects.flatMap((object) => {
        const id: unknown = Reflect.get(object, 'entity');
        const content: unknown = Reflect.get(object, 'state_content');
        return Array.isArray(content) ? content.map((name: unknown) => [id, name]) : [];
      }),
    ];
    // Values that every entity has, or every entity that fires events.
    const commonValues = new Set(['state', 'last_changed', 'event_type']);
    for (const [id, name] of read)
      if (!commonValues.has(String(name)))
        expect(
          ['json_attributes_template', 'value_template']
            .map((template) => String(entities.get(String(id))?.[template]))
            .join(' '),
          `${String(id)} ${String(name)}`,
        ).toContain(`'${String(name)}': `);
  });

  test('asks before it releases', () => {
    const pressing = objects.filter((object) => Reflect.get(object, 'perform_action') !== undefined);
    expect(pressing.length).toBeGreaterThan(0);
    for (const action of pressing)
      expect(action).toEqual(
        expect.objectContaining({
          perform_action: 'button.press',
          confirmation: { text: expect.any(String) },
        }),
      );
  });
});

test('the usual card waits only for states that exist', () => {
  const { objects } = cardOn('home-assistant-automations.md');
  const states = objects.flatMap((object) =>
    Reflect.get(object, 'condition') === 'state' ? [String(Reflect.get(object, 'state'))] : [],
  );
  expect(states).toEqual(['on', 'Blocked']);
  expect(signalStates).toContain('Blocked');
});

test('each environment is released with its own name on the button, and the two buttons differ in colour', () => {
  const { objects } = cardOn('home-assistant-workers.md');
  const buttons = objects.filter((object) => String(Reflect.get(object, 'entity')).startsWith('button.'));
  expect(buttons).toHaveLength(2);
  for (const [index, worker] of ['staging', 'production'].entries()) {
    const button = buttons[index] ?? {};
    const words = JSON.stringify(button);
    expect(Reflect.get(button, 'name')).toBe(`Release to ${worker}`);
    expect(words).toContain(`Release to ${worker} everything`);
    expect(words).not.toContain(worker === 'staging' ? 'production' : 'staging');
  }
  const colours = buttons.map((button): unknown => Reflect.get(button, 'color'));
  expect(new Set(colours).size).toBe(2);
});

test.each([
  ['home-assistant-entities.md', usualEntities],
  ['home-assistant-workers.md', twoWorkersEntities],
])('%s names only announced entities', (page, entities) => {
  const namedEntities = read(page).match(/\b[a-z_]+\.release_button_\w+/g) ?? [];
  // Examples of other ids, and rows that stand for several entities.
  const examples = new Set([
    'button.release_button_release_shop',
    'button.release_button_staging_release',
    'update.release_button_team_a_web',
    'update.release_button_',
  ]);
  expect(namedEntities.length).toBeGreaterThan(15);
  for (const id of namedEntities) if (!examples.has(id)) expect(entities.get(id), id).toBeDefined();
});
