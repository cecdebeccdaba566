// The pins of a Raspberry Pi 0 to 4 through the package rpio, which reads and writes the registers behind /dev/gpiomem. It is
// the only driver for ARMv6 (Raspberry Pi 1 and Zero). The kernel does not know that a line is in use here, and rpio does not
// know what the kernel or another program uses.
import { closeSync, openSync, statSync } from 'node:fs';
import { codeOf, messageOf } from '../../service/log.ts';
import type { Board } from './board.ts';
import { HardwareError } from './driver.ts';
import type {
  GpioDriver,
  GpioInput,
  GpioOutput,
  InputOptions,
  LineAddress,
  OutputOptions,
} from './driver.ts';
import { rpioKnows } from './rpio-boards.ts';
import type { RpioModule } from './rpio-module.ts';

export { loadRpio } from './rpio-module.ts';

interface OpenedLine {
  readonly line: number;
  readonly where: string;
  /** @throws HardwareError after the line or the driver was closed, because a native access would then end the process */
  check(): void;
  close(): void;
}

/**
 * Inputs are sampled. rpio's own `poll` also samples, every millisecond, and reports neither level nor time.
 * Errors say what to do. Only one driver of a process may be open, because rpio has one mapping.
 * @param options.gpiomemPath checked before rpio maps /dev/gpiomem, whose path is compiled in; for tests
 */
export function createRpioDriver(options: {
  readonly rpio: RpioModule;
  readonly board: Board;
  readonly gpiomemPath?: string;
}): GpioDriver {
  const { rpio, board, gpiomemPath = '/dev/gpiomem' } = options;
  /** The lines in use. Undefined: the registers are not mapped. Each start makes a new set, so that old lines stay closed. */
  let mapped: Set<number> | undefined;

  const open = () => {
    // A second `init` would map again and leak the first mapping (src/bcm2835.c, bcm2835_init).
    if (mapped !== undefined) return;
    if (!rpioKnows(board)) throw new HardwareError(unknownBoard(board));
    checkGpiomem(gpiomemPath);
    initialise(rpio, gpiomemPath);
    mapped = new Set();
  };

  const openLine = (address: LineAddress, mode: number, init: number): OpenedLine => {
    const line = lineOf(address);
    const name = `line ${line} (GPIO${line})`;
    const lines = mapped;
    if (lines === undefined) throw new HardwareError(`${name} cannot be opened: the rpio driver is not open`);
    if (lines.has(line)) throw new HardwareError(`${name} is already in use by this agent`);
    try {
      rpio.open(line, mode, init);
    } catch (error) {
      throw new HardwareError(refused(error, line, board));
    }
    lines.add(line);
    let closed = false;
    return {
      line,
      where: `${name}, by rpio`,
      check: () => {
        if (closed || mapped !== lines) throw new HardwareError(`${name} is closed`);
      },
      close: () => {
        if (closed || mapped !== lines) return;
        closed = true;
        lines.delete(line);
        rpio.close(line, rpio.PIN_PRESERVE);
      },
    };
  };

  const pulls = { up: rpio.PULL_UP, down: rpio.PULL_DOWN, off: rpio.PULL_OFF };

  const openInput = ({ pull, activeLow, ...address }: InputOptions): GpioInput => {
    const { line, where, check, close } = openLine(address, rpio.INPUT, pulls[pull]);
    return {
      where,
      edges: false,
      read: () => {
        check();
        return (rpio.read(line) === rpio.HIGH) !== activeLow;
      },
      close,
    };
  };

  const openOutput = ({ activeLow, ...address }: OutputOptions): GpioOutput => {
    const level = (on: boolean) => (on === activeLow ? rpio.LOW : rpio.HIGH);
    // rpio sets the level before it makes the line an output (lib/rpio.js, mode), so the LED does not flash.
    const { line, where, check, close } = openLine(address, rpio.OUTPUT, level(false));
    return {
      where,
      write: (on) => {
        check();
        rpio.write(line, level(on));
      },
      check,
      close,
    };
  };

  return {
    name: 'rpio',
    simulated: false,
    open,
    openInput,
    openOutput,
    close: () => {
      if (mapped === undefined) return;
      mapped = undefined;
      rpio.exit();
    },
  };
}

/** BCM numbers, and the names that the kernel gives to most lines. */
function lineOf({ line, chip }: LineAddress): number {
  if (chip !== undefined)
    throw new HardwareError(
      `line ${line} of ${chip}: the rpio driver knows only the Raspberry Pi's own pins; use agent.driver: gpiochip`,
    );
  if (typeof line === 'string') {
    const [, digits] = /^GPIO(0|[1-9]\d?)$/i.exec(line) ?? [];
    if (digits !== undefined) return Number(digits);
  } else if (Number.isInteger(line) && line >= 0) return line;
  throw new HardwareError(
    `line ${line}: the rpio driver takes BCM numbers (17) and names of the form GPIO17; for other names use agent.driver: gpiochip`,
  );
}

/** Opens the file as rpio will. Only opening asks a container's device rules; access(2) does not. */
function checkGpiomem(path: string): void {
  try {
    closeSync(openSync(path, 'r+'));
  } catch (error) {
    throw new HardwareError(unusable(error, path));
  }
}

function unusable(error: unknown, path: string): string {
  const code = codeOf(error);
  switch (code ?? '') {
    case 'ENOENT':
      return `${path}, through which rpio reaches the pins, does not exist: only the kernels of Raspberry Pi OS for a Raspberry Pi 0 to 4 have it. In a container pass \`--device ${path}\`; elsewhere use agent.driver: gpiochip`;
    case 'EACCES':
    case 'EPERM':
      return `this user may not read and write ${path}, through which rpio reaches the pins. Run \`sudo usermod -aG gpio $USER\`, and log in again. In a container pass \`--device ${path}\` and the group by its number, \`--group-add ${groupOf(path)}\``;
    default:
      return `${path}, through which rpio reaches the pins, cannot be opened: ${messageOf(error)}`;
  }
}

function groupOf(path: string): string {
  try {
    return String(statSync(path).gid);
  } catch {
    return '$(getent group gpio | cut -d: -f3)';
  }
}

function initialise(rpio: RpioModule, gpiomemPath: string): void {
  // For an unknown board rpio only warns and simulates. This listener also keeps the warning off stderr.
  const warnings: string[] = [];
  const listen = (message: unknown) => void warnings.push(String(message));
  rpio.on('warn', listen);
  try {
    // close_on_exit would add another listener to the process at each init.
    rpio.init({ mapping: 'gpio', gpiomem: true, mock: false, close_on_exit: false });
  } catch (error) {
    throw new HardwareError(
      `rpio cannot map the registers behind ${gpiomemPath}: ${messageOf(error)}; the previous line, which bcm2835_init wrote, says why`,
    );
  } finally {
    rpio.off('warn', listen);
  }
  if (warnings.length > 0)
    throw new HardwareError(
      `rpio would only simulate the pins here (${warnings.join('; ')}), so the agent does not use it: /proc/device-tree/model must be readable and name a Raspberry Pi 0 to 4`,
    );
}

function unknownBoard({ model, compatible }: Board): string {
  const board = model === '' ? 'a board without a name' : `a ${model}`;
  const chip = compatible.length === 0 ? '' : ` (${compatible.join(', ')})`;
  return `the rpio driver knows only the pins of a Raspberry Pi 0 to 4, and this is ${board}${chip}: use agent.driver: gpiochip`;
}

function refused(error: unknown, line: number, { model }: Board): string {
  const name = `line ${line} (GPIO${line})`;
  const message = messageOf(error);
  // Both texts come from rpio (lib/rpio.js, pin_to_gpio and check_sys_gpio).
  if (message.includes('is not valid'))
    return `${name} cannot be opened: as far as rpio knows, it is not on the header of this board (${model}). Use another BCM number`;
  if (message.includes('/sys/class/gpio'))
    return `${name} is in use by another program, which has exported it through /sys/class/gpio: stop that program, or run \`echo ${line} | sudo tee /sys/class/gpio/unexport\``;
  return `${name} cannot be opened: ${message}`;
}
