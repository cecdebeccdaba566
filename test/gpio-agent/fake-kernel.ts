// The system calls of a kernel with GPIO chips, for situations that a real kernel cannot produce on demand. Bytes and
// numbers are those of the real one. test/kernel/ tests the driver with a real kernel.
import { SystemError, type Kernel } from '../../gpio-agent/drivers/gpiochip/kernel.ts';
import { flags, requests, sizes } from '../../gpio-agent/drivers/gpiochip/uapi.ts';

export interface FakeLine {
  name?: string;
  /** The name of another process that holds the line. */
  consumer?: string;
}

export interface FakeChip {
  readonly path: string;
  readonly label: string;
  readonly lines: readonly FakeLine[];
}

interface OpenLine {
  readonly chip: FakeChip;
  readonly offset: number;
  readonly flags: number;
  events: { at: number; active: boolean; sequence: number }[];
  sequence: number;
  gone: boolean;
}

const nameAt = 32;
const requestConsumerAt = 256;

export function createFakeKernel(chips: readonly FakeChip[]) {
  const present = new Set(chips);
  const errors = new Map<string, string>();
  const open = new Map<number, FakeChip | OpenLine>();
  const watched = new Map<number, (gone: boolean) => void>();
  /** Electrical levels, by the path of the chip and the offset of the line. */
  const high = new Map<string, boolean>();
  let nextFd = 10;
  let stops = 0;

  const fail = (call: string, code: string): never => {
    throw new SystemError({ call, code });
  };
  const keyOf = ({ path }: FakeChip, offset: number) => `${path} ${offset}`;
  const isLine = (entry: FakeChip | OpenLine | undefined): entry is OpenLine =>
    entry !== undefined && 'events' in entry;
  const lineOf = (fd: number): OpenLine => {
    const entry = open.get(fd);
    if (!isLine(entry)) return fail('line', 'EBADF');
    if (entry.gone) return fail('line', 'ENODEV');
    return entry;
  };
  const isHeld = (chip: FakeChip, offset: number) =>
    [...open.values()].some((entry) => isLine(entry) && entry.chip === chip && entry.offset === offset);
  const active = ({ chip, offset, flags: lineFlags }: OpenLine) =>
    (high.get(keyOf(chip, offset)) ?? false) !== ((lineFlags & flags.activeLow) !== 0);

  const chipCall = (chip: FakeChip, request: number, argument: Buffer) => {
    if (request === requests.chipInfo) {
      argument.write(chip.path.replace('/dev/', ''), 0);
      argument.write(chip.label, nameAt);
      argument.writeUInt32LE(chip.lines.length, 2 * nameAt);
      return;
    }
    const offset = argument.readUInt32LE(request === requests.lineInfo ? 2 * nameAt : 0);
    const line = chip.lines[offset];
    if (line === undefined) return fail('ioctl', 'EINVAL');
    const holder = line.consumer ?? (isHeld(chip, offset) ? 'release-button test' : undefined);
    if (request === requests.lineInfo) {
      argument.write(line.name ?? '', 0);
      argument.write(holder ?? '', nameAt);
      return;
    }
    if (holder !== undefined) return fail('ioctl', 'EBUSY');
    const lineFlags = argument.readUInt32LE(requestConsumerAt + nameAt);
    const entry: OpenLine = { chip, offset, flags: lineFlags, events: [], sequence: 0, gone: false };
    // A pull resistor moves a line that nothing else drives.
    if ((lineFlags & flags.biasPullUp) !== 0 && !high.has(keyOf(chip, offset)))
      high.set(keyOf(chip, offset), true);
    if ((lineFlags & flags.output) !== 0) high.set(keyOf(chip, offset), (lineFlags & flags.activeLow) !== 0);
    nextFd += 1;
    open.set(nextFd, entry);
    argument.writeInt32LE(nextFd, sizes.lineRequest - 4);
  };

  const kernel: Kernel = {
    open: (path) => {
      const chip = [...present].find((candidate) => candidate.path === path);
      const error = errors.get(path) ?? (chip === undefined ? 'ENOENT' : undefined);
      if (chip === undefined || error !== undefined) return fail('open', error ?? 'ENOENT');
      nextFd += 1;
      open.set(nextFd, chip);
      return nextFd;
    },
    close: (fd) => {
      if (!open.delete(fd)) fail('close', 'EBADF');
    },
    ioctl: (fd, request, argument) => {
      const entry = open.get(fd);
      if (entry === undefined) return fail('ioctl', 'EBADF');
      if (!isLine(entry)) return chipCall(entry, request, argument);
      const line = lineOf(fd);
      if (request === requests.getValues) argument.writeUInt32LE(active(line) ? 1 : 0, 0);
      else
        high.set(
          keyOf(line.chip, line.offset),
          (argument.readUInt32LE(0) === 1) !== ((line.flags & flags.activeLow) !== 0),
        );
    },
    setNonBlocking: (fd) => void lineOf(fd),
    read: (fd, buffer) => {
      const line = lineOf(fd);
      const events = line.events.splice(0, Math.floor(buffer.length / sizes.lineEvent));
      for (const [index, event] of events.entries()) {
        const at = index * sizes.lineEvent;
        buffer.writeBigUInt64LE(BigInt(Math.round(event.at * 1e6)), at);
        buffer.writeUInt32LE(event.active ? 1 : 2, at + 8);
        buffer.writeUInt32LE(event.sequence, at + 20);
      }
      return events.length * sizes.lineEvent;
    },
    watch: (fd, onReady) => void watched.set(fd, onReady),
    unwatch: (fd) => void watched.delete(fd),
    stop: () => {
      stops += 1;
      watched.clear();
    },
  };

  const linesAt = (chip: FakeChip, offset: number) =>
    [...open].filter(
      (entry): entry is [number, OpenLine] =>
        isLine(entry[1]) && entry[1].chip === chip && entry[1].offset === offset,
    );

  return {
    kernel,
    paths: () => [...present].map(({ path }) => path),
    /** All descriptors that are open. */
    openFds: () => [...open.keys()],
    watchedFds: () => [...watched.keys()],
    stops: () => stops,
    level: (chip: FakeChip, offset: number) => high.get(keyOf(chip, offset)),
    flagsOf: (chip: FakeChip, offset: number) => linesAt(chip, offset)[0]?.[1].flags,
    /** Changes the level of a line at a moment of CLOCK_MONOTONIC, in ms. With `lose`, the kernel drops the event. */
    change: (chip: FakeChip, offset: number, isHigh: boolean, at: number, { lose = false } = {}) => {
      high.set(keyOf(chip, offset), isHigh);
      for (const [, line] of linesAt(chip, offset)) {
        line.sequence = (line.sequence + 1) >>> 0;
        if (!lose) line.events.push({ at, active: active(line), sequence: line.sequence });
      }
    },
    setSequence: (chip: FakeChip, offset: number, sequence: number) => {
      for (const [, line] of linesAt(chip, offset)) line.sequence = sequence;
    },
    /** Notifies all watchers, as epoll does. */
    deliver: () => {
      for (const [fd, onReady] of watched) {
        const entry = open.get(fd);
        if (isLine(entry) && (entry.gone || entry.events.length > 0)) onReady(entry.gone);
      }
    },
    unplug: (chip: FakeChip) => {
      present.delete(chip);
      for (const entry of open.values()) if (isLine(entry) && entry.chip === chip) entry.gone = true;
    },
    plug: (chip: FakeChip) => void present.add(chip),
    refuse: (path: string, code: string) => void errors.set(path, code),
  };
}
