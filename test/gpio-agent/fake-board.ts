// A board that consists only of a device tree and GPIO registers. A process on it runs the real native code of rpio, and
// the registers are words in a file. The registers have no effects as on a chip, where a level follows its output.
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, type Running, type Workplace } from '../support/processes.ts';

export interface BoardFacts {
  readonly model: string;
  readonly compatible: readonly string[];
  /**
   * The words of /proc/device-tree/soc/ranges, by which the C code of rpio recognizes the chip (src/bcm2835.c,
   * bcm2835_init).
   */
  readonly ranges?: readonly number[];
  /** False: the kernel has no /dev/gpiomem. */
  readonly gpiomem?: boolean;
}

/** The addresses in bcm2835.dtsi and bcm2711.dtsi of Linux. */
export const boards = {
  zeroW: {
    model: 'Raspberry Pi Zero W Rev 1.1',
    compatible: ['raspberrypi,model-zero-w', 'brcm,bcm2835'],
    ranges: [0x7e00_0000, 0x2000_0000, 0x0200_0000],
  },
  four: {
    model: 'Raspberry Pi 4 Model B Rev 1.4',
    compatible: ['raspberrypi,4-model-b', 'brcm,bcm2711'],
    ranges: [0x7e00_0000, 0, 0xfe00_0000, 0x0180_0000],
  },
  five: {
    model: 'Raspberry Pi 5 Model B Rev 1.0',
    compatible: ['raspberrypi,5-model-b', 'brcm,bcm2712'],
  },
  orangePi: {
    model: 'Xunlong Orange Pi Zero',
    compatible: ['xunlong,orangepi-zero', 'allwinner,sun8i-h2-plus'],
  },
  libre: {
    model: 'Libre Computer AML-S905X-CC',
    compatible: ['libretech,aml-s905x-cc', 'amlogic,s905x', 'amlogic,meson-gxl'],
  },
} as const satisfies Record<string, BoardFacts>;

/** Offsets of the registers in bytes (BCM2835 ARM Peripherals, 6.1; BCM2711 ARM Peripherals, 5.2). */
export const register = {
  /** Function select of lines 10 to 19, three bits for each line: 000 is input, 001 is output. */
  GPFSEL1: 0x04,
  /** Function select of lines 20 to 29. */
  GPFSEL2: 0x08,
  GPSET0: 0x1c,
  GPCLR0: 0x28,
  /** Levels, one bit for each line. */
  GPLEV0: 0x34,
  /** BCM2835 to BCM2837: the pull for the lines in the next register; 2 is up. */
  GPPUD: 0x94,
  GPPUDCLK0: 0x98,
  /** BCM2711: pulls of lines 16 to 31, two bits for each line; 01 is up, 10 is down. */
  GPIO_PUP_PDN_CNTRL_REG1: 0xe8,
} as const;

export interface Registers {
  read(offset: number): number;
  /** Reads two adjacent words at the same time. */
  readPair(offset: number): readonly [number, number];
  write(offset: number, word: number): void;
}

export interface FakeBoard {
  /** At first all lines are high, like open contacts with a pull-up. */
  readonly registers: Registers;
  /** Starts `release-button …` on the board. */
  start(args: readonly string[]): Running;
  /** Starts a Node script on the board. */
  script(path: string, args: readonly string[]): Running;
}

/** Makes a board that lasts as long as the workplace. */
export function createFakeBoard(workplace: Workplace, facts: BoardFacts): FakeBoard {
  const folder = mkdtempSync(join(workplace.directory, 'board-'));
  const registers = furnish(folder, facts);
  const run = (args: readonly string[]) => {
    const [program, ...rest] = onBoard(folder, [process.execPath, ...args]);
    return workplace.spawn(program, rest);
  };
  return {
    registers,
    start: (args) => run([command, ...args]),
    script: (path, args) => run([path, ...args]),
  };
}

/** Why this machine cannot run a fake board; undefined if it can. Where CI must run all tests, this is an error. */
export const noFakeBoard: string | undefined = required(whyNot());

function whyNot(): string | undefined {
  if (!existsSync(join(import.meta.dirname, '../../node_modules/rpio/build/Release/rpio.node')))
    return 'rpio is not compiled here';
  const folder = mkdtempSync(join(tmpdir(), 'release-button-board-'));
  try {
    furnish(folder, boards.zeroW);
    const [program, ...args] = onBoard(folder, ['cat', '/proc/device-tree/model']);
    const { error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    if (error !== undefined) return 'unshare is not installed';
    return stdout.startsWith(boards.zeroW.model) ? undefined : `unshare may not mount here: ${stderr.trim()}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function required(reason: string | undefined): string | undefined {
  if (reason !== undefined && process.env['CI'] !== undefined)
    throw new Error(`${reason}, and with CI set no test is skipped`);
  return reason;
}

/** Wraps a command so that it runs on the board. Private mounts need root, or a user namespace. */
function onBoard(folder: string, commandLine: readonly string[]): readonly [string, ...string[]] {
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const script = join(import.meta.dirname, 'in-fake-board.sh');
  return ['unshare', ...asRoot, '--mount', 'sh', script, folder, ...commandLine];
}

function furnish(folder: string, { model, compatible, ranges, gpiomem = true }: BoardFacts): Registers {
  const tree = join(folder, 'device-tree');
  mkdirSync(join(tree, 'soc'), { recursive: true });
  writeFileSync(join(tree, 'model'), `${model}\0`);
  writeFileSync(join(tree, 'compatible'), compatible.map((name) => `${name}\0`).join(''));
  if (ranges !== undefined) {
    const bytes = Buffer.alloc(ranges.length * 4);
    ranges.forEach((word, index) => bytes.writeUInt32BE(word, index * 4));
    writeFileSync(join(tree, 'soc/ranges'), bytes);
  }
  // rpio maps more than this page, but uses only this page.
  const path = join(folder, gpiomem ? 'gpiomem' : 'unused');
  writeFileSync(path, Buffer.alloc(4096));
  const registers = registersIn(path);
  registers.write(register.GPLEV0, 0xffff_ffff);
  return registers;
}

function registersIn(path: string): Registers {
  const withFile = <T>(use: (fd: number) => T): T => {
    const fd = openSync(path, 'r+');
    try {
      return use(fd);
    } finally {
      closeSync(fd);
    }
  };
  const bytes = Buffer.alloc(8);
  const readPair = (offset: number) => {
    withFile((fd) => readSync(fd, bytes, 0, 8, offset));
    return [bytes.readUInt32LE(0), bytes.readUInt32LE(4)] as const;
  };
  return {
    read: (offset) => readPair(offset)[0],
    readPair,
    write: (offset, word) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(word);
      withFile((fd) => writeSync(fd, bytes, 0, 4, offset));
    },
  };
}
