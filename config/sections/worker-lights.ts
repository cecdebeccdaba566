// Foreign lamps: which lamp shows which button, and what is published for each signal.
import * as z from 'zod/mini';
import { signals as allSignals, type Signal } from '../../messages/button.ts';
import { lightPresets, type ConfiguredPayload } from '../../messages/foreign-lights.ts';
import { refused } from '../section.ts';
import { schemaOf, setting } from '../setting.ts';
import { id, must, oneOf, text, wholeNumber } from '../formats.ts';
import { device, isScalar, path, topic, whenMax, type Rule } from './worker-foreign-formats.ts';

const said = z
  .custom<ConfiguredPayload>()
  .check(
    must<ConfiguredPayload>(
      (value) =>
        isScalar(value) ||
        (typeof value === 'object' &&
          value !== null &&
          !Array.isArray(value) &&
          JSON.stringify(value).length <= 4096),
      'must be text, a number, true or false, or a map (published as JSON)',
      'write for example `drifted: "ON"`, `drifted: {state: "ON"}`, or for wled the number of a preset',
    ),
  );
const maySay = z.exactOptional(said);

const signals = z.strictObject({
  unknown: maySay,
  releasing: maySay,
  failed: maySay,
  succeeded: maySay,
  blocked: maySay,
  drifted: maySay,
  clear: maySay,
  other: maySay,
} satisfies Record<Signal | 'other', typeof maySay>);

const back = z.strictObject({ topic: topic(), path: z.exactOptional(path()), when: text(whenMax) });

const light = {
  button: setting(id(), { doc: 'The button whose signal the lamp shows.', default: 'main' }),
  preset: setting(oneOf(lightPresets), {
    doc: 'The kind of lamp. It decides the topics and what to publish for each signal. Without a preset, give topic and signals.',
    example: 'zigbee2mqtt',
  }),
  device: setting(device(), {
    doc: 'With preset: the friendly name (zigbee2mqtt), the id (shelly-gen1), the MQTT prefix (shelly-gen2), the device topic (wled, such as wled/a1b2c3).',
    example: 'release-lamp',
  }),
  output: setting(wholeNumber(0, 127), {
    doc: 'With shelly-gen1 and shelly-gen2: the number of the relay.',
    default: 0,
  }),
  base: setting(topic(), {
    doc: 'With zigbee2mqtt: its `base_topic`. Not set: zigbee2mqtt.',
    example: 'zigbee2mqtt',
  }),
  topic: setting(topic(), {
    doc: 'Without preset: the topic to publish to.',
    example: 'cmnd/lamp/POWER',
  }),
  signals: setting(signals, {
    doc: `What to publish for each signal (${allSignals.join(', ')}); \`other\` stands for all signals that are not named. Text is published as it is, a map as JSON. With a preset: true for on, false for off, or for wled the number of a preset.`,
    example: { drifted: 'ON', releasing: 'ON', other: 'OFF' },
  }),
  back: setting(back, {
    doc: 'The message that says that the lamp is back: topic, path in JSON, and when (the value). The worker then publishes the signal again. Not set: the message of the preset.',
    example: { topic: 'tele/lamp/LWT', when: 'Online' },
  }),
  againEveryMs: setting(wholeNumber(0, 86_400_000), {
    doc: 'How often the worker publishes the signal again although it has not changed, because a lamp may lose its state. 0: never.',
    default: 300_000,
  }),
};

interface Keys {
  readonly preset?: unknown;
  readonly device?: unknown;
  readonly base?: unknown;
  readonly topic?: unknown;
  readonly signals?: unknown;
}

/** As in worker-presses.ts, a refused value counts as given. */
export const lightRules: readonly Rule<Keys>[] = [
  [
    (keys) => (keys.preset === undefined) !== (keys.topic === undefined),
    'must have either `preset` or `topic`',
    'write for example `{preset: zigbee2mqtt, device: release-lamp}` or `{topic: cmnd/lamp/POWER, signals: {drifted: "ON", other: "OFF"}}`',
  ],
  [
    (keys) => (keys.preset === undefined) === (keys.device === undefined),
    'must have `device` with a `preset`, and no `device` without one',
    'write the name of the device as in its topics; docs/lamps.md has an example for each preset',
  ],
  [
    (keys) => keys.base === undefined || keys.preset === refused || keys.preset === 'zigbee2mqtt',
    'has a `base`, which only zigbee2mqtt has',
    'remove it',
  ],
  [
    ({ preset, signals: given }) =>
      preset === undefined ||
      preset === refused ||
      preset === 'wled' ||
      typeof given !== 'object' ||
      !Object.values(given ?? {}).some((value) => typeof value === 'number'),
    'has a number in `signals`, but only wled understands numbers (they name its saved presets)',
    'write true, false, text or a map',
  ],
  [
    (keys) => keys.preset !== undefined || keys.topic === undefined || keys.signals !== undefined,
    'has a `topic` but no `signals`',
    'say what to publish there, for example `signals: {drifted: "ON", other: "OFF"}`',
  ],
];

export const lights = setting(z.array(schemaOf(light)).check(z.maxLength(100)), {
  doc: 'Foreign lamps: lamps of others that show the signal of a button; none by default. docs/lamps.md has an entry for each kind of lamp.',
  default: [],
  example: [{ preset: 'zigbee2mqtt', device: 'release-lamp' }],
  items: light,
});
