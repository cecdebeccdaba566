// Pins through the kernel's character device: edges with the kernel's time stamps, exclusive lines, and the kernel's error
// messages. For the Raspberry Pi 5 and every other Linux board. The kernel's own debounce stays off.
import { codeOf, messageOf } from '../../../service/log.ts';
import { HardwareError } from '../driver.ts';
import type {
  GpioDriver,
  GpioInput,
  GpioOutput,
  InputOptions,
  LineAddress,
  OutputOptions,
} from '../driver.ts';
import { chipPaths, describeChip, findChip, openChip } from './chips.ts';
import type { Chip } from './chips.ts';
import { SystemError } from './kernel.ts';
import type { Kernel } from './kernel.ts';
import {
  flags,
  lineEventsOf,
  lineFdOf,
  lineInfoOf,
  lineInfoRequest,
  lineRequest,
  lineValues,
  requests,
  sizes,
  valueOf,
} from './uapi.ts';

export interface GpiochipOptions {
  readonly kernel: Kernel;
  /** The agent's clock. Edges have its times. */
  readonly monotonic: () => number;
  /** CLOCK_MONOTONIC in ms, the time line of the kernel. */
  readonly kernelMonotonic: () => number;
  /** The kernel shows this name to everybody who wants the line. */
  readonly consumer: string;
  /** agent.chip */
  readonly chip?: string;
  /** Paths of the chips of the machine; for tests. */
  readonly paths?: () => readonly string[];
}

/** Number of edges for one read. The kernel holds up to 1,024 for a line. */
const edgesAtOnce = 64;

/** Number of reads in a row: twice what the kernel holds. A line with more edges changes faster than it can be read. */
const readsInARow = 32;

const biases = { up: flags.biasPullUp, down: flags.biasPullDown, off: flags.biasDisabled } as const;

interface Line {
  readonly fd: number;
  readonly where: string;
}

export function createGpiochipDriver(options: GpiochipOptions): GpioDriver {
  const { kernel, consumer, paths = chipPaths } = options;
  const open = new Set<() => void>();

  const request = (address: LineAddress, lineFlags: number, value?: boolean): Line => {
    const path = findChip(kernel, address.chip ?? options.chip, paths());
    const { fd, chip } = openChip(kernel, path);
    try {
      const offset = offsetOf(kernel, fd, chip, address.line);
      const info = lineInfo(kernel, fd, offset);
      const named = info.name === '' || info.name === address.line ? '' : ` (${info.name})`;
      const where = `line ${address.line}${named} of ${describeChip(chip)}`;
      const buffer = lineRequest({
        offset,
        consumer,
        flags: lineFlags,
        ...(value === undefined ? {} : { value }),
      });
      try {
        kernel.ioctl(fd, requests.line, buffer);
      } catch (error) {
        throw new HardwareError(`${where} ${refused(error, lineInfo(kernel, fd, offset).consumer)}`);
      }
      return { fd: lineFdOf(buffer), where };
    } finally {
      kernel.close(fd);
    }
  };

  /** Describes a failed call on an open line. */
  const broken = (where: string, error: unknown) =>
    new HardwareError(
      codeOf(error) === 'ENODEV'
        ? `${where} is gone: the chip was unplugged or its driver unbound`
        : `${where} cannot be used: ${messageOf(error)}`,
    );

  /** The shared part of inputs and outputs: closes the line once. */
  const closing = ({ fd }: Line) => {
    const close = () => {
      if (!open.delete(close)) return;
      kernel.unwatch(fd);
      kernel.close(fd);
    };
    open.add(close);
    return close;
  };

  const openInput = (input: InputOptions): GpioInput => {
    const line = request(
      input,
      flags.input | flags.edgeRising | flags.edgeFalling | biases[input.pull] | polarity(input.activeLow),
    );
    const { fd, where } = line;
    const close = closing(line);
    const behind = timeBehind(options);
    const buffer = Buffer.alloc(edgesAtOnce * sizes.lineEvent);
    let sequence = 0;
    let failed: HardwareError | undefined;

    /** Reports every waiting edge. @returns the level after the last one, if any, and whether all were read */
    const drain = (): { readonly level: boolean | undefined; readonly all: boolean } => {
      let level: boolean | undefined;
      for (let reads = 0; reads < readsInARow && open.has(close); reads += 1) {
        const bytes = kernel.read(fd, buffer);
        for (const edge of lineEventsOf(buffer, bytes)) {
          const lost = (edge.sequence - sequence - 1) >>> 0;
          ({ sequence } = edge);
          level = edge.active;
          input.onEdge({
            pressed: edge.active,
            at: edge.monotonicMs - behind,
            ...(lost === 0 ? {} : { lost }),
          });
        }
        if (bytes < buffer.length) return { level, all: true };
      }
      return { level, all: !open.has(close) };
    };

    const fail = (error: unknown): HardwareError => {
      failed ??= broken(where, error);
      kernel.unwatch(fd);
      return failed;
    };

    try {
      kernel.setNonBlocking(fd);
      kernel.watch(fd, (gone) => {
        try {
          // If edges remain, the kernel calls this again. Other work gets its turn in between.
          drain();
          if (!gone) return;
          fail(new SystemError({ call: 'epoll_wait', code: 'ENODEV' }));
        } catch (error) {
          fail(error);
        }
        input.onLost();
      });
    } catch (error) {
      close();
      throw broken(where, error);
    }

    return {
      where,
      edges: true,
      read: () => {
        if (failed !== undefined) throw failed;
        try {
          const values = lineValues();
          kernel.ioctl(fd, requests.getValues, values);
          // Read the level first and the edges after it. So an edge in between is known, and newer than the level.
          const { level, all } = drain();
          if (!all)
            throw new Error(
              'it changes faster than it can be read: look for noise, or a signal on this line',
            );
          return level ?? valueOf(values);
        } catch (error) {
          throw fail(error);
        }
      },
      close,
    };
  };

  const openOutput = ({ activeLow, ...address }: OutputOptions): GpioOutput => {
    const line = request(address, flags.output | polarity(activeLow), false);
    const { fd, where } = line;
    const close = closing(line);
    const call = (number: number, values: Buffer) => {
      try {
        kernel.ioctl(fd, number, values);
      } catch (error) {
        throw broken(where, error);
      }
    };
    return {
      where,
      write: (on) => call(requests.setValues, lineValues(on)),
      check: () => call(requests.getValues, lineValues()),
      close,
    };
  };

  return {
    name: 'gpiochip',
    simulated: false,
    // Each line finds its chip again, because a chip that was unplugged may return under another number.
    open: () => {
      if (paths().length === 0)
        throw new HardwareError(
          'there is no GPIO chip here (no /dev/gpiochip0); in a container pass it with --device /dev/gpiochip0',
        );
    },
    openInput,
    openOutput,
    close: () => {
      for (const close of open) close();
      kernel.stop();
    },
  };
}

function polarity(activeLow: boolean): number {
  return activeLow ? flags.activeLow : 0;
}

/**
 * How far the agent's time line is behind the kernel's, in ms. Both use the same clock, so this never changes. Of a few
 * samples the least interrupted one counts.
 */
function timeBehind({ monotonic, kernelMonotonic }: GpiochipOptions): number {
  const looks = [0, 1, 2].map(() => {
    const before = monotonic();
    const kernel = kernelMonotonic();
    const after = monotonic();
    return { tookMs: after - before, behind: kernel - (before + after) / 2 };
  });
  return looks.reduce((best, look) => (look.tookMs < best.tookMs ? look : best)).behind;
}

function lineInfo(kernel: Kernel, fd: number, offset: number) {
  const buffer = lineInfoRequest(offset);
  kernel.ioctl(fd, requests.lineInfo, buffer);
  return lineInfoOf(buffer);
}

function offsetOf(kernel: Kernel, fd: number, chip: Chip, line: number | string): number {
  if (typeof line === 'number') {
    if (line < chip.lines) return line;
    throw new HardwareError(
      `there is no line ${line} on ${describeChip(chip)}: its lines are 0 to ${chip.lines - 1}`,
    );
  }
  const names = Array.from({ length: chip.lines }, (_, offset) => lineInfo(kernel, fd, offset).name);
  const offset = names.indexOf(line);
  if (offset === -1) {
    const named = names.filter((name) => name !== '');
    throw new HardwareError(
      `no line is named ${JSON.stringify(line)} on ${describeChip(chip)}: ${
        named.length === 0 ? 'its lines have no names, use numbers' : `the names are ${named.join(', ')}`
      }`,
    );
  }
  if (names.includes(line, offset + 1))
    throw new HardwareError(
      `several lines are named ${JSON.stringify(line)} on ${describeChip(chip)}: use the number`,
    );
  return offset;
}

function refused(error: unknown, holder: string): string {
  const code = codeOf(error);
  if (code === 'EBUSY')
    return `is in use by ${holder === '' ? 'a program that gave no name' : JSON.stringify(holder)}: stop that program, remove the device tree overlay that uses the pin (SPI, I2C, UART, 1-Wire), or use another line`;
  if (code === 'EINVAL' || code === 'ENXIO' || code === 'ENOTSUP')
    return `cannot be used as configured (${code}): perhaps the chip has no interrupts on this line, which a button needs, or no such resistor (set pull: off, and use a resistor of your own)`;
  return `cannot be opened: ${messageOf(error)}`;
}
