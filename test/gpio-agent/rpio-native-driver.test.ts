// The driver rpio with the real native code of rpio, and the same code without the checks of the driver, on boards with
// registers only (fake-board.ts). Uses the compiled code (`npm run build`).
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createWorkplace, type Workplace } from '../support/processes.ts';
import { until } from '../support/wait.ts';
import { boards, createFakeBoard, noFakeBoard, register, type BoardFacts } from './fake-board.ts';

let workplace: Workplace;
beforeEach(() => {
  workplace = createWorkplace();
});
afterEach(() => workplace.clear());

describe.skipIf(noFakeBoard !== undefined)(
  `the rpio driver on rpio's native code${noFakeBoard === undefined ? '' : ` (skipped: ${noFakeBoard})`}`,
  () => {
    const run = (facts: BoardFacts, scenario: string) => {
      const board = createFakeBoard(workplace, facts);
      const child = board.script(join(import.meta.dirname, 'rpio-native.child.mjs'), [scenario]);
      return { registers: board.registers, child };
    };

    test('sets the pull of line 17 alone before the Raspberry Pi 4, with the timing of the older chips', async () => {
      const { registers } = run(boards.zeroW, 'opens an input again and again');
      const line = String(1 << 17);
      const observed = new Set<string>();
      // The steps take some 10 us each. So the line is opened repeatedly until the observer was fast enough.
      await until('the pull to be set', () => {
        for (let attempts = 0; attempts < 1000; attempts += 1)
          observed.add(registers.readPair(register.GPPUD).join(' '));
        return observed.has(`2 ${line}`);
      });
      expect(
        [...observed].filter((step) => !['0 0', '2 0', `2 ${line}`, `0 ${line}`].includes(step)),
      ).toEqual([]);
    });

    test('begins an output with the level that is off, whatever the polarity of its LED', async () => {
      const { registers, child } = run(boards.four, 'opens two outputs');
      expect(await child.exited).toEqual({ code: 0, signal: null });
      expect(child.output()).toContain('["line 27 (GPIO27), by rpio","line 22 (GPIO22), by rpio"]');
      expect(registers.read(register.GPCLR0)).toBe(1 << 27);
      expect(registers.read(register.GPSET0)).toBe(1 << 22);
      expect(registers.read(register.GPFSEL2).toString(8)).toBe('10000100');
    });

    test('leaves one mapping and no listener after it was opened and closed many times', async () => {
      const { child } = run(boards.zeroW, 'opens and closes the driver');
      expect(await child.exited).toEqual({ code: 0, signal: null });
      expect(JSON.parse(child.output())).toEqual({
        mappings: 1,
        exitListeners: 0,
        warnListeners: 0,
        pressed: false,
      });
    });

    test('makes reading after closing an error, while rpio alone ends the process', async () => {
      const alone = run(boards.zeroW, 'reads after closing, by rpio alone').child;
      expect((await alone.exited).signal).toBe('SIGSEGV');
      const { child } = run(boards.zeroW, 'reads after closing');
      expect(await child.exited).toEqual({ code: 0, signal: null });
      expect(child.output()).toContain('HardwareError: line 17 (GPIO17) is closed');
    });

    test('does not open a line that the header of the board lacks', async () => {
      const { child } = run(boards.zeroW, 'opens a line that the header lacks');
      expect(await child.exited).toEqual({ code: 0, signal: null });
      expect(child.output()).toContain(
        'HardwareError: line 28 (GPIO28) cannot be opened: as far as rpio knows, it is not on the header',
      );
    });

    test('refuses a Raspberry Pi 5, which rpio alone takes for another board', async () => {
      const { child } = run(boards.five, 'reads by rpio alone');
      expect(await child.exited).toEqual({ code: 0, signal: null });
      expect(child.output()).toBe('1\n');
    });

    test('refuses an unknown board, on which rpio alone only pretends and reads 0', async () => {
      const { child } = run(boards.libre, 'reads by rpio alone');
      expect(await child.exited).toEqual({ code: 0, signal: null });
      expect(child.output()).toMatch(/mock mode[\s\S]*^0$/m);
    });
  },
);
