// The kernel's GPIO character device, uAPI v2, as bytes. Source of every number: include/uapi/linux/gpio.h (Linux 5.10
// and later). test/gpio-agent/uapi.test.ts compares them with the header of the machine. All machines with GPIO that the
// koffi package supports are little-endian.

/** `_IOR`, `_IOWR` of asm-generic/ioctl.h, as used on x86, arm, arm64 and riscv. */
function request(direction: 2 | 3, number: number, size: number): number {
  return ((direction << 30) | (size << 16) | (0xb4 << 8) | number) >>> 0;
}

const nameBytes = 32;
const linesMax = 64;
/** struct gpio_v2_line_attribute: id, padding, 64 bits of flags, values or debounce time. */
const attributeBytes = 16;
/** struct gpio_v2_line_config_attribute: an attribute and the mask of its lines. */
const configAttributeBytes = attributeBytes + 8;
const attributesMax = 10;

export const sizes = {
  chipInfo: 2 * nameBytes + 4,
  lineInfo: 2 * nameBytes + 4 + 4 + 8 + attributesMax * attributeBytes + 4 * 4,
  lineRequest:
    linesMax * 4 + nameBytes + (8 + 4 + 5 * 4 + attributesMax * configAttributeBytes) + 4 + 4 + 5 * 4 + 4,
  lineValues: 8 + 8,
  lineEvent: 8 + 4 * 4 + 6 * 4,
} as const;

export const requests = {
  /** GPIO_GET_CHIPINFO_IOCTL */
  chipInfo: request(2, 0x01, sizes.chipInfo),
  /** GPIO_V2_GET_LINEINFO_IOCTL */
  lineInfo: request(3, 0x05, sizes.lineInfo),
  /** GPIO_V2_GET_LINE_IOCTL */
  line: request(3, 0x07, sizes.lineRequest),
  /** GPIO_V2_LINE_GET_VALUES_IOCTL */
  getValues: request(3, 0x0e, sizes.lineValues),
  /** GPIO_V2_LINE_SET_VALUES_IOCTL */
  setValues: request(3, 0x0f, sizes.lineValues),
} as const;

/** enum gpio_v2_line_flag, GPIO_V2_LINE_FLAG_… */
export const flags = {
  activeLow: 1 << 1,
  input: 1 << 2,
  output: 1 << 3,
  edgeRising: 1 << 4,
  edgeFalling: 1 << 5,
  biasPullUp: 1 << 8,
  biasPullDown: 1 << 9,
  biasDisabled: 1 << 10,
} as const;

/** GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES */
const attributeOutputValues = 2;

/** GPIO_V2_LINE_EVENT_RISING_EDGE; falling is 2. Edges are named by the logical level, which includes active-low. */
const risingEdge = 1;

/** The maximum of the kernel for one line request: GPIO_V2_LINES_MAX * 16. */
const eventBufferMax = linesMax * 16;

const offsets = {
  request: {
    consumer: linesMax * 4,
    flags: linesMax * 4 + nameBytes,
    attributeCount: linesMax * 4 + nameBytes + 8,
    attributes: linesMax * 4 + nameBytes + 8 + 4 + 5 * 4,
    lineCount: sizes.lineRequest - 4 - 5 * 4 - 4 - 4,
    eventBuffer: sizes.lineRequest - 4 - 5 * 4 - 4,
    fd: sizes.lineRequest - 4,
  },
} as const;

function text(buffer: Buffer, at: number): string {
  const end = buffer.indexOf(0, at);
  return buffer.toString('utf8', at, Math.min(end === -1 ? at + nameBytes : end, at + nameBytes));
}

export interface ChipInfo {
  /** The name that its driver gives: `pinctrl-bcm2711`. */
  readonly label: string;
  readonly lines: number;
}

export function chipInfoOf(buffer: Buffer): ChipInfo {
  return {
    label: text(buffer, nameBytes),
    lines: buffer.readUInt32LE(2 * nameBytes),
  };
}

export function lineInfoRequest(offset: number): Buffer {
  const buffer = Buffer.alloc(sizes.lineInfo);
  buffer.writeUInt32LE(offset, 2 * nameBytes);
  return buffer;
}

export interface LineInfo {
  /** Empty if the board gives it no name. */
  readonly name: string;
  /** Who uses it. Empty if it is free or the user gave no name. */
  readonly consumer: string;
}

export function lineInfoOf(buffer: Buffer): LineInfo {
  return {
    name: text(buffer, 0),
    consumer: text(buffer, nameBytes),
  };
}

export interface LineRequest {
  readonly offset: number;
  readonly consumer: string;
  readonly flags: number;
  /** The first logical level of an output. Absent: an input. */
  readonly value?: boolean;
}

export function lineRequest({ offset, consumer, flags, value }: LineRequest): Buffer {
  const at = offsets.request;
  const buffer = Buffer.alloc(sizes.lineRequest);
  buffer.writeUInt32LE(offset, 0);
  buffer.write(consumer.slice(0, nameBytes - 1), at.consumer);
  buffer.writeBigUInt64LE(BigInt(flags), at.flags);
  buffer.writeUInt32LE(1, at.lineCount);
  if (value === undefined) {
    buffer.writeUInt32LE(eventBufferMax, at.eventBuffer);
    return buffer;
  }
  buffer.writeUInt32LE(1, at.attributeCount);
  buffer.writeUInt32LE(attributeOutputValues, at.attributes);
  buffer.writeBigUInt64LE(value ? 1n : 0n, at.attributes + 8);
  buffer.writeBigUInt64LE(1n, at.attributes + attributeBytes);
  return buffer;
}

/** The file descriptor that the kernel wrote into a line request. */
export function lineFdOf(buffer: Buffer): number {
  return buffer.readInt32LE(offsets.request.fd);
}

/** Values of the only line of a request; `value` is the value to set. */
export function lineValues(value = false): Buffer {
  const buffer = Buffer.alloc(sizes.lineValues);
  buffer.writeBigUInt64LE(value ? 1n : 0n, 0);
  buffer.writeBigUInt64LE(1n, 8);
  return buffer;
}

export function valueOf(buffer: Buffer): boolean {
  return (buffer.readUInt32LE(0) & 1) !== 0;
}

export interface LineEvent {
  /** CLOCK_MONOTONIC in ms, taken in the interrupt. */
  readonly monotonicMs: number;
  readonly active: boolean;
  /** Counts the events of this line from 1, in 32 bits. A gap means events that the kernel dropped. */
  readonly sequence: number;
}

/** @param bytes holds a whole number of events */
export function lineEventsOf(buffer: Buffer, bytes: number): readonly LineEvent[] {
  const events: LineEvent[] = [];
  for (let at = 0; at + sizes.lineEvent <= bytes; at += sizes.lineEvent)
    events.push({
      monotonicMs: Number(buffer.readBigUInt64LE(at)) / 1e6,
      active: buffer.readUInt32LE(at + 8) === risingEdge,
      sequence: buffer.readUInt32LE(at + 20),
    });
  return events;
}
