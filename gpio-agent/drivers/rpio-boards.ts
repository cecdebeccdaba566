// Which boards the rpio driver may touch: Raspberry Pis whose GPIO registers rpio knows, and nothing else.
// rpio itself asks less: it takes every model that begins with `Raspberry Pi` for one with the BCM2835's registers
// (rpio 2.4.2, lib/rpio.js, detect_pinmap), a Raspberry Pi 5 too, whose header hangs on another chip (RP1).
import type { Board } from './board.ts';

/** BCM2837 is the name of the BCM2710 in device trees (Documentation/devicetree/bindings/arm/bcm/bcm2835.yaml). */
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
 * Whether rpio drives the right registers on this board: a Raspberry Pi with a BCM2835, BCM2836, BCM2837 or BCM2711.
 * Where the device tree does not say what the board is compatible with, its model decides. Anything unknown: false.
 */
export function rpioKnows({ model, compatible }: Board): boolean {
  // Boards of others with such a chip exist (industrial carriers); rpio does not know them, and would only pretend.
  if (!model.startsWith('Raspberry Pi ')) return false;
  return compatible.length === 0 ? knownModel.test(model) : compatible.some((name) => knownChips.has(name));
}
