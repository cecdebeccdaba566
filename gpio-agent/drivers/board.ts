// Which board this is, as its device tree says (Devicetree Specification 0.4, 2.3.1 and 2.3.2).
import { readFileSync } from 'node:fs';
import { codeOf, messageOf } from '../../service/log.ts';
import { HardwareError } from './driver.ts';

export interface Board {
  /** `Raspberry Pi 4 Model B Rev 1.4` */
  readonly model: string;
  /** From the most to the least specific: `raspberrypi,4-model-b`, `brcm,bcm2711`. */
  readonly compatible: readonly string[];
}

export const deviceTree = '/proc/device-tree';

/** What QEMU's `virt` machine, which has no pins, names itself (hw/arm/virt.c). */
const virtualModels: readonly string[] = ['linux,dummy-virt'];

/**
 * @returns undefined on a machine without a device tree or without pins, and in a container that was given nothing of it
 *   (Docker masks /sys/firmware)
 * @throws HardwareError where it cannot be told
 */
export function readBoard(folder = deviceTree): Board | undefined {
  const [model] = stringsIn(`${folder}/model`);
  if (model === undefined || virtualModels.includes(model)) return undefined;
  return { model, compatible: stringsIn(`${folder}/compatible`) };
}

/** A property of strings, each ended by a zero byte; none where the property does not exist. */
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
      `it cannot be told which board this is: ${path} cannot be read (${messageOf(error)}). Set agent.driver`,
    );
  }
}
