// What a driver has to do: a machine's pins behind the smallest interface. One file a driver; add it in select.ts.

/**
 * Where a line is. A number is the chip's own count (BCM numbers on a Raspberry Pi), not a pin of a header;
 * a text is the name that the board gives the line (`GPIO17`).
 */
export interface LineAddress {
  readonly line: number | string;
  /** A chip by number, path or label; absent: the driver's own. Drivers that know one chip only refuse another. */
  readonly chip?: string;
}

export interface InputOptions extends LineAddress {
  readonly pull: 'up' | 'down' | 'off';
  /** The button connects the line to ground. */
  readonly activeLow: boolean;
  /** Called by drivers with edges only, for each edge in order of time. */
  readonly onEdge: (edge: Edge) => void;
  /** The line is gone: `read` throws from now on. A driver that cannot tell leaves it to the next `read`. */
  readonly onLost: () => void;
}

export interface Edge {
  readonly pressed: boolean;
  /** Monotonic ms, on the time line of the agent's clock. */
  readonly at: number;
  /** So many edges before this one did not reach us: what the level was in between nobody knows. */
  readonly lost?: number;
}

interface OpenLine {
  /** The line in words, for a person: `line 17 (GPIO17) of /dev/gpiochip0 [pinctrl-bcm2711, 58 lines]`. */
  readonly where: string;
  /** May be called twice; nothing is called back afterwards. */
  close(): void;
}

export interface GpioInput extends OpenLine {
  /** True: the driver reports edges with time stamps. False: the input must be sampled. */
  readonly edges: boolean;
  /**
   * Whether the button is pressed now. A driver with edges first hands out every edge that happened before the read,
   * since an edge still waiting in a queue would let a short spike look like a level that has held.
   * @throws HardwareError when the line cannot be read
   */
  read(): boolean;
}

export interface OutputOptions extends LineAddress {
  /** The LED lights when the line is low. */
  readonly activeLow: boolean;
}

/** `close` leaves the level as it is. */
export interface GpioOutput extends OpenLine {
  /** @throws HardwareError when the line cannot be written */
  write(on: boolean): void;
  /** @throws HardwareError when the line is gone, also while nothing is to be written */
  check(): void;
}

export interface GpioDriver {
  readonly name: string;
  /** No pins are behind it. */
  readonly simulated: boolean;
  /** Takes the machine's pins into use. @throws HardwareError */
  open(): void;
  /** @throws HardwareError when the line does not exist, or is in use */
  openInput(options: InputOptions): GpioInput;
  /** The LED is off afterwards. @throws HardwareError as `openInput` does */
  openOutput(options: OutputOptions): GpioOutput;
  /** Gives everything back; may be called twice. */
  close(): void;
}

/** Hardware that cannot be opened or used. The message says what was tried and what the person can do. */
export class HardwareError extends Error {
  override readonly name = 'HardwareError';
}
