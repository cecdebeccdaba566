// What the choice of a driver looks at and loads; a test has a machine of its own.
import type { Clock } from '../../service/clock.ts';
import type { AgentConfig } from '../options.ts';
import { readBoard } from './board.ts';
import type { Board } from './board.ts';
import type { GpioDriver } from './driver.ts';
import type { Chip } from './gpiochip/chips.ts';

export interface Machine {
  /** @throws HardwareError where it cannot be told */
  board(): Board | undefined;
  /** Whether some GPIO chip is here; many a desktop has one, without a usable pin. */
  hasChip(): Promise<boolean>;
  /**
   * The chip of a Raspberry Pi's header, where there is one on an ARM machine.
   * @throws HardwareError where a chip cannot be opened, so that it might be that one
   */
  raspberryPiChip(): Promise<Chip | undefined>;
  /** Driver and everything it needs, loaded only now. @throws HardwareError where it cannot be used here */
  rpio(board: Board): Promise<GpioDriver>;
  /** @throws HardwareError where it cannot be used here */
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
