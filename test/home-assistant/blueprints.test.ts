// The blueprints: each is complete, and everything that it refers to exists.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseDocument, visit } from 'yaml';
import * as z from 'zod/mini';
import { originator } from '../../home-assistant/freeze-switch.ts';
import { signalStates } from '../../home-assistant/worker-button.ts';
import { freezeSet, workerFreezeSet } from '../../messages/freeze.ts';
import { pressOutcomes } from '../../messages/press.ts';
import { usualEntities as entities } from './support/usual-entities.ts';

const folder = new URL('../../home-assistant/blueprints/', import.meta.url);
const names = readdirSync(folder).toSorted();

/** Stands for an input's value, which only Home Assistant knows, so that the test can recognise it. */
class Input {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

const idsSchema = z.pipe(
  z.optional(z.union([z.string(), z.array(z.string())])),
  z.transform((ids) => [ids ?? []].flat()),
);

const inputSchema = z.strictObject({
  name: z.string().check(z.minLength(1)),
  description: z.optional(z.string().check(z.minLength(1))),
  default: z.optional(z.unknown()),
  selector: z.record(z.string(), z.unknown()),
});

const blueprintSchema = z.looseObject({
  // No source_url, because Home Assistant writes it when a blueprint is imported. No author.
  blueprint: z.strictObject({
    name: z.string().check(z.startsWith('release-button: ')),
    description: z.string().check(z.minLength(40)),
    domain: z.literal('automation'),
    homeassistant: z.strictObject({ min_version: z.literal('2024.11.0') }),
    input: z.record(z.string(), inputSchema),
  }),
  mode: z.enum(['single', 'restart', 'queued']),
  max: z.optional(z.int()),
  max_exceeded: z.literal('silent'),
  variables: z.optional(z.record(z.string(), z.unknown())),
  trigger_variables: z.optional(z.record(z.string(), z.unknown())),
  triggers: z.array(z.looseObject({ trigger: z.string() })),
  conditions: z.optional(z.array(z.looseObject({ condition: z.string() }))),
  actions: z.array(z.unknown()),
});

function read(name: string) {
  const text = readFileSync(new URL(name, folder), 'utf8');
  const document = parseDocument(text, {
    customTags: [{ tag: '!input', resolve: (value: string) => new Input(value) }],
  });
  const used = new Set<string>();
  const strings: string[] = [];
  visit(document, {
    Scalar: (key, { value }) => {
      if (value instanceof Input) used.add(value.name);
      else if (key !== 'key' && typeof value === 'string') strings.push(value);
    },
  });
  return { text, problems: [...document.errors, ...document.warnings], document, used, strings };
}

test('the folder contains these blueprints', () => {
  expect(names).toEqual([
    'announce-drift.yaml',
    'flash-lamp.yaml',
    'freeze-outside-working-hours.yaml',
    'release-by-button.yaml',
    'tell-presser.yaml',
  ]);
});

describe.each(names)('%s', (name) => {
  const { text, problems, document, used, strings } = read(name);
  const content = blueprintSchema.parse(document.toJS());
  const { input } = content.blueprint;
  const templates = strings.filter((string) => /\{[{%]/.test(string) && !string.includes('Write {{ message'));

  test('it is valid YAML in the form of a blueprint', () => {
    expect(problems).toEqual([]);
    expect(text).not.toMatch(/source_url|author/);
  });

  test('every declared input is used, and every used input is declared', () => {
    expect([...used].toSorted()).toEqual(Object.keys(input).toSorted());
  });

  test('every default entity is announced, in a domain that can be chosen', () => {
    const defaults = Object.values(input).flatMap(({ default: value, selector }) =>
      'entity' in selector ? idsSchema.parse(value).map((id) => ({ id, selector })) : [],
    );
    for (const { id, selector } of defaults) {
      const component = entities.get(id);
      expect(component, id).toBeDefined();
      expect(component?.['enabled_by_default'], id).not.toBe(false);
      expect(selector).toMatchObject({
        entity: {
          filter: [
            {
              domain: component?.platform,
              integration: 'mqtt',
              ...(component?.['device_class'] === undefined || component.platform === 'binary_sensor'
                ? {}
                : { device_class: component['device_class'] }),
            },
          ],
        },
      });
    }
  });

  test('entities are named only as defaults', () => {
    const { blueprint: _, ...rest } = content;
    expect(JSON.stringify(rest)).not.toMatch(/\w\.release_button_\w/);
  });

  test('every declared variable is read', () => {
    const variables = { ...content.variables, ...content.trigger_variables };
    for (const variable of Object.keys(variables))
      expect(templates.join('\n'), variable).toMatch(new RegExp(`\\b${variable}\\b`));
  });

  test('every variable that a template reads is declared', () => {
    const declared = new Set([
      ...Object.keys({ ...content.variables, ...content.trigger_variables }),
      ...variablesIn(document.toJS()),
    ]);
    const read = new Set(templates.flatMap(freeNamesOf));
    expect([...read].filter((word) => !declared.has(word))).toEqual([]);
  });

  test('every attribute that a template reads exists at its entity', () => {
    for (const template of templates)
      for (const [, variable, attribute] of template.matchAll(/state_attr\((\w+), '(\w+)'\)/g)) {
        const id = String(input[variable ?? '']?.default);
        expect(String(entities.get(id)?.['json_attributes_template']), `${id} ${attribute}`).toContain(
          `'${attribute}': `,
        );
      }
  });

  test('every attribute of a state that triggers exists', () => {
    const ofFreeze = String(entities.get('switch.release_button_freeze')?.['json_attributes_template']);
    const ofResult = String(entities.get('event.release_button_press_result')?.['value_template']);
    for (const template of templates)
      for (const [, attribute] of template.matchAll(/\.attributes\.(\w+)/g))
        expect(`${ofFreeze} ${ofResult} 'event_type': 'last_triggered': 'id': `).toContain(
          `'${attribute}': `,
        );
  });

  test('every state that a trigger names exists', () => {
    const words = new Set<unknown>(['on', 'off', 'unavailable', 'unknown', ...signalStates]);
    for (const trigger of content.triggers)
      for (const key of ['from', 'to', 'not_from', 'not_to'])
        for (const word of [trigger[key] ?? []].flat()) expect(words).toContain(word);
  });
});

test('the blueprint for buttons says for each kind of button what a press is', () => {
  const { document, strings } = read('release-by-button.yaml');
  const { input } = blueprintSchema.parse(document.toJS()).blueprint;
  const filters = z.object({
    entity: z.object({ filter: z.array(z.object({ domain: z.array(z.string()) })) }),
  });
  const kinds = filters.parse(input['buttons']?.selector).entity.filter;
  const press = strings.find((string) => string.includes('new.domain')) ?? '';
  const explainedKinds = [...press.matchAll(/new\.domain (?:==|in) (\[.*?\]|'\w+')/g)].flatMap(
    ([, list = '']) => [...list.matchAll(/\w+/g)].map(([kind]) => kind),
  );
  expect(explainedKinds.toSorted()).toEqual(kinds.flatMap(({ domain }) => domain).toSorted());
});

test('the blueprint that tells the presser offers all answers, and by default tells about presses that released nothing', () => {
  const { document } = read('tell-presser.yaml');
  const answers = z.object({
    default: z.array(z.string()),
    selector: z.object({ select: z.object({ options: z.array(z.string()) }) }),
  });
  const outcomes = answers.parse(blueprintSchema.parse(document.toJS()).blueprint.input['outcomes']);
  expect(outcomes.selector.select.options.toSorted()).toEqual(pressOutcomes.toSorted());
  expect(outcomes.default).toEqual(['rejected', 'nothing-to-release']);
});

test('the blueprint for a lamp flashes at a word that the signal has', () => {
  const { strings } = read('flash-lamp.yaml');
  const words = strings.flatMap((string) =>
    [...string.matchAll(/'is_state', '(\w+)'/g)].map(([, word]) => word),
  );
  expect(words).toEqual(['Releasing', 'Releasing']);
  expect(signalStates).toContain('Releasing');
});

test('the blueprint for working hours requests and lifts a freeze of its own source, in a form that the worker accepts', () => {
  const { strings } = read('freeze-outside-working-hours.yaml');
  const freezes = strings
    .filter((string) => string.includes("{'frozen'"))
    .map((payload) =>
      freezeSet.codec.decode(
        Buffer.from(
          payload
            .replace(/^\{\{ | \| tojson \}\}$/g, '')
            .replace('reason[:200]', `'${'r'.repeat(200)}'`)
            .replace("'source': source", `'source': 'ha_${'s'.repeat(60)}'`)
            .replaceAll("'", '"'),
        ),
      ),
    );
  const ownSource = { source: `ha_${'s'.repeat(60)}`, by: originator };
  expect(freezes).toEqual([
    { ok: true, value: { frozen: true, reason: 'r'.repeat(200), ...ownSource } },
    { ok: true, value: { frozen: false, ...ownSource } },
  ]);
  // The topic of the worker to which the switch belongs, and no other.
  const topics = strings.filter((string) => string.includes("'command_topic'"));
  expect(topics).toEqual([
    "{{ state_attr(freeze, 'command_topic') }}",
    "{{ state_attr(freeze, 'command_topic') }}",
  ]);
  expect(entities.get('switch.release_button_freeze')?.['json_attributes_template']).toContain(
    `'command_topic': 'release-button/${workerFreezeSet.at({ worker: 'main' }).topic}'`,
  );
});

const setting = z.object({ variables: z.record(z.string(), z.unknown()) });

/** The variables that steps set. */
function variablesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { success, data } = setting.safeParse(value);
  return [
    ...(success ? Object.keys(data.variables) : []),
    ...Object.values<unknown>({ ...value }).flatMap(variablesIn),
  ];
}

/** The names that the expressions of a template read and do not set. */
function freeNamesOf(template: string): readonly string[] {
  const code = [...template.matchAll(/\{\{-?(.*?)-?\}\}|\{%-?(.*?)-?%\}/gs)]
    .map(([, expression = '', statement = '']) => `${expression}${statement}`)
    .join(' ; ')
    .replaceAll(/'[^']*'/g, "''");
  const ownNames = [...code.matchAll(/\b(?:set|for) (\w+)/g)].map(([, word]) => word);
  const words = [...code.matchAll(/(?<![.\w|] ?)[a-z_]\w*(?!\w* *=[^=])/gi)].map(([word]) => word);
  return words.filter((word) => !ownNames.includes(word) && !ofJinja.has(word));
}

const ofJinja = new Set(
  (
    'if else elif endif for endfor in is not and or set none true false select map unique list count join max int abs tojson ' +
    'device_attr repeat default replace string slugify namespace states state_attr is_state as_datetime timedelta now this trigger wait'
  ).split(' '),
);
