// Foreign buttons: the topic and the payload of a press for each kind of device.

export const pressPresets = ['zigbee2mqtt', 'shelly-gen1', 'shelly-gen2', 'tasmota', 'esphome'] as const;
type PressPreset = (typeof pressPresets)[number];

/** The configuration of a button: a preset with its device, or a topic and what to look for. */
export interface ForeignPress {
  readonly preset?: PressPreset;
  readonly device?: string;
  readonly input?: number | string;
  /** for shelly-gen2, instead of the usual `input:<input>` */
  readonly component?: string;
  readonly base?: string;
  readonly topic?: string;
  readonly path?: string;
  /** the required values of other members, by their paths */
  readonly where?: Readonly<Record<string, string | readonly string[]>>;
  readonly counter?: string;
  readonly edge: boolean;
  /** as written in the configuration */
  readonly when?: string | readonly string[];
}

export interface Trigger {
  readonly topic: string;
  /** The path of the value in the JSON payload. Empty: the bare text is the value. */
  readonly path: readonly string[];
  readonly when: readonly string[];
  /** The path of a list of events. Each event is checked on its own. */
  readonly list?: readonly string[];
  /** The required values of other members of the message or event. With other values, it is about something else. */
  readonly where: readonly Condition[];
  /** The path of a counter that grows with each press. Messages with the same count are repetitions. */
  readonly counter?: readonly string[];
  /** The value is a state: only its change is a press. */
  readonly edge: boolean;
  /** The message that reports that the device was away. The device's next message may be old. */
  readonly away?: { readonly topic: string; readonly text: string };
}

interface Condition {
  readonly path: readonly string[];
  readonly values: readonly string[];
}

/** The values that mean a press for each preset, unless `when` is configured. */
const defaultWhen: Readonly<Record<PressPreset, string>> = {
  zigbee2mqtt: 'single',
  'shelly-gen1': 'S',
  'shelly-gen2': 'single_push',
  tasmota: 'SINGLE',
  esphome: 'ON',
};

/** Devices that sleep between presses. That such a device is offline means nothing. */
const sleepingDevice = /^shellybutton[12]-/;

export function triggerOf(press: ForeignPress): Trigger {
  const { preset, device = '', input, component, topic = '', path, counter, edge } = press;
  const when = press.when ?? (preset === undefined ? [] : defaultWhen[preset]);
  const common = { when: valuesOf(when), edge: false, where: [] };
  switch (preset) {
    case 'zigbee2mqtt':
      return { ...common, topic: `${press.base ?? 'zigbee2mqtt'}/${device}`, path: ['action'] };
    case 'shelly-gen1':
      return {
        ...common,
        topic: `shellies/${device}/input_event/${input ?? 0}`,
        path: ['event'],
        counter: ['event_cnt'],
        ...(sleepingDevice.test(device)
          ? {}
          : { away: { topic: `shellies/${device}/online`, text: 'false' } }),
      };
    case 'shelly-gen2':
      return {
        ...common,
        topic: `${device}/events/rpc`,
        path: ['event'],
        list: ['params', 'events'],
        where:
          component === undefined
            ? [{ path: ['component'], values: [`input:${input ?? 0}`] }]
            : [
                { path: ['component'], values: [component] },
                ...(input === undefined ? [] : [{ path: ['idx'], values: [String(input)] }]),
              ],
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
        where: Object.entries(press.where ?? {}).map(([member, values]) => ({
          path: membersOf(member),
          values: valuesOf(values),
        })),
        edge,
        ...(counter === undefined ? {} : { counter: membersOf(counter) }),
      };
  }
}

function valuesOf(values: string | readonly string[]): readonly string[] {
  return typeof values === 'string' ? [values] : values;
}

function membersOf(path: string | undefined): readonly string[] {
  return path === undefined ? [] : path.split('.');
}

/** For a line of the log: `zigbee2mqtt/big-red (action single)`. */
export function triggerInWords({ topic, path, when, where, counter, edge }: Trigger): string {
  const what = [{ path, values: when }, ...where]
    .map((one) => [one.path.join('.'), one.values.join(' or ')].filter((word) => word !== '').join(' '))
    .join(', ');
  const how = counter === undefined ? (edge ? ', on change' : '') : `, when ${counter.join('.')} has grown`;
  return `${topic} (${what}${how})`;
}
