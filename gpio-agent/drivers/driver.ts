// The interface of a driver: the pins of a machine. One file for each driver; register it in select.ts.

/**
 * The position of a line. A number is the chip's own (a BCM number on a Raspberry Pi), not a pin of the header. A text is
 * the name that the board gives the line (`GPIO17`).
 */
export interface LineAddress {
  readonly line: number | string;
  /** A chip by number, path or label. Absent: the default of the driver. A driver for one chip refuses any other. */
  readonly chip?: string;
}

export interface InputOptions extends LineAddress {
  readonly pull: 'up' | 'down' | 'off';
  /** True if the button connects the line to ground. */
  readonly activeLow: boolean;
  /** Called only by drivers with edges, for each edge in order of time. */
  readonly onEdge: (edge: Edge) => void;
  /** The line is lost, and `read` throws from now on. A driver that cannot detect this leaves it to the next `read`. */
  readonly onLost: () => void;
}

export interface Edge {
  readonly pressed: boolean;
  /** In monotonic ms, on the time line of the agent's clock. */
  readonly at: number;
  /** Number of edges lost before this one. The level before it is unknown. */
  readonly lost?: number;
}

interface OpenLine {
  /** Description of the line for people: `line 17 (GPIO17) of /dev/gpiochip0 [pinctrl-bcm2711, 58 lines]`. */
  readonly where: string;
  /** Can be called twice. No callback follows. */
  close(): void;
}

export interface GpioInput extends OpenLine {
  /** True: the driver reports edges with time stamps. False: the input must be sampled. */
  readonly edges: boolean;
  /**
   * True if the button is pressed now. A driver with edges first reports every edge before the read. An edge that waits in a
   * queue would make a short spike look like a level that has held.
   * @throws HardwareError when the line cannot be read
   */
  read(): boolean;
}

export interface OutputOptions extends LineAddress {
  /** True if the LED lights when the line is low. */
  readonly activeLow: boolean;
}

/** `close` does not change the level. */
export interface GpioOutput extends OpenLine {
  /** @throws HardwareError when the line cannot be written */
  write(on: boolean): void;
  /** @throws HardwareError when the line is lost, also while there is nothing to write */
  check(): void;
}

export interface GpioDriver {
  readonly name: string;
  /** True if there are no real pins. */
  readonly simulated: boolean;
  /** Takes over the pins of the machine. @throws HardwareError */
  open(): void;
  /** @throws HardwareError when the line does not exist, or is in use */
  openInput(options: InputOptions): GpioInput;
  /** Switches the LED off. @throws HardwareError as `openInput` does */
  openOutput(options: OutputOptions): GpioOutput;
  /** Releases all pins. Can be called twice. */
  close(): void;
}

/** Hardware that cannot be opened or used. The message says what was tried and what the person can do. */
export class HardwareError extends Error {
  override readonly name = 'HardwareError';
}
