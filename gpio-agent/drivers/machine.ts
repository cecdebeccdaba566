// What the choice of a driver reads from the machine and loads. Tests pass a machine of their own.
import type { Clock } from '../../service/clock.ts';
import type { AgentConfig } from '../options.ts';
import { readBoard } from './board.ts';
import type { Board } from './board.ts';
import type { GpioDriver } from './driver.ts';
import type { Chip } from './gpiochip/chips.ts';

export interface Machine {
  /** @throws HardwareError when the board cannot be determined */
  board(): Board | undefined;
  /** True if there is a GPIO chip. Many desktops have one without a usable pin. */
  hasChip(): Promise<boolean>;
  /**
   * The chip of the Raspberry Pi header, if this ARM machine has one.
   * @throws HardwareError when a chip cannot be opened that might be the one
   */
  raspberryPiChip(): Promise<Chip | undefined>;
  /** Loads the driver and its packages, which are not loaded before. @throws HardwareError when they cannot be used here */
  rpio(board: Board): Promise<GpioDriver>;
  /** @throws HardwareError when it cannot be used here */
  gpiochip(): Promise<GpioDriver>;
}

export function thisMachine(options: {
  readonly clock: Clock;
  readonly config: Pick<AgentConfig, 'id' | 'chip'>;
}): Machine {
  const { clock, config } = options;
  const chips = () => import('./gpiochip/chips.ts');
  const kernel = async () => (await import('./gpiochip/kernel.ts')).loadKernel();
  return {
    board: () => readBoard(),
    hasChip: async () => (await chips()).chipPaths().length > 0,
    raspberryPiChip: async () => {
      const { chipPaths, listChips, raspberryPiLabels } = await chips();
      if (!process.arch.startsWith('arm') || chipPaths().length === 0) return undefined;
      const { chips: opened, problems } = listChips(await kernel(), chipPaths());
      const header = opened.find(({ label }) => raspberryPiLabels.includes(label));
      const [problem] = problems;
      if (header === undefined && problem !== undefined) throw problem;
      return header;
    },
    rpio: async (board) => {
      const { createRpioDriver, loadRpio } = await import('./rpio.ts');
      return createRpioDriver({ rpio: await loadRpio(), board });
    },
    gpiochip: async () => {
      const { createGpiochipDriver } = await import('./gpiochip/driver.ts');
      return createGpiochipDriver({
        kernel: await kernel(),
        monotonic: () => clock.monotonic(),
        kernelMonotonic: () => Number(process.hrtime.bigint()) / 1e6,
        consumer: `release-button ${config.id}`,
        ...(config.chip === undefined ? {} : { chip: config.chip }),
      });
    },
  };
}
