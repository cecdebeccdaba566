// The driver rpio with a fake package. rpio-native.test.ts uses the real package, with registers to read.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HardwareError, type InputOptions, type LineAddress } from '../../gpio-agent/drivers/driver.ts';
import { createRpioDriver } from '../../gpio-agent/drivers/rpio.ts';
import { createFakeRpio } from './fake-rpio.ts';

const zeroW = {
  model: 'Raspberry Pi Zero W Rev 1.1',
  compatible: ['raspberrypi,model-zero-w', 'brcm,bcm2835'],
};
const five = {
  model: 'Raspberry Pi 5 Model B Rev 1.0',
  compatible: ['raspberrypi,5-model-b', 'brcm,bcm2712'],
};

let folder: string;
let gpiomemPath: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'release-button-rpio-'));
  // Users that a test switches to must be able to read the folder.
  chmodSync(folder, 0o755);
  gpiomemPath = join(folder, 'gpiomem');
  writeFileSync(gpiomemPath, '', { mode: 0o600 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const button: InputOptions = {
  line: 17,
  pull: 'up',
  activeLow: true,
  onEdge: () => undefined,
  onLost: () => undefined,
};

/** Opens the driver; `calls` begins after that. */
function opened(troubles: Parameters<typeof createFakeRpio>[0] = {}) {
  const fake = createFakeRpio(troubles);
  const driver = createRpioDriver({ rpio: fake.rpio, board: zeroW, gpiomemPath });
  driver.open();
  const [init] = fake.calls.splice(0);
  return { ...fake, driver, init };
}

describe('a line of rpio', () => {
  test.each([
    [17, 17],
    [0, 0],
    ['GPIO17', 17],
    ['gpio4', 4],
    ['GPIO0', 0],
  ])('may be named %s, the BCM number %i', (line, number) => {
    const { driver, calls } = opened();
    const input = driver.openInput({ ...button, line });
    expect(calls).toEqual([`open ${number} input pull 2`]);
    expect(input.where).toBe(`line ${number} (GPIO${number}), by rpio`);
  });

  test.each(['GPIO017', 'SDA1', '17', 'GPIO', 'GPIO17 ', 'P1-11', -1, 17.5, Number.NaN])(
    'cannot be named %s, and the error has the accepted forms',
    (line) => {
      const { driver, calls } = opened();
      expect(() => driver.openInput({ ...button, line })).toThrow(HardwareError);
      expect(() => driver.openOutput({ line, activeLow: false })).toThrow(/BCM numbers.*GPIO17/);
      expect(calls).toEqual([]);
    },
  );

  test('on another chip is refused, and the error names the driver that supports it', () => {
    const { driver } = opened();
    const otherChipLine: LineAddress = { line: 3, chip: 'usb-expander' };
    expect(() => driver.openInput({ ...button, ...otherChipLine })).toThrow(HardwareError);
    expect(() => driver.openOutput({ ...otherChipLine, activeLow: false })).toThrow('agent.driver: gpiochip');
  });

  test('can be opened only once at a time, by whatever name', () => {
    const { driver, calls } = opened();
    const input = driver.openInput(button);
    expect(() => driver.openInput(button)).toThrow(HardwareError);
    expect(() => driver.openOutput({ line: 'GPIO17', activeLow: false })).toThrow('already in use');
    input.close();
    input.close();
    driver.openInput(button);
    expect(calls).toEqual(['open 17 input pull 2', 'close 17 0', 'open 17 input pull 2']);
  });

  test.each([
    ['Pin 28 is not valid when using gpio mapping', /not on the header of this board \(Raspberry Pi Zero W/],
    ['GPIO17 is currently in use by /sys/class/gpio', /in use by another program.*unexport/],
    ['Invalid arg1', /cannot be opened: Invalid arg1/],
  ])('that rpio refuses (%s) gets a message in our words', (message, words) => {
    const { driver } = opened({ open: message });
    expect(() => driver.openInput(button)).toThrow(HardwareError);
    expect(() => driver.openInput(button)).toThrow(words);
  });

  test('cannot be opened before the driver', () => {
    const driver = createRpioDriver({ rpio: createFakeRpio().rpio, board: zeroW, gpiomemPath });
    expect(() => driver.openInput(button)).toThrow(HardwareError);
  });
});

describe('an input', () => {
  test.each([
    ['up', 2],
    ['down', 1],
    ['off', 0],
  ] as const)('gets the pull %s', (pull, value) => {
    const { driver, calls } = opened();
    driver.openInput({ ...button, pull });
    expect(calls).toEqual([`open 17 input pull ${value}`]);
  });

  test.each([
    [true, 0, true],
    [true, 1, false],
    [false, 0, false],
    [false, 1, true],
  ])('with activeLow %s and the level %i is pressed: %s', (activeLow, level, pressed) => {
    const { driver, levels } = opened();
    levels.set(17, level);
    expect(driver.openInput({ ...button, activeLow }).read()).toBe(pressed);
  });

  test('must be sampled', () => {
    expect(opened().driver.openInput(button).edges).toBe(false);
  });
});

test.each([
  [false, [0, 1, 0]],
  [true, [1, 0, 1]],
])('an output with activeLow %s is off at the start', (activeLow, [first, on, off]) => {
  const { driver, calls } = opened();
  const led = driver.openOutput({ line: 27, activeLow });
  led.write(true);
  led.write(false);
  led.check();
  led.close();
  expect(calls).toEqual([`open 27 output level ${first}`, `write 27 ${on}`, `write 27 ${off}`, 'close 27 0']);
  expect(() => led.check()).toThrow(HardwareError);
});

describe('opening and closing the driver', () => {
  test("maps the registers of gpiomem by BCM numbers, without rpio's simulation and without an exit listener", () => {
    const { init, listeners } = opened();
    expect(init).toBe('init {"mapping":"gpio","gpiomem":true,"mock":false,"close_on_exit":false}');
    expect(listeners()).toBe(0);
  });

  test('maps once if it is opened twice, and unmaps once if it is closed twice', () => {
    const { driver, calls } = opened();
    driver.open();
    driver.close();
    driver.close();
    expect(calls).toEqual(['exit']);
  });

  test('makes every use of a closed line an error, even after the driver is opened again', () => {
    const { driver, calls } = opened();
    const input = driver.openInput(button);
    const led = driver.openOutput({ line: 27, activeLow: false });
    driver.close();
    const uses = [() => input.read(), () => led.write(true), () => led.check()];
    for (const use of uses) expect(use).toThrow(HardwareError);
    driver.open();
    driver.openInput(button);
    for (const use of uses) expect(use).toThrow('is closed');
    const before = calls.length;
    input.close();
    led.close();
    expect(calls.length).toBe(before);
    expect(() => driver.openInput(button)).toThrow('already in use');
  });

  test('is refused if rpio only simulates pins', () => {
    const { rpio, listeners } = createFakeRpio({
      warn: 'Hardware auto-detect failed, running in raspi-3 mock mode',
    });
    const driver = createRpioDriver({ rpio, board: zeroW, gpiomemPath });
    expect(() => driver.open()).toThrow(HardwareError);
    expect(() => driver.open()).toThrow('raspi-3 mock mode');
    expect(() => driver.openInput(button)).toThrow('not open');
    expect(listeners()).toBe(0);
  });

  test('is an error if the registers cannot be mapped', () => {
    const { rpio } = createFakeRpio({ init: 'Could not initialize bcm2835' });
    const driver = createRpioDriver({ rpio, board: zeroW, gpiomemPath });
    expect(() => driver.open()).toThrow(HardwareError);
    expect(() => driver.open()).toThrow('Could not initialize bcm2835');
  });

  test('is refused for a board that rpio does not know, before anything is touched', () => {
    const { rpio, calls } = createFakeRpio();
    const driver = createRpioDriver({ rpio, board: five, gpiomemPath });
    expect(() => driver.open()).toThrow(HardwareError);
    expect(() => driver.open()).toThrow(/Raspberry Pi 5 Model B Rev 1\.0 .*brcm,bcm2712.*gpiochip/);
    expect(calls).toEqual([]);
  });
});

describe('an error about /dev/gpiomem', () => {
  const open = (path: string) => {
    const { rpio, calls } = createFakeRpio();
    const driver = createRpioDriver({ rpio, board: zeroW, gpiomemPath: path });
    return { open: () => driver.open(), calls };
  };

  test('that is missing says so, and how to pass it to a container', () => {
    const driver = open(join(folder, 'none'));
    expect(driver.open).toThrow(HardwareError);
    expect(driver.open).toThrow(/does not exist.*--device/);
    expect(driver.calls).toEqual([]);
  });

  test('without permission names the group', () => {
    const driver = open(gpiomemPath);
    const asNobody = () => {
      if (process.geteuid?.() === 0) process.seteuid?.(65_534);
      else chmodSync(gpiomemPath, 0);
      try {
        driver.open();
      } finally {
        if (process.getuid?.() === 0) process.seteuid?.(0);
        chmodSync(gpiomemPath, 0o600);
      }
    };
    expect(asNobody).toThrow(HardwareError);
    expect(asNobody).toThrow(
      new RegExp(`usermod -aG gpio \\$USER.*log in again.*--group-add ${process.getgid?.()}`),
    );
    expect(driver.calls).toEqual([]);
  });

  test('for any other reason has the error of the system', () => {
    expect(open(folder).open).toThrow(/cannot be opened: EISDIR/);
  });
});
