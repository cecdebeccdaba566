// The options of the agent and its parts: the configuration, and the part of the link that they use.
import type { Config } from '../config/sections.ts';
import { releaseDebounceMsOf } from '../config/sections/release-debounce.ts';
import type { Link } from '../service/link/link.ts';
import type { SettleTimes } from './debounce.ts';

export type AgentConfig = Config['agent'];
export type ButtonConfig = AgentConfig['buttons'][number];
export type KeySwitchConfig = AgentConfig['keySwitches'][number];
export type LedConfig = AgentConfig['leds'][number];

export type AgentLink = Pick<Link, 'state' | 'onState' | 'subscribe' | 'publish' | 'publishNow'>;

/** How long the levels of a button or a key switch must hold. A key switch that is turned off counts as soon as one that is turned on. */
export function settleTimesOf(input: ButtonConfig | KeySwitchConfig): SettleTimes {
  const { debounceMs } = input;
  return {
    pressMs: debounceMs,
    releaseMs: 'gestures' in input ? releaseDebounceMsOf(input) : debounceMs,
  };
}
