// The layer between driver and debouncer: lost edges, lost lines, and a process that is paused at the wrong moment.
import { describe, expect, test } from 'vitest';
import { HardwareError, type GpioInput, type InputOptions } from '../../gpio-agent/drivers/driver.ts';
import { createSettledInput } from '../../gpio-agent/settled-input.ts';
import { silentLog } from '../../service/log.ts';
import { createFakeClock } from '../support/fake-clock.ts';

function setUp({ edges = true } = {}) {
  const clock = createFakeClock();
  const changes: { pressed: boolean; since: number }[] = [];
  const pin = {
    pressed: false,
    reads: 0,
    gone: false,
    /** How long the process is paused while it reads. */
    pauseMs: 0,
    callbacks: undefined as Pick<InputOptions, 'onEdge' | 'onLost'> | undefined,
  };
  let lost = 0;
  const openInput = (options: InputOptions): GpioInput => {
    if (pin.gone) throw new HardwareError('gone');
    pin.callbacks = options;
    return {
      where: 'a line',
      edges,
      read: () => {
        pin.reads += 1;
        const { pressed } = pin;
        if (pin.gone) throw new HardwareError('gone');
        clock.advance(pin.pauseMs);
        return pressed;
      },
      close: () => undefined,
    };
  };
  const input = createSettledInput({
    name: 'button main',
    config: { line: 17, pull: 'up', activeLow: true },
    times: { pressMs: 30, releaseMs: 30 },
    sampleMs: 5,
    driver: {
      name: 'test',
      simulated: false,
      open: () => undefined,
      openInput,
      openOutput: () => {
        throw new Error('not asked for');
      },
      close: () => undefined,
    },
    clock,
    log: silentLog(),
    health: { ok: () => undefined, bad: () => undefined },
    lineHealth: { ok: () => undefined, bad: () => undefined },
    onBounces: () => undefined,
    onLostEdges: (count) => void (lost += count),
    onTransition: ({ pressed, since, initial }) => {
      if (!initial) changes.push({ pressed, since });
    },
    onLook: () => undefined,
    onReset: () => undefined,
    onEdge: () => undefined,
  });
  input.open();
  for (let ms = 0; ms < 100; ms += 5) {
    clock.advance(5);
    input.poll();
  }
  return { clock, input, pin, changes, lost: () => lost };
}

test('lost edges are counted, and the line is read at once', () => {
  const { clock, input, pin, changes, lost } = setUp();
  pin.callbacks?.onEdge({ pressed: true, at: clock.monotonic() });
  pin.callbacks?.onEdge({ pressed: false, at: clock.monotonic() + 1, lost: 7 });
  // The last edges are the lost ones, so only a read shows that the line is pressed.
  pin.pressed = true;
  expect(lost()).toBe(7);
  expect(input.nextAt).toBeLessThanOrEqual(clock.monotonic());
  clock.advance(2);
  const foundAt = clock.monotonic();
  input.poll();
  clock.advance(30);
  input.poll();
  expect(changes).toEqual([{ pressed: true, since: foundAt }]);
});

test('a lost line is checked at once, and is a fault', () => {
  const { clock, input, pin } = setUp();
  pin.gone = true;
  pin.callbacks?.onLost();
  expect(input.nextAt).toBeLessThanOrEqual(clock.monotonic());
  input.poll();
  expect(input.fault).toBe('gone');
  expect(input.nextAt).toBe(clock.monotonic() + 1000);
});

for (const edges of [true, false])
  test(`a spike is not longer because the process was paused while it read (${edges ? 'edges' : 'samples'})`, () => {
    const { clock, input, pin, changes } = setUp({ edges });
    pin.pressed = true;
    // The read that finds the line pressed takes 25 ms. The line is released 10 ms later.
    pin.pauseMs = 25;
    input.poll();
    pin.pauseMs = 0;
    clock.advance(9);
    input.poll();
    pin.pressed = false;
    clock.advance(1);
    input.poll();
    clock.advance(100);
    input.poll();
    expect(changes).toEqual([]);
  });

describe('a sampled pin', () => {
  test('has held no level while it was not sampled for long: two spikes around the pause are not a press', () => {
    const { clock, input, pin, changes } = setUp({ edges: false });
    for (const pauseMs of [200, 5, 31, 1000]) {
      pin.pressed = true;
      input.poll();
      clock.advance(pauseMs);
      input.poll();
      pin.pressed = false;
      clock.advance(5);
      input.poll();
    }
    for (let ms = 0; ms < 100; ms += 5) {
      clock.advance(5);
      input.poll();
    }
    expect(changes).toEqual([]);
  });

  test('settles after a pause if it stays held', () => {
    const { clock, input, pin, changes } = setUp({ edges: false });
    pin.pressed = true;
    input.poll();
    clock.advance(200);
    const resumedAt = clock.monotonic();
    for (let ms = 0; ms <= 30; ms += 5) {
      input.poll();
      clock.advance(5);
    }
    expect(changes).toEqual([{ pressed: true, since: resumedAt }]);
  });

  test('that does not change is only read', () => {
    const { input, pin } = setUp({ edges: false });
    const before = pin.reads;
    expect(input.poll()).toBe(false);
    expect(pin.reads).toBe(before + 1);
    pin.pressed = true;
    expect(input.poll()).toBe(true);
  });
});
