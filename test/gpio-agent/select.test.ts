// Which driver is chosen on which machine: invented machines with their device trees and devices.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readBoard, type Board } from '../../gpio-agent/drivers/board.ts';
import { HardwareError, type GpioDriver } from '../../gpio-agent/drivers/driver.ts';
import type { Machine } from '../../gpio-agent/drivers/machine.ts';
import { selectDriver } from '../../gpio-agent/drivers/select.ts';
import { createSimulatedDriver } from '../../gpio-agent/drivers/simulated.ts';
import { silentLog } from '../../service/log.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { agentConfig } from './arrange.ts';

const pi4: Board = {
  model: 'Raspberry Pi 4 Model B Rev 1.4',
  compatible: ['raspberrypi,4-model-b', 'brcm,bcm2711'],
};
const pi5: Board = {
  model: 'Raspberry Pi 5 Model B Rev 1.0',
  compatible: ['raspberrypi,5-model-b', 'brcm,bcm2712'],
};
const libre: Board = { model: 'Libre Computer AML-S905X-CC', compatible: ['libretech,aml-s905x-cc'] };

interface Given {
  readonly board?: Board;
  /** why the driver cannot be loaded or opened */
  readonly rpio?: { readonly unloaded?: string; readonly unopened?: string };
  readonly gpiochip?: { readonly unloaded?: string; readonly unopened?: string };
  readonly hiddenPi?: boolean;
  readonly chip?: boolean;
}

function machineWith(given: Given): Machine {
  const driver = (name: 'rpio' | 'gpiochip') => (): Promise<GpioDriver> => {
    const { unloaded, unopened } = given[name] ?? {};
    if (unloaded !== undefined) return Promise.reject(new HardwareError(unloaded));
    const simulated = createSimulatedDriver({ clock: createFakeClock() });
    return Promise.resolve({
      ...simulated,
      name,
      simulated: false,
      open: () => {
        if (unopened !== undefined) throw new HardwareError(unopened);
      },
    });
  };
  return {
    board: () => given.board,
    hasChip: () => Promise.resolve(given.chip === true || given.hiddenPi === true),
    raspberryPiChip: () =>
      Promise.resolve(
        given.hiddenPi === true ? { path: '/dev/gpiochip0', label: 'pinctrl-bcm2711', lines: 58 } : undefined,
      ),
    rpio: driver('rpio'),
    gpiochip: driver('gpiochip'),
  };
}

const select = (config: unknown, given: Given) =>
  selectDriver({
    config: agentConfig(config),
    clock: createFakeClock(),
    log: silentLog(),
    machine: machineWith(given),
  });

describe('the driver `auto`', () => {
  test.each<[string, unknown, Given, string]>([
    ['chooses rpio on a Raspberry Pi 4', {}, { board: pi4, chip: true }, 'rpio'],
    ['chooses gpiochip on a Raspberry Pi 5', {}, { board: pi5, chip: true }, 'gpiochip'],
    ['chooses gpiochip on any other board', {}, { board: libre, chip: true }, 'gpiochip'],
    ['chooses gpiochip if the configuration names a chip', { chip: 'usb' }, { chip: true }, 'gpiochip'],
    [
      'chooses gpiochip on a Raspberry Pi too, if a button names a chip',
      { buttons: [{ chip: 'usb' }] },
      { board: pi4, chip: true },
      'gpiochip',
    ],
    [
      'chooses gpiochip in a container on a Raspberry Pi that was given the chip',
      {},
      { hiddenPi: true },
      'gpiochip',
    ],
    ['simulates on a machine without pins', {}, {}, 'simulated'],
    [
      'simulates on a machine with a chip that nobody has named, such as a desktop',
      {},
      { chip: true },
      'simulated',
    ],
  ])('%s', async (_, config, given, name) => {
    const { driver } = await select(config, given);
    expect(driver.name).toBe(name);
    expect(driver.simulated).toBe(name === 'simulated');
  });

  test('says on a desktop with a chip how to use the chip', async () => {
    expect((await select({}, { chip: true })).why).toContain(
      'to use a GPIO chip of this machine, set agent.chip',
    );
    expect((await select({}, {})).why).not.toContain('agent.chip');
  });

  test.each([{ unloaded: 'rpio was never compiled' }, { unopened: '/dev/gpiomem may not be read' }])(
    'chooses gpiochip if rpio cannot be used (%o), and says why',
    async (rpio) => {
      const { driver, why } = await select({}, { board: pi4, rpio });
      expect(driver.name).toBe('gpiochip');
      expect(why).toContain(Object.values(rpio)[0]);
    },
  );

  test('refuses a board on which neither driver can be used, and names the board and the remedies', async () => {
    const selecting = select(
      {},
      { board: pi4, rpio: { unopened: 'no gpiomem' }, gpiochip: { unloaded: 'cannot run on ARMv6' } },
    );
    await expect(selecting).rejects.toThrow(HardwareError);
    for (const word of ['no gpiomem', 'cannot run on ARMv6', 'Raspberry Pi 4', 'agent.driver: simulated'])
      await expect(selecting).rejects.toThrow(word);
  });

  test.each([pi5, libre])('refuses a $model without a usable chip', async (board) => {
    const selecting = select({}, { board, gpiochip: { unloaded: 'no koffi' } });
    await expect(selecting).rejects.toThrow(HardwareError);
    await expect(selecting).rejects.toThrow(board.model);
  });
});

describe('a driver that is named', () => {
  test.each(['rpio', 'gpiochip', 'simulated'] as const)('is used: %s', async (driver) => {
    expect((await select({ driver }, { board: pi4 })).driver.name).toBe(driver);
  });

  test('is not replaced if it cannot be used', async () => {
    await expect(
      select({ driver: 'rpio' }, { board: pi4, rpio: { unloaded: 'not compiled' } }),
    ).rejects.toThrow('not compiled');
  });

  test.each([{ chip: 'usb' }, { leds: [{ chip: 'usb' }] }])(
    'is refused if it is rpio and a chip is named (%o), because its numbers mean other pins',
    async (config) => {
      const selecting = select({ driver: 'rpio', ...config }, { board: pi4 });
      await expect(selecting).rejects.toThrow('set agent.driver: gpiochip');
    },
  );

  test('is refused if it is rpio and the board is unknown, because rpio would only pretend', async () => {
    await expect(select({ driver: 'rpio' }, {})).rejects.toThrow('rpio would only simulate');
  });

  test('is used without a look at the board if it is simulated', async () => {
    const machine: Machine = {
      ...machineWith({}),
      board: () => {
        throw new HardwareError('looked');
      },
    };
    const config = agentConfig({ driver: 'simulated' });
    const { driver } = await selectDriver({ config, clock: createFakeClock(), log: silentLog(), machine });
    expect(driver.simulated).toBe(true);
  });
});

describe('the board', () => {
  async function tree(files: Readonly<Record<string, string>>): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'device-tree-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    return folder;
  }

  test('is read from strings that end with a zero byte', async () => {
    const folder = await tree({
      model: 'Raspberry Pi 4 Model B Rev 1.4\0',
      compatible: 'raspberrypi,4-model-b\0brcm,bcm2711\0',
    });
    expect(readBoard(folder)).toEqual(pi4);
  });

  test('is unknown without a device tree, and on a virtual machine, whose device tree has no pins', async () => {
    expect(readBoard(await tree({}))).toBeUndefined();
    expect(readBoard(await tree({ model: 'linux,dummy-virt\0' }))).toBeUndefined();
  });

  test('is not guessed if the device tree cannot be read', async () => {
    const folder = await tree({});
    // A folder in place of the file. Nobody can read it, not even root.
    await mkdir(join(folder, 'model'));
    expect(() => readBoard(folder)).toThrow(HardwareError);
  });
});
