// What the agent is given, as its parts see it: its configuration, and as much of the link as it uses.
import type { Config } from '../config/sections.ts';
import type { Link } from '../service/link/link.ts';

export type AgentConfig = Config['agent'];
export type ButtonConfig = AgentConfig['buttons'][number];
export type KeySwitchConfig = AgentConfig['keySwitches'][number];
export type LedConfig = AgentConfig['leds'][number];

export type AgentLink = Pick<Link, 'state' | 'onState' | 'subscribe' | 'publish' | 'publishNow'>;
