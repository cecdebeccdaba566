// Foreign buttons: what they publish, and which of our buttons such a message presses.
import * as z from 'zod/mini';
import { pressPresets } from '../../messages/foreign-presses.ts';
import { refused } from '../section.ts';
import { schemaOf, setting } from '../setting.ts';
import { flag, id, must, oneOf, text, wholeNumber } from '../formats.ts';
import { device, path, topic, whenMax, type Rule } from './worker-foreign-formats.ts';

const when = z.union([text(whenMax), z.array(text(whenMax)).check(z.minLength(1), z.maxLength(20))]);

const where = z.record(z.string(), when).check(
  must<Readonly<Record<string, unknown>>>(
    (members) => Object.keys(members).length > 0 && Object.keys(members).length <= 10,
    'must name 1 to 10 members',
    'write for example `where: {id: 1}`',
  ),
  must<Readonly<Record<string, unknown>>>(
    (members) => Object.keys(members).every((member) => path().safeParse(member).success),
    'must name each member by up to 10 names separated by dots',
    'write for example `where: {params.id: 1}`',
  ),
);

const press = {
  preset: setting(oneOf(pressPresets), {
    doc: 'The kind of device. It decides the topic and what a press looks like. Without a preset, give topic and when.',
    example: 'zigbee2mqtt',
  }),
  device: setting(device(), {
    doc: 'With preset: the friendly name (zigbee2mqtt), the id (shelly-gen1), the MQTT prefix (shelly-gen2), the topic (tasmota), the topic_prefix (esphome).',
    example: 'big-red',
  }),
  input: setting(z.union([wholeNumber(0, 127), text(100)]), {
    doc: 'Which button of the device: its number (shelly from 0, tasmota from 1), or for esphome the object id of the binary sensor. Not set: the first button.',
    example: 0,
  }),
  component: setting(text(100), {
    doc: 'With shelly-gen2: the component of the event, if it is not `input:<number>`, for example a BLU button behind a gateway. `input` is then the number of the button on that device. Not set: `input:<input>`.',
    example: 'bthomedevice:200',
  }),
  base: setting(topic(), {
    doc: 'With zigbee2mqtt: its `base_topic`. Not set: zigbee2mqtt.',
    example: 'zigbee2mqtt',
  }),
  topic: setting(topic(), {
    doc: 'Without preset: the topic to listen to, without + and #.',
    example: 'zigbee2mqtt/big-red',
  }),
  path: setting(path(), {
    doc: 'Without preset: the path of the value in a JSON payload. Not set: the whole payload is the value.',
    example: 'action',
  }),
  where: setting(where, {
    doc: 'Without preset: other members of the JSON payload, by their paths, and the value or list of values that each must have. Other messages are ignored.',
    example: { id: '1' },
  }),
  counter: setting(path(), {
    doc: 'Without preset: the path of a counter that grows with each press. Only a message with a higher count is a press. The first message is never a press.',
    example: 'event_cnt',
  }),
  edge: setting(flag(), {
    doc: 'Without preset: the value is a state. Only its change to `when` is a press. The first message is never a press.',
    default: false,
  }),
  when: setting(when, {
    doc: 'The value that means a press, or a list of such values. Not set: the usual value of the preset (single, S, single_push, SINGLE, ON).',
    example: 'single',
  }),
  button: setting(id(), { doc: 'The button that the device presses.', default: 'main' }),
  gesture: setting(oneOf(['press', 'double', 'hold']), {
    doc: 'The gesture that the press counts as.',
    default: 'press',
  }),
};

const byPreset = ['device', 'input', 'component', 'base'] as const;
const byHand = ['path', 'where', 'counter'] as const;
type Keys = {
  readonly [K in 'preset' | 'topic' | (typeof byPreset)[number] | (typeof byHand)[number] | 'when']?: unknown;
} & { readonly edge: unknown };

/** Which keys belong together, and which exclude each other. A refused value counts as given. */
export const pressRules: readonly Rule<Keys>[] = [
  [
    ({ preset, topic: own }) => (preset === undefined) !== (own === undefined),
    'must have either `preset` or `topic`',
    'write for example `{preset: zigbee2mqtt, device: big-red}` or `{topic: some/topic, when: pressed}`',
  ],
  [
    (keys) => keys.preset === undefined || keys.device !== undefined,
    'has a `preset` but no `device`',
    'write the name of the device as in its topics; docs/buttons.md has an example for each preset',
  ],
  [
    (keys) =>
      keys.preset === undefined || (keys.edge !== true && byHand.every((key) => keys[key] === undefined)),
    'has a `preset` and also `path`, `where`, `counter` or `edge`, which the preset already decides',
    'remove them, or remove the preset and its device and give `topic`',
  ],
  [
    (keys) => keys.preset !== undefined || byPreset.every((key) => keys[key] === undefined),
    'has a `topic` and also `device`, `input`, `component` or `base`, which belong to a preset',
    'remove them, or replace the topic by a preset',
  ],
  [
    (keys) => keys.preset !== undefined || keys.topic === undefined || keys.when !== undefined,
    'has a `topic` but no `when`, so every message there would be a press',
    'say which value is a press, for example `when: single`',
  ],
  [
    ({ counter, edge }) => counter === undefined || edge !== true,
    'has both `counter` and `edge`',
    'keep the one that the device publishes: a counter of presses, or a state',
  ],
  [
    ({ preset, input }) =>
      preset === refused ||
      input === refused ||
      (preset === 'esphome' ? typeof input === 'string' : input === undefined || typeof input === 'number'),
    'has no `input`, or one of the wrong kind',
    'for esphome, write the object id of the binary sensor (`input: big_red`); for other presets, write a number',
  ],
  [
    ({ preset, path: value, where: others }) =>
      others === undefined || value !== undefined || preset !== undefined,
    'has `where` but no `path`: only a JSON payload has other members',
    'say with `path` which member has the value for `when`',
  ],
  [
    ({ preset, component }) =>
      component === undefined || preset === undefined || preset === refused || preset === 'shelly-gen2',
    'has a `component`, which only shelly-gen2 has',
    'remove it; if the device uses unusual topics, give `topic` and `where` instead of the preset',
  ],
  [
    ({ preset, base }) =>
      base === undefined || preset === undefined || preset === refused || preset === 'zigbee2mqtt',
    'has a `base`, which only zigbee2mqtt has',
    'remove it; if the device uses unusual topics, give `topic` instead of the preset',
  ],
];

export const presses = setting(z.array(schemaOf(press)).check(z.maxLength(100)), {
  doc: 'Foreign buttons: devices of others whose messages press a button; none by default. docs/buttons.md has an entry for each kind of device.',
  default: [],
  example: [{ preset: 'zigbee2mqtt', device: 'big-red' }],
  items: press,
});
