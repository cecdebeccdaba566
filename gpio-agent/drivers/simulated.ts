// Simulated pins: a test or the keys of a terminal press the buttons, and the level of each LED can be read back.
import type { Clock, Timer } from '../../service/clock.ts';
import { HardwareError } from './driver.ts';
import type {
  GpioDriver,
  GpioInput,
  GpioOutput,
  InputOptions,
  LineAddress,
  OutputOptions,
} from './driver.ts';
import { createKeyboard } from './keyboard.ts';
import type { Keyboard, KeyboardInput } from './keyboard.ts';

export interface SimulatedDriver extends GpioDriver {
  /** Presses or releases the button at a line, now. Works also while the line is closed, as a real finger does. */
  setPressed(line: Line, pressed: boolean): void;
  /** Presses the button at a line for `forMs`. Ignored while it is held. */
  press(line: Line, forMs?: number): void;
  /** True if the LED at a line is lit. Undefined: never written. */
  isLit(line: Line): boolean | undefined;
  /** Every use of the line fails with this message. Undefined ends that. */
  fail(line: Line, message: string | undefined): void;
}

/** A key for a line. Lines of different chips have different keys. */
type Line = LineAddress['line'];

/** Our choice: a short press of a finger. */
const shortPressMs = 150;
/** Longer than the default of `holdMs`. */
const longPressMs = 1500;

export function createSimulatedDriver(options: {
  readonly clock: Clock;
  /** False: inputs must be sampled, as with rpio. */
  readonly edges?: boolean;
  readonly keyboard?: { readonly input: KeyboardInput; readonly onInterrupt: () => void };
  /** How long the key for holding holds a button. */
  readonly holdForMs?: number;
}): SimulatedDriver {
  const { clock, edges = true, holdForMs = longPressMs } = options;
  const pressed = new Map<Line, boolean>();
  const lit = new Map<Line, boolean>();
  const faults = new Map<Line, string>();
  const inputs = new Map<Line, InputOptions>();
  const releases = new Map<Line, Timer>();
  /** Lines of buttons in the order of their first opening, which is the order of the keys. */
  const buttons: Line[] = [];
  let keyboard: Keyboard | undefined;

  const check = (line: Line) => {
    const fault = faults.get(line);
    if (fault !== undefined) throw new HardwareError(`line ${line} of the simulated driver: ${fault}`);
  };

  const setPressed = (line: Line, isPressed: boolean) => {
    if ((pressed.get(line) ?? false) === isPressed) return;
    pressed.set(line, isPressed);
    if (edges && !faults.has(line)) inputs.get(line)?.onEdge({ pressed: isPressed, at: clock.monotonic() });
  };

  const press = (line: Line, forMs = shortPressMs) => {
    if (pressed.get(line) === true) return;
    setPressed(line, true);
    releases.get(line)?.cancel();
    releases.set(
      line,
      clock.setTimeout(() => {
        releases.delete(line);
        setPressed(line, false);
      }, forMs),
    );
  };

  const openInput = (input: InputOptions): GpioInput => {
    const { line } = input;
    check(line);
    if (inputs.has(line)) throw new HardwareError(`line ${line} of the simulated driver is already in use`);
    inputs.set(line, input);
    if (!buttons.includes(line)) buttons.push(line);
    return {
      where: whereOf(input),
      edges,
      read: () => {
        check(line);
        return pressed.get(line) ?? false;
      },
      close: () => {
        if (inputs.get(line) === input) inputs.delete(line);
      },
    };
  };

  const openOutput = (output: OutputOptions): GpioOutput => {
    const { line } = output;
    const write = (on: boolean) => {
      check(line);
      lit.set(line, on);
    };
    write(false);
    return { where: whereOf(output), write, check: () => check(line), close: () => undefined };
  };

  return {
    name: 'simulated',
    simulated: true,
    open: () => {
      if (options.keyboard === undefined || keyboard !== undefined) return;
      const pressFor = (forMs: number) => (index: number) => {
        const line = buttons[index];
        if (line !== undefined) press(line, forMs);
      };
      keyboard = createKeyboard({
        ...options.keyboard,
        onPress: pressFor(shortPressMs),
        onHold: pressFor(holdForMs),
      });
      keyboard.start();
    },
    openInput,
    openOutput,
    close: () => {
      keyboard?.stop();
      keyboard = undefined;
      for (const timer of releases.values()) timer.cancel();
      releases.clear();
      inputs.clear();
    },
    setPressed,
    press,
    isLit: (line) => lit.get(line),
    fail: (line, message) => {
      if (message === undefined) faults.delete(line);
      else faults.set(line, message);
    },
  };
}

function whereOf({ line, chip }: LineAddress): string {
  return `line ${line}${chip === undefined ? '' : ` of ${chip}`} (simulated)`;
}
