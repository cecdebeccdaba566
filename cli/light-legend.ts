// What the light says, for `release-button --help`: a line for each signal, then what the agent shows by itself.
import type { Signal } from '../messages/button.ts';

const ofSignals = {
  clear: ['off', 'nothing to release'],
  drifted: ['on', 'something to release'],
  releasing: ['slow pulse', 'a release is running'],
  succeeded: ['two flashes', 'released'],
  failed: ['SOS', 'the release failed'],
  blocked: ['short blip', 'something to release, but not possible now'],
  unknown: ['heartbeat', 'the state of Argo CD is not known'],
} as const satisfies Record<Signal, readonly [light: string, meaning: string]>;

const ofAgent = [
  ['double blink', 'no broker or no worker'],
  ['triple blink', 'hardware fault'],
] as const;

export const lightLegend: string = [...Object.values(ofSignals), ...ofAgent]
  .map(([light, meaning]) => `  ${light.padEnd(13)}${meaning}`)
  .join('\n');
