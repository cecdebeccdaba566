// A switch that freezes all buttons of a worker, or one of them.
import { freezeState, workerFreezeSet } from '../messages/freeze.ts';
import type { Component } from '../messages/home-assistant.ts';
import type { Maker } from './device.ts';
import { attributes, onWhen, quoted } from './templates.ts';

/** The originator of the freeze, as people read it. */
export const originator = 'Home Assistant';

/**
 * @param options.frozen whether it is frozen, as an expression of `value_json`
 * @param options.button the button that it freezes; absent: all buttons of the worker
 * @param options.entity name, id and other options of the entity
 */
export function freezeSwitch(
  make: Maker,
  worker: string,
  key: string,
  options: {
    readonly frozen: string;
    readonly button?: string;
    readonly entity: Parameters<Maker['entity']>[2];
  },
): readonly [string, Component] {
  const { frozen, button, entity } = options;
  const only = button === undefined ? {} : { button };
  return make.entity(key, 'switch', {
    ...entity,
    icon: 'mdi:snowflake',
    command_topic: make.topic(workerFreezeSet.at({ worker })),
    payload_on: workerFreezeSet.codec.encode({ frozen: true, ...only, by: originator }),
    payload_off: workerFreezeSet.codec.encode({ frozen: false, ...only, by: originator }),
    state_topic: make.topic(freezeState.at({ worker })),
    value_template: onWhen(frozen),
    state_on: 'on',
    state_off: 'off',
  });
}

/** Home Assistant's recorder takes no more than 16 KiB of attributes. */
const causesShown = 10;

/**
 * Attributes of the switch for all buttons of a worker: reason, end and originator of the freeze that lasts longest, the
 * buttons that are frozen alone, every cause, and in `sources` the causes that freeze everything. `command_topic` is for
 * automations that freeze with a source and a reason of their own: it reaches this worker and no other.
 */
export function freezeAttributes(make: Maker, worker: string): ReturnType<typeof attributes> {
  const topic = make.topic(freezeState.at({ worker }));
  const causes = '(value_json.causes | default([]))';
  return attributes(topic, ['reason', 'until', 'by', 'buttons'], {
    command_topic: quoted(make.topic(workerFreezeSet.at({ worker }))),
    causes: `${causes}[:${causesShown}]`,
    sources: `${causes} | rejectattr('button', 'defined') | map(attribute='source') | list`,
  });
}
