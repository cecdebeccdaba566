// The driver rpio on a fake board, without an agent. rpio-native-driver.test.ts explains each scenario.
import { readFileSync } from 'node:fs';
import { readBoard } from '../../dist/gpio-agent/drivers/board.js';
import { createRpioDriver, loadRpio } from '../../dist/gpio-agent/drivers/rpio.js';

const loaded = await loadRpio();
/**
 * The package itself, for what it does alone.
 * @type {{ init(options: object): void, exit(): void, read(line: number): number, listenerCount(event: string): number }}
 */
const rpio = loaded;
const board = readBoard();
if (board === undefined) throw new Error('there is no board');
const driver = createRpioDriver({ rpio: loaded, board });
const options = { mapping: 'gpio', gpiomem: true, mock: false, close_on_exit: false };
const button = {
  line: 17,
  pull: /** @type {const} */ ('up'),
  activeLow: true,
  onEdge: () => undefined,
  onLost: () => undefined,
};
/** @param {unknown} result */
const print = (result) => process.stdout.write(`${JSON.stringify(result)}\n`);
/** @param {() => unknown} use */
const printError = (use) => {
  try {
    use();
  } catch (error) {
    print(String(error));
  }
};

const scenarios = {
  'opens an input again and again': () => {
    driver.open();
    const openAgain = () => {
      driver.openInput(button).close();
      setTimeout(openAgain, 1);
    };
    openAgain();
  },

  'opens two outputs': () => {
    driver.open();
    const outputs = [
      driver.openOutput({ line: 27, activeLow: false }),
      driver.openOutput({ line: 22, activeLow: true }),
    ];
    print(outputs.map(({ where }) => where));
    driver.close();
  },

  'opens and closes the driver': () => {
    const before = { exit: process.listenerCount('exit'), warn: rpio.listenerCount('warn') };
    for (let round = 0; round < 20; round += 1) {
      driver.open();
      driver.openInput(button).read();
      driver.close();
    }
    driver.open();
    driver.open();
    print({
      mappings: readFileSync('/proc/self/maps', 'utf8').match(/\/gpiomem$/gm)?.length,
      exitListeners: process.listenerCount('exit') - before.exit,
      warnListeners: rpio.listenerCount('warn') - before.warn,
      pressed: driver.openInput(button).read(),
    });
  },

  'reads after closing': () => {
    driver.open();
    const input = driver.openInput(button);
    driver.close();
    printError(() => input.read());
  },

  'opens a line that the header lacks': () => {
    driver.open();
    printError(() => driver.openInput({ ...button, line: 28 }));
  },

  'reads after closing, by rpio alone': () => {
    rpio.init(options);
    rpio.exit();
    rpio.read(17);
  },

  'reads by rpio alone': () => {
    rpio.init(options);
    print(rpio.read(17));
  },
};

const scenario = process.argv[2];
const chosenScenario = Object.entries(scenarios).find(([name]) => name === scenario);
if (chosenScenario === undefined) throw new Error(`there is no scenario ${scenario}`);
chosenScenario[1]();
