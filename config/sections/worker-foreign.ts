// What contradicts in buttons and lamps of others: unknown buttons, and loops in which a lamp would press.
import type { ForeignLight, Lamp } from '../../messages/foreign-lights.ts';
import { lampOf } from '../../messages/foreign-lights.ts';
import type { ForeignPress, Trigger } from '../../messages/foreign-presses.ts';
import { triggerOf } from '../../messages/foreign-presses.ts';
import { signals } from '../../messages/button.ts';
import type { Finding } from '../declare.ts';

interface Values {
  readonly buttons: readonly {
    readonly id: string;
    readonly on: { readonly [G in 'press' | 'double' | 'hold']?: string };
  }[];
  readonly presses: readonly (ForeignPress & {
    readonly button: string;
    readonly gesture: 'press' | 'double' | 'hold';
  })[];
  readonly lights: readonly ForeignLight[];
}

interface Press {
  readonly at: readonly PropertyKey[];
  readonly trigger: Trigger;
  readonly isPreset: boolean;
}

interface Light {
  readonly at: readonly PropertyKey[];
  readonly lamp: Lamp;
}

/** @param topicPrefix undefined where it is not known: another check of the same file knows it */
export function foreignFindings(values: Values, topicPrefix: string | undefined): Finding[] {
  const presses = values.presses.map((press, index) => ({
    at: ['presses', index],
    trigger: triggerOf(press),
    isPreset: press.preset !== undefined,
  }));
  const lights = values.lights.map((light, index) => ({ at: ['lights', index], lamp: lampOf(light) }));
  return [
    ...unknownButtons(values),
    ...gesturesWithoutAction(values),
    ...presses.flatMap(({ at, trigger }) => [
      ...withinOurs(at, trigger.topic, topicPrefix),
      ...amongDescriptions(at, trigger.topic),
    ]),
    ...lights.flatMap(({ at, lamp }) => [
      ...withinOurs(at, lamp.topic, topicPrefix),
      ...amongDescriptions(at, lamp.topic),
      ...(lamp.back === undefined ? [] : withinOurs([...at, 'back'], lamp.back.topic, topicPrefix)),
    ]),
    ...twice(values, presses, lights),
    ...lights.flatMap((light) => unsaid(light)),
    ...lights.flatMap((light) => loops(light, presses, lights)),
  ];
}

const error = (path: readonly PropertyKey[], message: string, remedy: string): Finding => ({
  path,
  severity: 'error',
  message,
  remedy,
});

function unknownButtons({ buttons, presses, lights }: Values): Finding[] {
  const known = buttons.map(({ id }) => id);
  const unknown = (list: string) => (entry: { readonly button: string }, index: number) =>
    known.includes(entry.button)
      ? []
      : [
          error(
            [list, index, 'button'],
            `names a button \`${entry.button}\` that worker.buttons does not have`,
            `name one of ${known.join(', ')}, or add it to worker.buttons`,
          ),
        ];
  return [...presses.flatMap(unknown('presses')), ...lights.flatMap(unknown('lights'))];
}

function gesturesWithoutAction({ buttons, presses }: Values): Finding[] {
  return presses.flatMap(({ button, gesture }, index) => {
    const on = buttons.find(({ id }) => id === button)?.on;
    return on === undefined || on[gesture] !== undefined
      ? []
      : [
          error(
            ['presses', index, 'gesture'],
            `would never do anything: button ${button} answers to ${Object.keys(on).join(', ')} only`,
            `add \`${gesture}\` to \`on\` of that button, or choose another gesture`,
          ),
        ];
  });
}

/** What we publish ourselves must not come back to us as somebody else's. */
function withinOurs(at: readonly PropertyKey[], topic: string, prefix: string | undefined): Finding[] {
  if (prefix === undefined || (topic !== prefix && !topic.startsWith(`${prefix}/`))) return [];
  return [
    error(
      at,
      `uses the topic ${topic}, which is below our own mqtt.topicPrefix (${prefix}): that would be a loop`,
      `what speaks our own topics needs no entry here: it presses through ${prefix}/button/<button>/press and reads ${prefix}/button/<button>/signal`,
    ),
  ];
}

/** We announce our own devices there, again and again, and whatever else is published there would become one. */
function amongDescriptions(at: readonly PropertyKey[], topic: string): Finding[] {
  if (!/^homeassistant\/.+\/config$/.test(topic)) return [];
  return [
    error(
      at,
      `uses the topic ${topic}, where Home Assistant is told which devices there are`,
      'use the topic on which the device itself says its presses, or takes its commands',
    ),
  ];
}

function twice({ presses: entries }: Values, presses: readonly Press[], lights: readonly Light[]): Finding[] {
  const triggers = presses.map(({ trigger }, index) => {
    const { button, gesture } = entries[index] ?? {};
    return JSON.stringify([trigger, button, gesture]);
  });
  return [
    ...triggers.flatMap((trigger, index) => {
      const first = triggers.indexOf(trigger);
      return first === index
        ? []
        : [error(['presses', index], `says the same as presses[${first}]`, 'remove one of the two')];
    }),
    ...lights.flatMap(({ at, lamp }, index) => {
      const first = lights.findIndex((other) => other.lamp.topic === lamp.topic);
      return first === index
        ? []
        : [
            error(
              at,
              `publishes to ${lamp.topic}, as lights[${first}] does: the two would overwrite each other`,
              'give each lamp to one button',
            ),
          ];
    }),
  ];
}

function unsaid({ at, lamp }: Light): Finding[] {
  const missing = signals.filter((signal) => !lamp.payloads.has(signal));
  return missing.length === 0
    ? []
    : [
        error(
          [...at, 'signals'],
          `does not say what to publish for ${missing.join(', ')}: the lamp would go on showing what is over`,
          'add them, or `other` for all that are not named',
        ),
      ];
}

/** Members in which devices tell how they have been switched. */
const stateMember = /^(state|power\d*|output|ison|on|brightness|color|colour)$/i;
const looksAtState = ({ path }: Pick<Trigger, 'path'>) => stateMember.test(path.at(-1) ?? 'state');

/** Zigbee2MQTT can publish as an action what a lamp was told (`state_action`). */
const stateAction = /^(on|off|toggle|brightness.*|color.*)$/i;
const saysState = ({ when }: Trigger) => when.some((value) => stateAction.test(value));

/** Whether a device that is told something at `command` answers at `topic` how it is. */
function answers(topic: string, command: string): boolean {
  if (command.startsWith(`${topic}/`)) return true;
  const parent = (of: string) => of.slice(0, of.lastIndexOf('/') + 1);
  if (/\/(set|command)$/.test(command) && topic === `${parent(command)}state`) return true;
  const [, device] = /^cmnd\/(.+)\/[^/]+$/.exec(command) ?? [];
  return device !== undefined && (parent(topic) === `stat/${device}/` || topic === `tele/${device}/STATE`);
}

function loops({ at, lamp }: Light, presses: readonly Press[], lights: readonly Light[]): Finding[] {
  const found: Finding[] = [];
  for (const { at: where, trigger, isPreset } of presses) {
    const same = trigger.topic === lamp.topic;
    const isState = isPreset ? saysState(trigger) : looksAtState(trigger) || saysState(trigger);
    if (same || (isState && answers(trigger.topic, lamp.topic)))
      found.push(
        error(
          at,
          `publishes to ${lamp.topic}, and worker.${where.join('.')} takes ${same ? 'the same topic' : `what the device answers at ${trigger.topic}`} for a press: the lamp would press the button, which is a loop`,
          'listen to a topic, or a member of it (path), that only a finger changes; or use another lamp',
        ),
      );
  }
  const back = lamp.back;
  if (back === undefined) return found;
  const isTold = lights.some((other) => other.lamp.topic === back.topic);
  const isState = back.values.some(({ path }) => looksAtState({ path }));
  if (isTold || (isState && answers(back.topic, lamp.topic)))
    found.push(
      error(
        [...at, 'back'],
        `listens to ${back.topic}, where it hears the answer to what it publishes: it would publish without end`,
        'name the topic on which the lamp says that it is online',
      ),
    );
  return found;
}
