// Checks foreign buttons and lamps for contradictions, such as unknown buttons, and loops in which a lamp would press a button.
import { signals } from '../../messages/button.ts';
import { lampOf, type ForeignLight, type Lamp } from '../../messages/foreign-lights.ts';
import { triggerOf, type ForeignPress, type Trigger } from '../../messages/foreign-presses.ts';
import { entriesIn, isWhole, refused, type Report, type Seen, type SeenList } from '../section.ts';
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

/** @param topicPrefix undefined in a process that does not read the section `mqtt` */
export function checkForeign(values: Values, report: Report, topicPrefix: string | undefined): void {
  checkButtons(values, report);
  const presses: Press[] = [];
  for (const { entry, index } of entriesIn(values.presses)) {
    const at = ['presses', index];
    const { button, gesture, ...device } = entry;
    if (fits(entry, pressRules, at, report) && isWhole(device))
      presses.push({
        at,
        trigger: triggerOf(device),
        isPreset: device.preset !== undefined,
        button,
        gesture,
      });
  }
  const lights: Light[] = [];
  for (const { entry, index } of entriesIn(values.lights)) {
    const at = ['lights', index];
    // The rules and the search for loops use neither `button` nor `againEveryMs`.
    const { button, againEveryMs: _, ...device } = entry;
    if (fits(device, lightRules, at, report) && isWhole(device))
      lights.push({ at, lamp: lampOf({ ...device, button: button === refused ? '' : button }) });
  }

  for (const { at, trigger } of presses) checkTopic(at, trigger.topic, topicPrefix, report);
  for (const { at, lamp } of lights) {
    checkTopic(at, lamp.topic, topicPrefix, report);
    if (lamp.back !== undefined) checkOurTopics([...at, 'back'], lamp.back.topic, topicPrefix, report);
  }
  checkDuplicates(presses, lights, report);
  for (const light of lights) {
    checkSignals(light, report);
    checkLoops(light, presses, lights, report);
  }
}

function fits<Keys>(
  entry: Keys,
  rules: readonly Rule<Keys>[],
  at: readonly PropertyKey[],
  { error }: Report,
): boolean {
  const broken = rules.filter(([holds]) => !holds(entry));
  for (const [, message, remedy] of broken) error(at, message, remedy);
  return broken.length === 0;
}

/** Each entry must name a button of the worker. A press must also name a gesture for which the button has an action. */
function checkButtons({ buttons, presses, lights }: Values, { error }: Report): void {
  const known = entriesIn(buttons).flatMap(({ entry: { id } }) => (id === refused ? [] : [id]));
  // A button whose id is refused may be the one that an entry names.
  const isAllKnown = buttons !== refused && known.length === buttons.length;
  const checkName = (list: string, index: number, button: Seen<string>) => {
    if (isAllKnown && button !== refused && !known.includes(button))
      error(
        [list, index, 'button'],
        `names a button \`${button}\` that worker.buttons does not have`,
        known.length === 0
          ? 'add it to worker.buttons, which is empty'
          : `name one of ${[...new Set(known)].join(', ')}, or add it to worker.buttons`,
      );
  };
  for (const { entry, index } of entriesIn(lights)) checkName('lights', index, entry.button);
  for (const { entry, index } of entriesIn(presses)) {
    const { button, gesture } = entry;
    checkName('presses', index, button);
    const { on } = entriesIn(buttons).find((one) => one.entry.id === button)?.entry ?? {};
    if (button === refused || gesture === refused || on === undefined || on === refused) continue;
    if (on[gesture] === undefined)
      error(
        ['presses', index, 'gesture'],
        `would never do anything: button ${button} reacts only to ${Object.keys(on).join(', ')}`,
        `add \`${gesture}\` to \`on\` of that button, or choose another gesture`,
      );
  }
}

function checkTopic(
  at: readonly PropertyKey[],
  topic: string,
  prefix: string | undefined,
  report: Report,
): void {
  checkOurTopics(at, topic, prefix, report);
  // Our own process publishes its discovery messages there, and Home Assistant would take any message there for a device.
  if (/^homeassistant\/.+\/config$/.test(topic))
    report.error(
      at,
      `uses the topic ${topic}, on which Home Assistant expects discovery messages`,
      'use the topic on which the device publishes its presses, or takes its commands',
    );
}

/** Our own messages must not come back as messages of other devices. */
function checkOurTopics(
  at: readonly PropertyKey[],
  topic: string,
  prefix: string | undefined,
  { error }: Report,
): void {
  if (prefix !== undefined && `${topic}/`.startsWith(`${prefix}/`))
    error(
      at,
      `uses the topic ${topic}, which is below our own mqtt.topicPrefix (${prefix}): that would be a loop`,
      `remove the entry: a program that uses our own topics needs none. It presses with ${prefix}/button/<button>/press and reads ${prefix}/button/<button>/signal`,
    );
}

function checkDuplicates(presses: readonly Press[], lights: readonly Light[], { error }: Report): void {
  const pressedBy = new Map<string, unknown>();
  for (const { at, trigger, button, gesture } of presses) {
    if (button === refused || gesture === refused) continue;
    const key = JSON.stringify([trigger, button, gesture]);
    if (pressedBy.has(key))
      error(at, `has the same effect as presses[${String(pressedBy.get(key))}]`, 'remove one of the two');
    else pressedBy.set(key, at[1]);
  }
  const publishedBy = new Map<string, unknown>();
  for (const { at, lamp } of lights)
    if (publishedBy.has(lamp.topic))
      error(
        at,
        `publishes to ${lamp.topic}, as lights[${String(publishedBy.get(lamp.topic))}] does: the two would overwrite each other`,
        'let each lamp show only one button',
      );
    else publishedBy.set(lamp.topic, at[1]);
}

function checkSignals({ at, lamp }: Light, { error }: Report): void {
  const missing = signals.filter((signal) => !lamp.payloads.has(signal));
  if (missing.length > 0)
    error(
      [...at, 'signals'],
      `does not say what to publish for ${missing.join(', ')}, so the lamp would keep showing the signal before it`,
      'add them, or add `other` for all signals that are not named',
    );
}

/** Members that hold the state of a device. */
const stateMember = /^(state|power\d*|output|ison|on|brightness|color|colour)$/i;
const looksAtState = ({ path }: Pick<Trigger, 'path'>) => stateMember.test(path.at(-1) ?? 'state');

/** With `state_action`, Zigbee2MQTT publishes the commands to a lamp as actions. */
const stateAction = /^(on|off|toggle|brightness.*|color.*)$/i;
const saysState = ({ when }: Trigger) => when.some((value) => stateAction.test(value));

/** Whether a device publishes its state on `topic` after a message on `command`. */
function answers(topic: string, command: string): boolean {
  if (command.startsWith(`${topic}/`)) return true;
  const parent = (of: string) => of.slice(0, of.lastIndexOf('/') + 1);
  if (/\/(set|command)$/.test(command) && topic === `${parent(command)}state`) return true;
  const [, device] = /^cmnd\/(.+)\/[^/]+$/.exec(command) ?? [];
  return device !== undefined && (parent(topic) === `stat/${device}/` || topic === `tele/${device}/STATE`);
}

function checkLoops(
  { at, lamp }: Light,
  presses: readonly Press[],
  lights: readonly Light[],
  { error }: Report,
): void {
  for (const { at: where, trigger, isPreset } of presses) {
    const same = trigger.topic === lamp.topic;
    const isState = isPreset ? saysState(trigger) : looksAtState(trigger) || saysState(trigger);
    if (same || (isState && answers(trigger.topic, lamp.topic)))
      error(
        at,
        `publishes to ${lamp.topic}, but worker.presses[${String(where[1])}] takes ${same ? 'messages on the same topic' : `the answer of the device on ${trigger.topic}`} for a press: the lamp would press the button, in a loop`,
        'let the press use a topic, or a member of its payload (path), that only a finger changes, or use another lamp',
      );
  }
  const { back } = lamp;
  if (back === undefined) return;
  const isTold = lights.some((other) => other.lamp.topic === back.topic);
  const isState = back.values.some(({ path }) => looksAtState({ path }));
  if (isTold || (isState && answers(back.topic, lamp.topic)))
    error(
      [...at, 'back'],
      `listens to ${back.topic}, on which the lamp also answers what is published to it: the worker would publish without end`,
      'name the topic on which the lamp says that it is online',
    );
}
