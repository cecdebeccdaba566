// What the light means, for `release-button --help`: a line for each signal, then what the agent shows by itself.
import type { Signal } from '../messages/button.ts';

const ofSignals = {
  clear: ['off', 'nothing is out of sync'],
  drifted: ['on', 'something is out of sync: press'],
  releasing: ['slow pulse', 'a release is running'],
  succeeded: ['two flashes', 'the release succeeded'],
  failed: ['SOS', 'the last release failed, at least in part'],
  blocked: ['short blip', 'something is out of sync, but a press is refused now'],
  unknown: ['heartbeat', 'the state of Argo CD is unknown'],
} as const satisfies Record<Signal, readonly [light: string, meaning: string]>;

const ofAgent = [
  ['double blink', 'the agent has no broker, or the worker is gone'],
  ['triple blink', 'a hardware fault at the agent'],
] as const;

export const lightLegend: string = [...Object.values(ofSignals), ...ofAgent]
  .map(([light, meaning]) => `  ${light.padEnd(13)}${meaning}`)
  .join('\n');
