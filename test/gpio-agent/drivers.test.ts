import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { HardwareError, type Edge } from '../../gpio-agent/drivers/driver.ts';
import { createSimulatedDriver } from '../../gpio-agent/drivers/simulated.ts';
import { createFakeClock } from '../support/fake-clock.ts';

class FakeTerminal extends EventEmitter {
  readonly isTTY: boolean;
  raw = false;
  flowing = false;
  constructor(isTTY = true) {
    super();
    this.isTTY = isTTY;
  }
  setRawMode(raw: boolean) {
    this.raw = raw;
  }
  resume() {
    this.flowing = true;
  }
  pause() {
    this.flowing = false;
  }
}

interface Given {
  readonly isTTY?: boolean;
  readonly lines?: readonly number[];
  readonly holdForMs?: number;
}

function setUp({ isTTY = true, lines = [17, 5], holdForMs }: Given = {}) {
  const clock = createFakeClock();
  const terminal = new FakeTerminal(isTTY);
  let interrupts = 0;
  const driver = createSimulatedDriver({
    clock,
    keyboard: { input: terminal, onInterrupt: () => void (interrupts += 1) },
    ...(holdForMs === undefined ? {} : { holdForMs }),
  });
  driver.open();
  const edges: (Edge & { readonly line: number })[] = [];
  for (const line of lines)
    driver.openInput({
      line,
      pull: 'up',
      activeLow: true,
      onEdge: (edge) => void edges.push({ ...edge, line }),
      onLost: () => undefined,
    });
  const type = (text: string) => terminal.emit('data', Buffer.from(text));
  return { clock, terminal, driver, edges, type, interrupts: () => interrupts };
}

describe('the keys of a terminal', () => {
  test('end without an error if the terminal is closed', () => {
    const { terminal, driver } = setUp();
    const disconnect = () => terminal.emit('error', Object.assign(new Error('read EIO'), { code: 'EIO' }));
    expect(disconnect).not.toThrow();
    driver.close();
    expect(disconnect).not.toThrow();
  });

  test('press the first button for 150 ms (space) and the nth button (digit n)', () => {
    const { clock, edges, type } = setUp();
    type(' ');
    clock.advance(150);
    type('2');
    clock.advance(150);
    expect(edges).toEqual([
      { line: 17, pressed: true, at: 0 },
      { line: 17, pressed: false, at: 150 },
      { line: 5, pressed: true, at: 150 },
      { line: 5, pressed: false, at: 300 },
    ]);
  });

  test('hold the first button for the configured time, which is long enough for a hold by default (h)', () => {
    const { clock, edges, type } = setUp({ holdForMs: 5000 });
    type('h');
    clock.advance(5000);
    expect(edges).toEqual([
      { line: 17, pressed: true, at: 0 },
      { line: 17, pressed: false, at: 5000 },
    ]);
    const usual = setUp();
    usual.type('h');
    usual.clock.advance(1000);
    expect(usual.edges).toHaveLength(1);
    usual.clock.advance(1000);
    expect(usual.edges).toHaveLength(2);
  });

  test('press nothing for a digit without a button, other keys and escape sequences', () => {
    const { edges, type } = setUp();
    for (const text of ['3', '0', 'x', '\n', '\u001B[1;5C']) type(text);
    expect(edges).toEqual([]);
  });

  test('press nothing if text is pasted, and the process goes on, whatever the text is', () => {
    const { edges, interrupts, type } = setUp();
    type('mosquitto_pub -q 1 -m press\r');
    expect(edges).toEqual([]);
    expect(interrupts()).toBe(0);
  });

  for (const [name, key] of [
    ['q', 'q'],
    ['Ctrl-C', '\u0003'],
  ] as const)
    test(`still end the process with ${name}`, () => {
      const { interrupts, type } = setUp();
      type(key);
      expect(interrupts()).toBe(1);
    });

  test('are read in raw mode while the driver is open, and the terminal is as before afterwards', () => {
    const { clock, driver, terminal, type } = setUp();
    expect(terminal).toMatchObject({ raw: true, flowing: true });
    type(' ');
    driver.close();
    driver.close();
    expect(terminal).toMatchObject({ raw: false, flowing: false });
    expect(terminal.listenerCount('data')).toBe(0);
    expect(clock.pendingTimers()).toBe(0);
  });

  test('are not read from a stream that is not a terminal, which is not changed', () => {
    const { driver, terminal } = setUp({ isTTY: false });
    expect(terminal).toMatchObject({ raw: false, flowing: false });
    expect(terminal.listenerCount('data')).toBe(0);
    driver.close();
    expect(terminal.flowing).toBe(false);
  });
});

describe('simulated pins', () => {
  test('can be opened only once at a time', () => {
    const { driver } = setUp({ lines: [17] });
    const openAgain = () =>
      driver.openInput({
        line: 17,
        pull: 'up',
        activeLow: true,
        onEdge: () => undefined,
        onLost: () => undefined,
      });
    expect(openAgain).toThrow(HardwareError);
    driver.close();
    expect(openAgain().read()).toBe(false);
  });

  test('are off when they are opened for a LED, and their level can be read back', () => {
    const { driver } = setUp();
    expect(driver.isLit(27)).toBeUndefined();
    const led = driver.openOutput({ line: 27, activeLow: false });
    expect(driver.isLit(27)).toBe(false);
    led.write(true);
    expect(driver.isLit(27)).toBe(true);
  });

  test('throw at every use if the test makes them fail', () => {
    const { driver } = setUp();
    const led = driver.openOutput({ line: 27, activeLow: false });
    driver.fail(27, 'burnt');
    expect(() => led.write(true)).toThrow('line 27 of the simulated driver: burnt');
    expect(() => driver.openOutput({ line: 27, activeLow: false })).toThrow(HardwareError);
  });
});
