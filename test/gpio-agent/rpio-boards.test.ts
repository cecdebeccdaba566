// The boards on which rpio may run, by their names in the device trees of Linux and of Raspberry Pi OS, with the revision
// that the firmware adds to a model.
import { describe, expect, test } from 'vitest';
import { rpioKnows } from '../../gpio-agent/drivers/rpio-boards.ts';

describe('a board for rpio', () => {
  const zero = 'Raspberry Pi Zero';
  test.each([
    ['Raspberry Pi Model B Rev 1', 'raspberrypi,model-b', 'brcm,bcm2835', true],
    ['Raspberry Pi Model B Rev 2', 'raspberrypi,model-b-rev2', 'brcm,bcm2835', true],
    ['Raspberry Pi Model B Plus Rev 1.2', 'raspberrypi,model-b-plus', 'brcm,bcm2835', true],
    ['Raspberry Pi Model A Plus Rev 1.1', 'raspberrypi,model-a-plus', 'brcm,bcm2835', true],
    ['Raspberry Pi Compute Module Rev 1.0', 'raspberrypi,compute-module', 'brcm,bcm2835', true],
    [`${zero} Rev 1.3`, 'raspberrypi,model-zero', 'brcm,bcm2835', true],
    [`${zero} W Rev 1.1`, 'raspberrypi,model-zero-w', 'brcm,bcm2835', true],
    [`${zero} 2 W Rev 1.0`, 'raspberrypi,model-zero-2-w', 'brcm,bcm2837', true],
    ['Raspberry Pi 2 Model B Rev 1.1', 'raspberrypi,2-model-b', 'brcm,bcm2836', true],
    ['Raspberry Pi 3 Model B Plus Rev 1.3', 'raspberrypi,3-model-b-plus', 'brcm,bcm2837', true],
    ['Raspberry Pi 3 Model A Plus Rev 1.0', 'raspberrypi,3-model-a-plus', 'brcm,bcm2837', true],
    ['Raspberry Pi Compute Module 3 Plus Rev 1.0', 'raspberrypi,3-compute-module', 'brcm,bcm2837', true],
    ['Raspberry Pi 4 Model B Rev 1.4', 'raspberrypi,4-model-b', 'brcm,bcm2711', true],
    ['Raspberry Pi 400 Rev 1.0', 'raspberrypi,400', 'brcm,bcm2711', true],
    ['Raspberry Pi Compute Module 4 Rev 1.1', 'raspberrypi,4-compute-module', 'brcm,bcm2711', true],
    ['Raspberry Pi Compute Module 4S Rev 1.0', 'raspberrypi,4-compute-module-s', 'brcm,bcm2711', true],
    ['Raspberry Pi 5 Model B Rev 1.0', 'raspberrypi,5-model-b', 'brcm,bcm2712', false],
    ['Raspberry Pi 500 Rev 1.0', 'raspberrypi,500', 'brcm,bcm2712', false],
    ['Raspberry Pi Compute Module 5 Rev 1.0', 'raspberrypi,5-compute-module', 'brcm,bcm2712', false],
    ['Raspberry Pi Compute Module 5 Lite Rev 1.0', 'raspberrypi,5-compute-module', 'brcm,bcm2712', false],
    ['Libre Computer AML-S905X-CC', 'libretech,aml-s905x-cc', 'amlogic,s905x', false],
    ['Xunlong Orange Pi Zero', 'xunlong,orangepi-zero', 'allwinner,sun8i-h2-plus', false],
    ['Sinovoip BPI-M2-Zero', 'sinovoip,bpi-m2-zero', 'allwinner,sun8i-h2-plus', false],
    ['Revolution Pi Connect SE', 'kunbus,revpi-connect-se', 'brcm,bcm2711', false],
    ['NVIDIA Jetson Nano Developer Kit', 'nvidia,p3450-0000', 'nvidia,tegra210', false],
    ['', '', '', false],
  ])('named %s (%s, %s) is known: %s, also by its model alone', (model, board, chip, isKnown) => {
    expect(rpioKnows({ model, compatible: [board, chip] })).toBe(isKnown);
    expect(rpioKnows({ model, compatible: [] })).toBe(isKnown);
  });

  test('with an unknown model is not guessed', () => {
    for (const model of ['Raspberry Pi 6 Model B Rev 1.0', 'Raspberry Pi Zero 3 W Rev 1.0', 'Raspberry Pi'])
      expect(rpioKnows({ model, compatible: [] })).toBe(false);
  });
});
