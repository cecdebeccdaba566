// Chooses the driver: the configured one or, for `auto`, the one that fits the board. Never simulates on a board with pins.
import type { AgentConfig } from '../options.ts';
import type { Clock } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';
import { deviceTree } from './board.ts';
import type { Board } from './board.ts';
import { HardwareError } from './driver.ts';
import type { GpioDriver } from './driver.ts';
import type { KeyboardInput } from './keyboard.ts';
import { thisMachine } from './machine.ts';
import type { Machine } from './machine.ts';
import { rpioKnows } from './rpio-boards.ts';
import { createSimulatedDriver } from './simulated.ts';

export interface SelectOptions {
  readonly config: Pick<AgentConfig, 'id' | 'driver' | 'chip' | 'buttons' | 'keySwitches' | 'leds'>;
  readonly clock: Clock;
  readonly log: Log;
  /** `process.stdin`: if it is a terminal, its keys press simulated buttons. */
  readonly keyboard?: { readonly input: KeyboardInput; readonly onInterrupt: () => void };
  readonly machine?: Machine;
}

export interface Selected {
  readonly driver: GpioDriver;
  /** The reason, for a person. */
  readonly board: string;
  readonly why: string;
}

const orSimulate =
  'or set agent.driver: simulated (RELEASE_BUTTON_AGENT_DRIVER=simulated) to run without pins';

/** @throws HardwareError when the machine has pins but no driver can use them */
export async function selectDriver(options: SelectOptions): Promise<Selected> {
  const { config, clock, log, keyboard, machine = thisMachine({ clock, config }) } = options;
  const asked = `agent.driver says ${config.driver}`;
  const chip = chipIn(config);
  const board = config.driver === 'simulated' ? undefined : machine.board();

  const simulated = (why: string): Selected => {
    const [first] = config.buttons;
    const hold = first?.gestures.includes('hold') === true ? ', h holds it' : '';
    const keys =
      keyboard?.input.isTTY === true
        ? `; the space bar presses the first button${hold}, 1 to 9 the others, q ends`
        : '';
    return {
      driver: createSimulatedDriver({
        clock,
        ...(keyboard === undefined ? {} : { keyboard }),
        ...(first === undefined ? {} : { holdForMs: first.holdMs + 500 }),
      }),
      board: board?.model ?? 'no board',
      why: `${why}: buttons and LEDs are simulated${keys}`,
    };
  };
  const gpiochip = async (why: string): Promise<Selected> => ({
    driver: await machine.gpiochip(),
    board: board?.model ?? noBoard,
    why,
  });
  const rpio = async (raspberryPi: Board, why: string): Promise<Selected> => ({
    driver: await machine.rpio(raspberryPi),
    board: raspberryPi.model,
    why,
  });

  const auto = async (): Promise<Selected> => {
    if (chip !== undefined) return gpiochip(`agent.driver: auto, and ${chip} names a GPIO chip`);
    if (board === undefined) {
      const hidden = await machine.raspberryPiChip();
      if (hidden !== undefined)
        return gpiochip(
          `agent.driver: auto, ${noBoard}, but ${hidden.path} is the ${hidden.label} of a Raspberry Pi (this is probably a container)`,
        );
      const orChip = (await machine.hasChip()) ? '; to use a GPIO chip of this machine, set agent.chip' : '';
      return simulated(`agent.driver: auto, and there is no GPIO hardware here (${noBoard}${orChip})`);
    }
    return rpioKnows(board)
      ? piZeroToFour(board)
      : gpiochip('agent.driver: auto, and only the kernel knows this board');
  };

  /** rpio if it can be used. Otherwise the kernel's interface, which ARMv6 cannot use. */
  const piZeroToFour = async (raspberryPi: Board): Promise<Selected> => {
    const [first, refusal] = await usable(rpio(raspberryPi, 'agent.driver: auto, and rpio knows this board'));
    if (first !== undefined) return first;
    const why = `agent.driver: auto, and rpio cannot be used (${refusal})`;
    const [second, otherRefusal] = await usable(gpiochip(why));
    if (second !== undefined) return second;
    throw new HardwareError(`${refusal}. The other driver, gpiochip, cannot be used either: ${otherRefusal}`);
  };

  const choose = (): Promise<Selected> | Selected => {
    switch (config.driver) {
      case 'simulated':
        return simulated(asked);
      case 'gpiochip':
        return gpiochip(asked);
      case 'rpio':
        if (chip !== undefined)
          throw new HardwareError(
            `${chip} names a GPIO chip, and the rpio driver knows only the Raspberry Pi's own pins: remove that key, or set agent.driver: gpiochip`,
          );
        if (board === undefined)
          throw new HardwareError(
            `the rpio driver needs a Raspberry Pi 0 to 4, and ${noBoard}, so rpio would only simulate the pins. In a container, set agent.driver: gpiochip and pass /dev/gpiochip0`,
          );
        return rpio(board, asked);
      case 'auto':
        return auto();
    }
  };

  const selected = await orExplain(choose, board);
  log.info(
    { driver: selected.driver.name, board: selected.board },
    selected.driver.simulated
      ? selected.why
      : `driver ${selected.driver.name} on ${selected.board}: ${selected.why}`,
  );
  return selected;
}

/** The selection if its driver can be opened, otherwise the reason. */
async function usable(
  selection: Promise<Selected>,
): Promise<readonly [Selected, undefined] | readonly [undefined, string]> {
  try {
    const selected = await selection;
    selected.driver.open();
    selected.driver.close();
    return [selected, undefined];
  } catch (error) {
    if (!(error instanceof HardwareError)) throw error;
    return [undefined, error.message];
  }
}

const noBoard = `no board model in ${deviceTree}`;

async function orExplain(
  choose: () => Promise<Selected> | Selected,
  board: Board | undefined,
): Promise<Selected> {
  try {
    return await choose();
  } catch (error) {
    if (!(error instanceof HardwareError)) throw error;
    const where = board === undefined ? '' : ` (the board is a ${board.model})`;
    throw new HardwareError(`${error.message}${where}; ${orSimulate}`);
  }
}

/** The first key that names a chip. Only the gpiochip driver understands it. */
function chipIn(config: SelectOptions['config']): string | undefined {
  if (config.chip !== undefined) return 'agent.chip';
  for (const list of ['buttons', 'keySwitches', 'leds'] as const) {
    const index = config[list].findIndex(({ chip }) => chip !== undefined);
    if (index !== -1) return `agent.${list}[${index}].chip`;
  }
  return undefined;
}
