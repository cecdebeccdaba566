// A GPIO agent as a device: its buttons and LEDs.
import { agentAvailability, type AgentInfo } from '../messages/agent.ts';
import { buttonEvent, buttonState } from '../messages/button.ts';
import type { Gesture } from '../messages/gesture.ts';
import type { Component, Discovery } from '../messages/home-assistant.ts';
import { ledIdentify, ledSet, ledState, type LedSet } from '../messages/led.ts';
import { patternNames } from '../messages/pattern.ts';
import { discoveryOf, makerFor, thingsMax, whileOnline, type About, type Maker } from './device.ts';
import { nameBeside, nameOf } from './names.ts';
import { attributes, ofJson, onWhen, quoted, stateOf } from './templates.ts';

/** The types of device triggers for buttons in Home Assistant, which translates them. */
const triggerTypes: Readonly<Record<Gesture, string>> = {
  press: 'button_short_press',
  double: 'button_double_press',
  hold: 'button_long_press',
};

/** The effects of a light: every pattern, and `auto`, which follows the signal again. */
const effects = ['auto', ...patternNames];

/**
 * Home Assistant's actions on lights often mean a whole room ("all lights off", a scene, a brightness, a flash). None of
 * them may hide the signal for longer than a moment. Only an effect is chosen for this light on purpose.
 */
const momentMs = 10_000;
/** As in Home Assistant's own integrations. */
const flashMs = { short: 2000, long: momentMs };

function asked(message: LedSet): string {
  return quoted(ledSet.codec.encode(message));
}

function flash(forMs: number): string {
  const steps = [true, false].map((on) => ({ on, ms: 250 }));
  return asked({ steps, repeat: true, forMs });
}

const onTemplate = [
  `{{ effect if effect is defined and effect`,
  `else (${flash(flashMs.long)} if flash == 'long' else ${flash(flashMs.short)}) if flash is defined and flash`,
  `else ${asked({ pattern: 'on', forMs: momentMs })} }}`,
].join(' ');

/** Steps have no name, so the effect stays as it was. Home Assistant 2024.11 warns of an effect that is not in the list. */
const formerEffect = "state_attr(entity_id, 'effect') or 'on'";

export function agentDevice(prefix: string, info: AgentInfo, about: About): Discovery {
  const { agent: id } = info;
  const make = makerFor(prefix, 'agent', id);
  return discoveryOf({
    prefix,
    kind: 'agent',
    id,
    name: 'Release button',
    model: 'GPIO agent',
    modelId: info.driver,
    title: info.title,
    titleIsShared: about.titleIsShared,
    host: info.host,
    version: info.version,
    simulated: info.simulated,
    ownVersion: about.ownVersion,
    availability: [whileOnline(make, agentAvailability.at({ agent: id }), about)],
    components: [
      ...info.buttons.slice(0, thingsMax).flatMap((button) => buttonComponents(make, button)),
      ...info.leds
        .slice(0, thingsMax)
        .flatMap((led) => ledComponents(make, led, { namesake: buttonOf(led, info) ?? { id: led.id } })),
    ],
  });
}

type Button = AgentInfo['buttons'][number];

function buttonComponents(make: Maker, button: Button): (readonly [string, Component])[] {
  const { id } = button;
  const gestures = [...new Set(button.gestures)];
  const events = make.topic(buttonEvent.at({ button: id }));
  const state = make.topic(buttonState.at({ button: id }));
  return [
    make.entity(`event_${id}`, 'event', {
      name: nameOf('Press', button),
      what: 'press',
      thing: id,
      device_class: 'button',
      icon: 'mdi:gesture-tap-button',
      event_types: gestures,
      state_topic: events,
    }),
    make.entity(`stuck_${id}`, 'binary_sensor', {
      name: nameBeside('Stuck', button),
      what: 'stuck',
      thing: id,
      device_class: 'problem',
      entity_category: 'diagnostic',
      state_topic: state,
      value_template: onWhen('value_json.stuck'),
      payload_on: 'on',
      payload_off: 'off',
      ...attributes(state, ['presses', 'droppedPresses', 'lastPressAt', 'fault']),
    }),
    ...gestures.map(
      (gesture) =>
        [
          `trigger_${gesture}_${id}`,
          {
            platform: 'device_automation',
            automation_type: 'trigger',
            type: triggerTypes[gesture],
            subtype: id,
            topic: events,
            value_template: stateOf('event_type'),
            payload: gesture,
          },
        ] as const,
    ),
  ];
}

type Led = AgentInfo['leds'][number];

/** The button whose signal the LED shows, if no other LED shows it too. It may be a button of another agent. */
function buttonOf({ follows }: Led, { buttons, leds }: AgentInfo): Pick<Button, 'id' | 'title'> | undefined {
  if (leds.filter((led) => led.follows === follows).length > 1) return undefined;
  return buttons.find(({ id }) => id === follows) ?? { id: follows };
}

/** @param options.namesake the button that gives the light its name, so that people see whose signal it shows */
function ledComponents(
  make: Maker,
  led: Led,
  { namesake }: { readonly namesake: Pick<Button, 'id' | 'title'> },
): (readonly [string, Component])[] {
  const { id } = led;
  const state = make.topic(ledState.at({ led: id }));
  return [
    make.entity(`light_${id}`, 'light', {
      name: nameBeside('Light', namesake),
      what: 'light',
      thing: id,
      icon: 'mdi:alarm-light',
      // Actions on a room or floor, and voice commands, skip this category. So "turn off all lights" skips this light.
      entity_category: 'config',
      schema: 'template',
      command_topic: make.topic(ledSet.at({ led: id })),
      command_on_template: onTemplate,
      command_off_template: `{{ ${asked({ pattern: 'off', forMs: momentMs })} }}`,
      state_topic: state,
      state_template: ofJson("'off' if value_json.pattern == 'off' else 'on'", 'None'),
      effect_list: effects,
      effect_template: ofJson(
        `value_json.pattern if value_json.pattern in [${effects.map(quoted).join(', ')}] else (${formerEffect})`,
        formerEffect,
      ),
      ...attributes(state, ['because', 'signal', 'pattern'], { button: quoted(led.follows) }),
    }),
    make.entity(`identify_${id}`, 'button', {
      name: nameBeside('Identify', namesake),
      what: 'identify',
      thing: id,
      device_class: 'identify',
      entity_category: 'config',
      command_topic: make.topic(ledIdentify.at({ led: id })),
      payload_press: 'identify',
    }),
  ];
}
