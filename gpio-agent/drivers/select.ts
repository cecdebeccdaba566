// Which driver: the configured one, or, for `auto`, what the machine has. Never pretends on a board with pins.
import { readFileSync } from 'node:fs';
import type { AgentConfig } from '../options.ts';
import type { Clock } from '../../service/clock.ts';
import { messageOf } from '../../service/log.ts';
import type { Log } from '../../service/log.ts';
import { HardwareError } from './driver.ts';
import type { GpioDriver } from './driver.ts';
import type { KeyboardInput } from './keyboard.ts';
import { createSimulatedDriver } from './simulated.ts';

// Boards with pins for buttons describe themselves by a device tree; its model names the board (Devicetree
// Specification 0.4, 2.3.2). /dev/gpiochip0 decides nothing: many a desktop's chipset has one, without a usable pin.
const modelPath = '/proc/device-tree/model';

/** What QEMU's `virt` machine, which has no pins, names itself (hw/arm/virt.c). */
const virtualModels: readonly string[] = ['linux,dummy-virt'];

export interface SelectOptions {
  readonly driver: AgentConfig['driver'];
  readonly clock: Clock;
  readonly log: Log;
  /** Keys that press simulated buttons, where it is a terminal: `process.stdin`. */
  readonly keyboard?: { readonly input: KeyboardInput; readonly onInterrupt: () => void };
  /** Where the device tree's model is; for tests. */
  readonly modelPath?: string;
}

/** @throws HardwareError when the machine has pins and no driver can use them */
export function selectDriver(options: SelectOptions): GpioDriver {
  const { driver, clock, log, keyboard } = options;
  const path = options.modelPath ?? modelPath;
  const board = driver === 'auto' ? boardModel(path) : undefined;
  if (board !== undefined)
    throw new HardwareError(
      `agent.driver: auto found GPIO hardware (${path} says ${JSON.stringify(board)}) and cannot use it: the hardware drivers are not in this version. Set agent.driver: simulated (RELEASE_BUTTON_AGENT_DRIVER=simulated) to run without pins, or install a version that has them.`,
    );
  log.info(
    { driver: 'simulated' },
    [
      driver === 'auto'
        ? `there is no GPIO hardware here (no board model in ${path}): buttons and LEDs are simulated`
        : 'buttons and LEDs are simulated, as agent.driver says',
      ...(keyboard?.input.isTTY === true
        ? ['the space bar presses the first button, 1 to 9 the others, q ends']
        : []),
    ].join('; '),
  );
  return createSimulatedDriver({ clock, ...(keyboard === undefined ? {} : { keyboard }) });
}

function boardModel(path: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // No device tree at all: not a board, or a container that was given none of the board (Docker masks it).
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new HardwareError(
      `agent.driver: auto cannot tell whether this is a board with GPIO: ${path} cannot be read (${messageOf(error)}). Set agent.driver.`,
    );
  }
  // Device tree strings end with a zero byte.
  const model = text.replaceAll('\u0000', '').trim();
  return model === '' || virtualModels.includes(model) ? undefined : model;
}
