// A button of the worker: its signal, the answers to its presses, and an entity for each action.
import { buttonSignal, signals } from '../messages/button.ts';
import type { Component } from '../messages/home-assistant.ts';
import { buttonPress, buttonResult, pressOutcomes } from '../messages/press.ts';
import type { Action } from '../messages/worker.ts';
import { neverAvailable, type Maker } from './device.ts';
import { freezeSwitch } from './freeze-switch.ts';
import { nameBeside, nameOf } from './names.ts';
import { gestureFor, pressTemplate, type WorkerButton } from './press.ts';
import { attributes, eventOf, ofJson, quoted } from './templates.ts';

/**
 * Home Assistant shows the state of a sensor as it is and does not translate it. So the states are words for people, and the
 * attribute `signal` has the word of the contract. `unknown` is Home Assistant's own state of that name.
 */
export const signalStates: readonly string[] = signals
  .filter((signal) => signal !== 'unknown')
  .map((signal) => `${signal.slice(0, 1).toUpperCase()}${signal.slice(1)}`);

const actionEntities: readonly {
  readonly action: Action;
  readonly key: string;
  readonly what: string;
  readonly options: Readonly<Record<string, unknown>>;
}[] = [
  { action: 'release', key: 'release', what: 'Release', options: { icon: 'mdi:rocket-launch' } },
  // Disabled by default: on a dashboard, it would be one tap away from the release that it undoes.
  {
    action: 'rollback',
    key: 'rollback',
    what: 'Roll back',
    options: { icon: 'mdi:undo-variant', enabled_by_default: false },
  },
  { action: 'refresh', key: 'refresh', what: 'Refresh', options: { icon: 'mdi:refresh' } },
];

export function buttonComponents(
  make: Maker,
  worker: string,
  button: WorkerButton,
  isAnsweredByOther: boolean,
): (readonly [string, Component])[] {
  const { id } = button;
  // Two workers have this button, so both devices would show a Release for the same press.
  const availability = isAnsweredByOther ? { availability: [neverAvailable(make)] } : {};
  const signal = make.topic(buttonSignal.at({ button: id }));
  return [
    ...actionEntities.flatMap(({ action, key, what, options }) => {
      const gesture = gestureFor(button, action);
      if (gesture === undefined) return [];
      return [
        make.entity(`${key}_${id}`, 'button', {
          name: action === 'release' ? nameOf(what, button) : nameBeside(what, button),
          what: what.toLowerCase(),
          thing: id,
          command_topic: make.topic(buttonPress.at({ button: id })),
          command_template: pressTemplate(gesture),
          ...options,
          ...availability,
        }),
      ];
    }),
    make.entity(`signal_${id}`, 'sensor', {
      name: nameBeside('Signal', button),
      what: 'signal',
      thing: id,
      device_class: 'enum',
      icon: 'mdi:alarm-light-outline',
      options: signalStates,
      state_topic: signal,
      value_template: ofJson(
        "(None if value_json.signal | default('unknown') == 'unknown' else value_json.signal | capitalize)",
        'None',
      ),
      ...attributes(signal, ['signal', 'reason', 'until', 'outOfSync', 'blocked']),
      ...availability,
    }),
    make.entity(`result_${id}`, 'event', {
      name: nameBeside('Press result', button),
      what: 'press result',
      thing: id,
      entity_category: 'diagnostic',
      icon: 'mdi:comment-alert-outline',
      event_types: pressOutcomes,
      state_topic: make.topic(buttonResult.at({ button: id })),
      value_template: eventOf('value_json.outcome', ['reason', 'message', 'pressId', 'releaseId']),
      ...availability,
    }),
    // A rollback, for example, freezes its button.
    freezeSwitch(make, worker, `freeze_${id}`, {
      frozen: `${quoted(id)} in (value_json.buttons | default({}))`,
      button: id,
      entity: {
        name: nameBeside('Freeze button', button),
        what: 'freeze button',
        thing: id,
        enabled_by_default: false,
      },
    }),
  ];
}
