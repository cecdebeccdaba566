// What contradicts in buttons and lamps of others: unknown buttons, and loops in which a lamp would press.
import { lampOf, type ForeignLight, type Lamp } from '../../messages/foreign-lights.ts';
import { triggerOf, type ForeignPress, type Trigger } from '../../messages/foreign-presses.ts';
import { signals } from '../../messages/button.ts';
import { entriesIn, isWhole, refused, type Finding, type Seen, type SeenList } from '../declare.ts';
import type { Rule } from './worker-foreign-formats.ts';
import { lightRules } from './worker-lights.ts';
import { pressRules } from './worker-presses.ts';

type Gesture = 'press' | 'double' | 'hold';

interface Values {
  readonly buttons: SeenList<{
    readonly id: string;
    readonly on: { readonly [G in Gesture]?: string };
  }>;
  readonly presses: SeenList<ForeignPress & { readonly button: string; readonly gesture: Gesture }>;
  readonly lights: SeenList<ForeignLight & { readonly againEveryMs: number }>;
}

interface Press {
  readonly at: readonly PropertyKey[];
  readonly trigger: Trigger;
  readonly isPreset: boolean;
  readonly button: Seen<string>;
  readonly gesture: Seen<Gesture>;
}

interface Light {
  readonly at: readonly PropertyKey[];
  readonly lamp: Lamp;
}

/** @param topicPrefix undefined where it is not known: another check of the same file knows it */
export function foreignFindings(values: Values, topicPrefix: string | undefined): Finding[] {
  const presses = entriesIn(values.presses).flatMap(({ entry, index }): Press[] => {
    const { button, gesture, ...device } = entry;
    return isWhole(device) && broken(entry, pressRules).length === 0
      ? [
          {
            at: ['presses', index],
            trigger: triggerOf(device),
            isPreset: device.preset !== undefined,
            button,
            gesture,
          },
        ]
      : [];
  });
  const lights = entriesIn(values.lights).flatMap(({ entry, index }): Light[] => {
    // What contradicts about a lamp depends on neither.
    const { button, againEveryMs: _, ...device } = entry;
    return isWhole(device) && broken(device, lightRules).length === 0
      ? [{ at: ['lights', index], lamp: lampOf({ ...device, button: button === refused ? '' : button }) }]
      : [];
  });
  return [
    ...entriesIn(values.presses).flatMap(({ entry, index }) => unfit(['presses', index], entry, pressRules)),
    ...entriesIn(values.lights).flatMap(({ entry, index }) => unfit(['lights', index], entry, lightRules)),
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
    ...twice(presses, lights),
    ...lights.flatMap((light) => unsaid(light)),
    ...lights.flatMap((light) => loops(light, presses, lights)),
  ];
}

function broken<Keys>(entry: Keys, rules: readonly Rule<Keys>[]): readonly Rule<Keys>[] {
  return rules.filter(([holds]) => !holds(entry));
}

function unfit<Keys>(at: readonly PropertyKey[], entry: Keys, rules: readonly Rule<Keys>[]): Finding[] {
  return broken(entry, rules).map(([, message, remedy]) => error(at, message, remedy));
}

const error = (path: readonly PropertyKey[], message: string, remedy: string): Finding => ({
  path,
  severity: 'error',
  message,
  remedy,
});

function unknownButtons({ buttons, presses, lights }: Values): Finding[] {
  const known = entriesIn(buttons).flatMap(({ entry: { id } }) => (id === refused ? [] : [id]));
  // With a button whose id is not known nothing can be said.
  if (buttons === refused || known.length < buttons.length) return [];
  const unknown = (list: string, button: Seen<string>, index: number) =>
    button === refused || known.includes(button)
      ? []
      : [
          error(
            [list, index, 'button'],
            `names a button \`${button}\` that worker.buttons does not have`,
            known.length === 0
              ? 'add it to worker.buttons, which is empty'
              : `name one of ${[...new Set(known)].join(', ')}, or add it to worker.buttons`,
          ),
        ];
  return [
    ...entriesIn(presses).flatMap(({ entry, index }) => unknown('presses', entry.button, index)),
    ...entriesIn(lights).flatMap(({ entry, index }) => unknown('lights', entry.button, index)),
  ];
}

function gesturesWithoutAction({ buttons, presses }: Values): Finding[] {
  return entriesIn(presses).flatMap(({ entry: { button, gesture }, index }) => {
    const { on } = entriesIn(buttons).find(({ entry }) => entry.id === button)?.entry ?? {};
    if (button === refused || gesture === refused || on === undefined || on === refused) return [];
    return on[gesture] !== undefined
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

function twice(presses: readonly Press[], lights: readonly Light[]): Finding[] {
  const settled = presses.filter(({ button, gesture }) => button !== refused && gesture !== refused);
  const triggers = settled.map(({ trigger, button, gesture }) => JSON.stringify([trigger, button, gesture]));
  return [
    ...settled.flatMap(({ at }, index) => {
      const first = triggers.indexOf(triggers[index] ?? '');
      return first === index
        ? []
        : [error(at, `says the same as presses[${String(settled[first]?.at[1])}]`, 'remove one of the two')];
    }),
    ...lights.flatMap(({ at, lamp }) => {
      const first = lights.find((other) => other.lamp.topic === lamp.topic);
      return first === undefined || first.at === at
        ? []
        : [
            error(
              at,
              `publishes to ${lamp.topic}, as lights[${String(first.at[1])}] does: the two would overwrite each other`,
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
