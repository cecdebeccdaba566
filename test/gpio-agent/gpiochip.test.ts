// The driver gpiochip with the bytes of the kernel, and a fake kernel that obeys the test.
import { describe, expect, test } from 'vitest';
import { findChip } from '../../gpio-agent/drivers/gpiochip/chips.ts';
import { createGpiochipDriver } from '../../gpio-agent/drivers/gpiochip/driver.ts';
import { koffiCanRun } from '../../gpio-agent/drivers/gpiochip/kernel.ts';
import { flags } from '../../gpio-agent/drivers/gpiochip/uapi.ts';
import { HardwareError, type Edge, type InputOptions } from '../../gpio-agent/drivers/driver.ts';
import { createFakeKernel, type FakeChip, type FakeLine } from './fake-kernel.ts';

function chipWith(path: string, label: string, lines: Readonly<Record<number, FakeLine>> = {}): FakeChip {
  return { path, label, lines: Array.from({ length: 32 }, (_, offset) => lines[offset] ?? {}) };
}

const header = chipWith('/dev/gpiochip0', 'pinctrl-bcm2711', {
  4: { name: 'GPIO4', consumer: 'onewire@0' },
  17: { name: 'GPIO17' },
  18: { name: 'TWICE' },
  19: { name: 'TWICE' },
});
const expander = chipWith('/dev/gpiochip1', 'raspberrypi-exp-gpio');

/** The clock of the kernel is an hour ahead of the agent's clock. */
const aheadMs = 3_600_000;

function setUp(chips: readonly FakeChip[] = [header, expander], chip?: string) {
  const fake = createFakeKernel(chips);
  let now = 0;
  const driver = createGpiochipDriver({
    kernel: fake.kernel,
    monotonic: () => now,
    kernelMonotonic: () => now + aheadMs,
    consumer: 'release-button test',
    paths: fake.paths,
    ...(chip === undefined ? {} : { chip }),
  });
  const edges: Edge[] = [];
  let lost = 0;
  const input = (change: Partial<InputOptions> = {}) =>
    driver.openInput({
      line: 17,
      pull: 'up',
      activeLow: true,
      onEdge: (edge) => void edges.push(edge),
      onLost: () => void (lost += 1),
      ...change,
    });
  return { fake, driver, edges, input, lost: () => lost, setNow: (ms: number) => void (now = ms) };
}

describe('an input', () => {
  test('is requested with its bias, both edges and its polarity, without the debounce of the kernel', () => {
    const { fake, input } = setUp();
    expect(input().read()).toBe(false);
    expect(fake.flagsOf(header, 17)).toBe(
      flags.input | flags.edgeRising | flags.edgeFalling | flags.biasPullUp | flags.activeLow,
    );
  });

  test('delivers its edges with the agent’s time, as soon as the kernel has them', () => {
    const { fake, input, edges } = setUp();
    input();
    fake.change(header, 17, false, aheadMs + 100.25);
    fake.change(header, 17, true, aheadMs + 180.5);
    fake.deliver();
    expect(edges).toEqual([
      { pressed: true, at: 100.25 },
      { pressed: false, at: 180.5 },
    ]);
  });

  test('delivers waiting edges before it answers a read, and answers with the level after them', () => {
    const { fake, input, edges } = setUp();
    const button = input();
    fake.change(header, 17, false, aheadMs + 100);
    expect(button.read()).toBe(true);
    expect(edges).toEqual([{ pressed: true, at: 100 }]);
  });

  test('delivers more edges than one read returns', () => {
    const { fake, input, edges } = setUp();
    const button = input();
    for (let index = 0; index < 1000; index += 1) fake.change(header, 17, index % 2 === 1, aheadMs + index);
    button.read();
    expect(edges.map(({ at }) => at)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  });

  test('says with the first edge after a gap how many were lost, even if the count restarts', () => {
    const { fake, input, edges } = setUp();
    input();
    fake.change(header, 17, false, aheadMs + 1);
    for (let index = 0; index < 7; index += 1)
      fake.change(header, 17, index % 2 === 0, aheadMs + 2, { lose: true });
    fake.change(header, 17, false, aheadMs + 3);
    fake.deliver();
    expect(edges).toEqual([
      { pressed: true, at: 1 },
      { pressed: true, at: 3, lost: 7 },
    ]);
  });

  test('continues to count when the 32 bits of the kernel overflow', () => {
    const { fake, input, edges } = setUp();
    input();
    fake.setSequence(header, 17, 0xff_ff_ff_fe);
    fake.change(header, 17, false, aheadMs + 1);
    fake.change(header, 17, true, aheadMs + 2);
    fake.deliver();
    expect(edges.at(-1)).toEqual({ pressed: false, at: 2 });
  });

  test('is free after it is closed, also twice, and delivers nothing more', () => {
    const { fake, input, edges } = setUp();
    const button = input();
    button.close();
    button.close();
    fake.change(header, 17, false, aheadMs + 1);
    fake.deliver();
    expect(edges).toEqual([]);
    expect(fake.openFds()).toEqual([]);
    expect(input().read()).toBe(true);
  });
});

test('that changes faster than it can be read is a fault, and blocks nothing else', () => {
  const { fake, input, edges } = setUp();
  const button = input();
  for (let index = 0; index < 5000; index += 1)
    fake.change(header, 17, index % 2 === 1, aheadMs + index / 1000);
  fake.deliver();
  expect(edges.length).toBeLessThan(5000);
  expect(() => button.read()).toThrow('changes faster than it can be read');
});

describe('an unplugged chip', () => {
  test('is noticed at once, without a busy loop, and every read reports it', () => {
    const { fake, input, lost } = setUp();
    const button = input();
    fake.unplug(header);
    fake.deliver();
    fake.deliver();
    expect(lost()).toBe(1);
    expect(() => button.read()).toThrow(
      'line 17 (GPIO17) of /dev/gpiochip0 [pinctrl-bcm2711, 32 lines] is gone',
    );
    button.close();
    expect(fake.openFds()).toEqual([]);
  });

  test('is also noticed by a read and by a check if the kernel does not report it', () => {
    const { driver, fake, input } = setUp();
    const button = input();
    const led = driver.openOutput({ line: 27, activeLow: false });
    fake.unplug(header);
    for (const use of [() => button.read(), () => led.check(), () => led.write(true)])
      expect(use).toThrow(/is gone: the chip was unplugged or its driver unbound/);
  });

  test('is found under another number when it returns, if it is named by its label', () => {
    const { fake, input } = setUp([header, expander], 'usb');
    const usb = chipWith('/dev/gpiochip2', 'usb');
    fake.plug(usb);
    const first = input({ pull: 'off' });
    fake.unplug(usb);
    first.close();
    expect(() => input()).toThrow('no GPIO chip is labelled "usb"');
    fake.plug(chipWith('/dev/gpiochip5', 'usb'));
    expect(input().where).toBe('line 17 of /dev/gpiochip5 [usb, 32 lines]');
  });
});

describe('an output', () => {
  for (const activeLow of [false, true])
    test(`is off from the first moment on, and lit by ${activeLow ? 'low' : 'high'}`, () => {
      const { driver, fake } = setUp();
      const led = driver.openOutput({ line: 27, activeLow });
      expect(fake.level(header, 27)).toBe(activeLow);
      led.write(true);
      expect(fake.level(header, 27)).toBe(!activeLow);
      led.close();
      expect(fake.level(header, 27)).toBe(!activeLow);
    });
});

describe('a line', () => {
  test('may be given by name', () => {
    const { input } = setUp();
    expect(input({ line: 'GPIO17' }).where).toBe('line GPIO17 of /dev/gpiochip0 [pinctrl-bcm2711, 32 lines]');
  });

  test.each([
    [{ line: 4 }, 'line 4 (GPIO4) of /dev/gpiochip0 [pinctrl-bcm2711, 32 lines] is in use by "onewire@0"'],
    [
      { line: 32 },
      'there is no line 32 on /dev/gpiochip0 [pinctrl-bcm2711, 32 lines]: its lines are 0 to 31',
    ],
    [{ line: 'GPIO99' }, 'no line is named "GPIO99"'],
    [{ line: 'GPIO99' }, 'the names are GPIO4, GPIO17'],
    [{ line: 'TWICE' }, 'several lines are named "TWICE"'],
    [{ line: 'GPIO17', chip: '1' }, 'its lines have no names'],
    [{ chip: '7' }, '/dev/gpiochip7 cannot be opened: there is no such chip (ENOENT)'],
    [
      { chip: 'pinctrl-rp1' },
      'no GPIO chip is labelled "pinctrl-rp1"; the chips are /dev/gpiochip0 [pinctrl-bcm2711, 32 lines], /dev/gpiochip1',
    ],
  ])('with the address %o is refused, and the error names the existing choices', (address, message) => {
    const { fake, input } = setUp();
    expect(() => input(address)).toThrow(HardwareError);
    expect(() => input(address)).toThrow(message);
    expect(fake.openFds()).toEqual([]);
  });

  test('that is opened twice is reported as in use by this agent', () => {
    const { input } = setUp();
    input();
    expect(() => input()).toThrow('in use by "release-button test"');
  });

  test.each([
    ['EACCES', 'sudo usermod -aG gpio $USER'],
    ['EPERM', '--group-add'],
  ])('of a chip without permission (%s) is refused with the remedy', (code, remedy) => {
    const { fake, input } = setUp();
    fake.refuse('/dev/gpiochip0', code);
    expect(() => input({ chip: '0' })).toThrow(remedy);
    fake.refuse('/dev/gpiochip1', code);
    expect(() => input()).toThrow(remedy);
  });
});

describe('the default chip', () => {
  const find = (chips: readonly FakeChip[], chipName?: string) => {
    const fake = createFakeKernel(chips);
    return findChip(fake.kernel, chipName, fake.paths());
  };
  const otherChip = chipWith('/dev/gpiochip3', 'gpio-brcmstb');
  const rp1 = chipWith('/dev/gpiochip4', 'pinctrl-rp1');

  test('is the one with the header of a Raspberry Pi, whatever its number', () => {
    expect(find([otherChip, rp1])).toBe('/dev/gpiochip4');
    expect(find([expander, header])).toBe('/dev/gpiochip0');
  });

  test('is the only one, if there is only one', () => {
    expect(find([otherChip])).toBe('/dev/gpiochip3');
  });

  test('is not the only readable chip if another chip may not be opened', () => {
    const fake = createFakeKernel([otherChip, expander]);
    fake.refuse(otherChip.path, 'EACCES');
    expect(() => findChip(fake.kernel, undefined, fake.paths())).toThrow('sudo usermod -aG gpio $USER');
  });

  test('is not guessed among several', () => {
    expect(() => find([otherChip, expander])).toThrow(
      'This machine has several, and none of them is known to be that of a header: /dev/gpiochip3 [gpio-brcmstb, 32 lines], /dev/gpiochip1',
    );
    expect(() => find([])).toThrow('This machine has none');
  });

  test.each(['4', '/dev/gpiochip4', 'gpiochip4', 'pinctrl-rp1'])('is found as %s if it is named', (name) => {
    expect(find([otherChip, rp1], name)).toBe('/dev/gpiochip4');
  });
});

test('a closed driver has closed its lines and waits for nothing, and it can be opened again', () => {
  const { driver, fake, input } = setUp();
  driver.open();
  input();
  driver.openOutput({ line: 27, activeLow: false });
  driver.close();
  driver.close();
  expect(fake.openFds()).toEqual([]);
  expect(fake.watchedFds()).toEqual([]);
  expect(fake.stops()).toBeGreaterThan(0);
  expect(input().read()).toBe(false);
});

test('the driver does not open on a machine without a chip', () => {
  expect(() => setUp([]).driver.open()).toThrow('there is no GPIO chip here');
});

test('koffi is never loaded on ARMv6, where it would end the process', () => {
  expect(koffiCanRun('arm', '6')).toBe(false);
  expect(koffiCanRun('arm', 6)).toBe(false);
  expect(koffiCanRun('arm', '7')).toBe(true);
  expect(koffiCanRun('arm64', undefined)).toBe(true);
  expect(koffiCanRun('x64', undefined)).toBe(true);
});
