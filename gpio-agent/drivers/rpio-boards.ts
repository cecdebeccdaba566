// The boards that the rpio driver may use: Raspberry Pis with GPIO registers that rpio knows.
// rpio itself accepts every model that begins with `Raspberry Pi`, and assumes the registers of the BCM2835 (rpio 2.4.2,
// lib/rpio.js, detect_pinmap). It even accepts a Raspberry Pi 5, whose header belongs to another chip (RP1).
import type { Board } from './board.ts';

/** In device trees, the BCM2710 is named BCM2837 (Documentation/devicetree/bindings/arm/bcm/bcm2835.yaml). */
const knownChips: ReadonlySet<string> = new Set([
  'brcm,bcm2835',
  'brcm,bcm2836',
  'brcm,bcm2837',
  'brcm,bcm2711',
]);

/** `Raspberry Pi 4 Model B Rev 1.4`, `Raspberry Pi Model B Plus Rev 1.2`, `Raspberry Pi Compute Module 4S Rev 1.0` … */
const knownModel =
  /^Raspberry Pi (?:(?:[234] )?Model [AB](?: Plus)?|400|Zero(?: W| 2| 2 W)?|Compute Module(?: [0134]| 3 Plus| 4S)?)(?: Rev .*)?$/;

/**
 * True if rpio uses the right registers on this board: a Raspberry Pi with a BCM2835, BCM2836, BCM2837 or BCM2711.
 * If the device tree does not list compatible chips, the model decides. False for everything unknown.
 */
export function rpioKnows({ model, compatible }: Board): boolean {
  // Other boards with such a chip exist (industrial carriers). rpio does not know them and would only simulate.
  if (!model.startsWith('Raspberry Pi ')) return false;
  return compatible.length === 0 ? knownModel.test(model) : compatible.some((name) => knownChips.has(name));
}
