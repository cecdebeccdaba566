// What a driver has to do: a machine's pins behind the smallest interface. One file a driver; add it in select.ts.

/** Lines are numbered as the chip numbers them (BCM numbers on a Raspberry Pi), not as pins of a header. */
export interface InputOptions {
  readonly line: number;
  readonly pull: 'up' | 'down' | 'off';
  /** The button connects the line to ground. */
  readonly activeLow: boolean;
  /** Called by drivers with edges only, for each edge in order of time. */
  readonly onEdge: (edge: Edge) => void;
}

export interface Edge {
  readonly pressed: boolean;
  /** Monotonic ms, on the time line of the agent's clock. */
  readonly at: number;
}

export interface GpioInput {
  /** True: the driver reports edges with time stamps. False: the input must be sampled. */
  readonly edges: boolean;
  /**
   * Whether the button is pressed now. A driver with edges first hands out every edge that happened before the read,
   * since an edge still waiting in a queue would let a short spike look like a level that has held.
   * @throws HardwareError when the line cannot be read
   */
  read(): boolean;
  /** May be called twice; no edge is reported afterwards. */
  close(): void;
}

interface OutputOptions {
  readonly line: number;
  /** The LED lights when the line is low. */
  readonly activeLow: boolean;
}

export interface GpioOutput {
  /** @throws HardwareError when the line cannot be written */
  write(on: boolean): void;
  /** May be called twice. Leaves the line as it is. */
  close(): void;
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
