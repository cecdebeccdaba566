// The rpio driver on a fake board, without an agent around it: what each way does is said in rpio-native-driver.test.ts.
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
const say = (result) => process.stdout.write(`${JSON.stringify(result)}\n`);
/** @param {() => unknown} use */
const sayError = (use) => {
  try {
    use();
  } catch (error) {
    say(String(error));
  }
};

const ways = {
  'opens an input again and again': () => {
    driver.open();
    const again = () => {
      driver.openInput(button).close();
      setTimeout(again, 1);
    };
    again();
  },

  'opens two outputs': () => {
    driver.open();
    const outputs = [
      driver.openOutput({ line: 27, activeLow: false }),
      driver.openOutput({ line: 22, activeLow: true }),
    ];
    say(outputs.map(({ where }) => where));
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
    say({
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
    sayError(() => input.read());
  },

  'opens a line that the header lacks': () => {
    driver.open();
    sayError(() => driver.openInput({ ...button, line: 28 }));
  },

  'reads after closing, by rpio alone': () => {
    rpio.init(options);
    rpio.exit();
    rpio.read(17);
  },

  'reads by rpio alone': () => {
    rpio.init(options);
    say(rpio.read(17));
  },
};

const way = process.argv[2];
const chosen = Object.entries(ways).find(([name]) => name === way);
if (chosen === undefined) throw new Error(`there is no way ${way}`);
chosen[1]();
