// Foreign lamps: the message of each kind of lamp for each signal, and the message by which it reports its return.
import type { Signal } from './button.ts';
import { signals } from './button.ts';

export const lightPresets = ['zigbee2mqtt', 'shelly-gen1', 'shelly-gen2', 'wled'] as const;
type LightPreset = (typeof lightPresets)[number];

/**
 * The payload that a person configures for a signal. Text is sent as it is, and a map as JSON. The preset decides how
 * booleans and numbers are sent.
 */
export type ConfiguredPayload = string | number | boolean | Readonly<Record<string, unknown>>;

/** The configuration of a lamp: a preset with its device, or a topic with its payloads. */
export interface ForeignLight {
  readonly button: string;
  readonly preset?: LightPreset;
  readonly device?: string;
  readonly output: number;
  readonly base?: string;
  readonly topic?: string;
  readonly signals?: { readonly [S in Signal | 'other']?: ConfiguredPayload };
  readonly back?: { readonly topic: string; readonly path?: string; readonly when: string };
}

export interface Lamp {
  readonly button: string;
  readonly topic: string;
  /** Complete: the configuration is refused if a signal has no payload. */
  readonly payloads: ReadonlyMap<Signal, string>;
  /** The message by which the lamp reports that it is back. It may have forgotten its state. */
  readonly back?: { readonly topic: string; readonly values: readonly BackValue[] };
}

export interface BackValue {
  readonly path: readonly string[];
  readonly when: string;
}

interface Look {
  readonly on: boolean;
  /** red, green, blue */
  readonly colour: readonly [number, number, number];
  /** 1 to 255 */
  readonly brightness: number;
  /** an effect of Zigbee, played once over the colour */
  readonly effect?: 'blink' | 'breathe' | 'okay';
  /** an effect number of WLED: 0 solid, 1 blink, 2 breathe */
  readonly wled: number;
  /** for a lamp that can only be on or off */
  readonly bare: boolean;
}

/** As on the LED: on only if there is something to release, dim if nothing can be done about it. */
const looks: Readonly<Record<Signal, Look>> = {
  unknown: { on: true, colour: [128, 0, 255], brightness: 30, wled: 0, bare: false },
  releasing: { on: true, colour: [0, 80, 255], brightness: 254, effect: 'breathe', wled: 2, bare: true },
  failed: { on: true, colour: [255, 0, 0], brightness: 254, effect: 'blink', wled: 1, bare: true },
  succeeded: { on: true, colour: [0, 255, 0], brightness: 254, effect: 'okay', wled: 0, bare: false },
  blocked: { on: true, colour: [255, 160, 0], brightness: 40, wled: 0, bare: false },
  drifted: { on: true, colour: [255, 160, 0], brightness: 254, wled: 0, bare: true },
  clear: { on: false, colour: [0, 0, 0], brightness: 1, wled: 0, bare: false },
};

interface Kind {
  readonly topic: string;
  readonly back?: Lamp['back'];
  show(look: Look): string;
  flag(on: boolean): string;
  number(value: number): string;
}

const bare = (on: boolean) => (on ? 'on' : 'off');

function kindOf({ preset, device = '', output, base = 'zigbee2mqtt', topic = '' }: ForeignLight): Kind {
  switch (preset) {
    case 'zigbee2mqtt': {
      const flag = (on: boolean) => JSON.stringify({ state: on ? 'ON' : 'OFF' });
      return {
        topic: `${base}/${device}/set`,
        // Version 2 sends only JSON. Earlier versions send bare text if configured so.
        back: {
          topic: `${base}/${device}/availability`,
          values: [
            { path: ['state'], when: 'online' },
            { path: [], when: 'online' },
          ],
        },
        show: ({ on, colour: [r, g, b], brightness, effect }) =>
          on
            ? JSON.stringify({
                state: 'ON',
                brightness,
                color: { r, g, b },
                ...(effect === undefined ? {} : { effect }),
              })
            : flag(false),
        flag,
        number: String,
      };
    }
    case 'shelly-gen1':
      return {
        topic: `shellies/${device}/relay/${output}/command`,
        back: { topic: `shellies/${device}/online`, values: [{ path: [], when: 'true' }] },
        show: (look) => bare(look.bare),
        flag: bare,
        number: String,
      };
    case 'shelly-gen2':
      return {
        topic: `${device}/command/switch:${output}`,
        back: { topic: `${device}/online`, values: [{ path: [], when: 'true' }] },
        show: (look) => bare(look.bare),
        flag: bare,
        number: String,
      };
    case 'wled':
      return {
        topic: `${device}/api`,
        back: { topic: `${device}/status`, values: [{ path: [], when: 'online' }] },
        show: ({ on, colour, brightness, wled }) =>
          JSON.stringify(on ? { on, bri: brightness, seg: [{ col: [colour], fx: wled }] } : { on }),
        flag: (on) => JSON.stringify({ on }),
        // A preset that was saved on the device.
        number: (ps) => JSON.stringify({ ps }),
      };
    case undefined:
    default:
      return { topic, show: () => '', flag: String, number: String };
  }
}

export function lampOf(light: ForeignLight): Lamp {
  const kind = kindOf(light);
  const configured = light.signals ?? {};
  const inPayload = (value: ConfiguredPayload): string => {
    if (typeof value === 'string') return value;
    if (typeof value === 'number') return kind.number(value);
    return typeof value === 'boolean' ? kind.flag(value) : JSON.stringify(value);
  };
  const payloads = signals.flatMap((signal): [Signal, string][] => {
    const value = configured[signal] ?? configured.other;
    if (value !== undefined) return [[signal, inPayload(value)]];
    return light.preset === undefined ? [] : [[signal, kind.show(looks[signal])]];
  });
  const { back } = light;
  const own =
    back === undefined
      ? kind.back
      : { topic: back.topic, values: [{ path: back.path?.split('.') ?? [], when: back.when }] };
  return {
    button: light.button,
    topic: kind.topic,
    payloads: new Map(payloads),
    ...(own === undefined ? {} : { back: own }),
  };
}
