// Buttons of others: which topic each kind of device publishes its presses on, and what a press looks like there.

export const pressPresets = ['zigbee2mqtt', 'shelly-gen1', 'shelly-gen2', 'tasmota', 'esphome'] as const;
type PressPreset = (typeof pressPresets)[number];

/** As a person configures it: a preset with its device, or a topic with what to look at. */
export interface ForeignPress {
  readonly preset?: PressPreset;
  readonly device?: string;
  readonly input?: number | string;
  readonly base?: string;
  readonly topic?: string;
  readonly path?: string;
  readonly counter?: string;
  readonly edge: boolean;
  /** as it is written in the configuration */
  readonly when?: string | readonly string[];
}

export interface Trigger {
  readonly topic: string;
  /** Where the value stands in the JSON payload, member by member; empty: the bare text is the value. */
  readonly path: readonly string[];
  readonly when: readonly string[];
  /** Where the payload has a list of events: the list, and the `component` of those whose value is looked at. */
  readonly events?: { readonly list: readonly string[]; readonly component: string };
  /** Where a counter stands that grows with each press; the messages in between are repetitions. */
  readonly counter?: readonly string[];
  /** The value is a state: only its change is a press. */
  readonly edge: boolean;
  /** Says that the device was away: what it says next may be old. */
  readonly away?: { readonly topic: string; readonly text: string };
}

/** What each preset takes for a press where `when` does not say. */
const usual: Readonly<Record<PressPreset, string>> = {
  zigbee2mqtt: 'single',
  'shelly-gen1': 'S',
  'shelly-gen2': 'single_push',
  tasmota: 'SINGLE',
  esphome: 'ON',
};

/** Wakes up for each press and sleeps until the next: that it was away says nothing. */
const sleeps = /^shellybutton[12]-/;

export function triggerOf(press: ForeignPress): Trigger {
  const { preset, device = '', input, topic = '', path, counter, edge } = press;
  const when = press.when ?? (preset === undefined ? [] : usual[preset]);
  const common = { when: typeof when === 'object' ? when : [when], edge: false };
  switch (preset) {
    case 'zigbee2mqtt':
      return { ...common, topic: `${press.base ?? 'zigbee2mqtt'}/${device}`, path: ['action'] };
    case 'shelly-gen1':
      return {
        ...common,
        topic: `shellies/${device}/input_event/${input ?? 0}`,
        path: ['event'],
        counter: ['event_cnt'],
        ...(sleeps.test(device) ? {} : { away: { topic: `shellies/${device}/online`, text: 'false' } }),
      };
    case 'shelly-gen2':
      return {
        ...common,
        topic: `${device}/events/rpc`,
        path: ['event'],
        events: { list: ['params', 'events'], component: `input:${input ?? 0}` },
      };
    case 'tasmota':
      return { ...common, topic: `stat/${device}/RESULT`, path: [`Button${input ?? 1}`, 'Action'] };
    case 'esphome':
      return {
        ...common,
        topic: `${device}/binary_sensor/${input ?? ''}/state`,
        path: [],
        edge: true,
        away: { topic: `${device}/status`, text: 'offline' },
      };
    case undefined:
    default:
      return {
        ...common,
        topic,
        path: membersOf(path),
        edge,
        ...(counter === undefined ? {} : { counter: membersOf(counter) }),
      };
  }
}

function membersOf(path: string | undefined): readonly string[] {
  return path === undefined ? [] : path.split('.');
}

/** For a line of a log: `zigbee2mqtt/big-red (action single)`. */
export function triggerInWords({ topic, path, when, counter, edge }: Trigger): string {
  const what = [path.join('.'), when.join(' or ')].filter((word) => word !== '').join(' ');
  const how = counter === undefined ? (edge ? ', on change' : '') : `, when ${counter.join('.')} has grown`;
  return `${topic} (${what}${how})`;
}
