// Reads from the device tree which board this is (Devicetree Specification 0.4, 2.3.1 and 2.3.2).
import { readFileSync } from 'node:fs';
import { codeOf, messageOf } from '../../service/log.ts';
import { HardwareError } from './driver.ts';

export interface Board {
  /** `Raspberry Pi 4 Model B Rev 1.4` */
  readonly model: string;
  /** From the most specific to the least specific: `raspberrypi,4-model-b`, `brcm,bcm2711`. */
  readonly compatible: readonly string[];
}

export const deviceTree = '/proc/device-tree';

/** The name of QEMU's `virt` machine, which has no pins (hw/arm/virt.c). */
const virtualModels: readonly string[] = ['linux,dummy-virt'];

/**
 * @returns undefined on a machine without a device tree or without pins, and in a container that cannot see the device tree
 *   (Docker masks /sys/firmware)
 * @throws HardwareError when the board cannot be determined
 */
export function readBoard(folder = deviceTree): Board | undefined {
  const [model] = stringsIn(`${folder}/model`);
  if (model === undefined || virtualModels.includes(model)) return undefined;
  return { model, compatible: stringsIn(`${folder}/compatible`) };
}

/** A list property: strings that each end with a zero byte. Empty if the property does not exist. */
function stringsIn(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\u0000')
      .map((text) => text.trim())
      .filter((text) => text !== '');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw new HardwareError(
      `cannot determine which board this is: ${path} cannot be read (${messageOf(error)}). Set agent.driver`,
    );
  }
}
