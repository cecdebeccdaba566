// The rpio driver on a fake board, without an agent around it: what each way does is said in rpio-native.test.ts.
import { readFileSync } from 'node:fs';
import { readBoard } from '../../dist/gpio-agent/drivers/board.js';
import { createRpioDriver, loadRpio } from '../../dist/gpio-agent/drivers/rpio.js';

const rpio = await loadRpio();
const board = readBoard();
if (board === undefined) throw new Error('there is no board');
const driver = createRpioDriver({ rpio, board });
const button = {
  line: 17,
  pull: /** @type {const} */ ('up'),
  activeLow: true,
  onEdge: () => undefined,
  onLost: () => undefined,
};
/** @param {unknown} result */
const say = (result) => process.stdout.write(`${JSON.stringify(result)}\n`);

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
    const listeners = process.listenerCount('exit');
    for (let round = 0; round < 20; round += 1) {
      driver.open();
      driver.openInput(button).read();
      driver.close();
    }
    driver.open();
    driver.open();
    say({
      mappings: readFileSync('/proc/self/maps', 'utf8').match(/\/gpiomem$/gm)?.length,
      exitListeners: process.listenerCount('exit') - listeners,
      warnListeners: rpio.listenerCount('warn'),
      pressed: driver.openInput(button).read(),
    });
  },

  'reads after closing': () => {
    driver.open();
    const input = driver.openInput(button);
    driver.close();
    try {
      input.read();
    } catch (error) {
      say(String(error));
    }
  },

  'reads after closing, by rpio alone': () => {
    rpio.init({ mapping: 'gpio', gpiomem: true, mock: false, close_on_exit: false });
    rpio.exit();
    rpio.read(17);
  },

  'reads by rpio alone': () => {
    rpio.init({ mapping: 'gpio', gpiomem: true, mock: false, close_on_exit: false });
    say(rpio.read(17));
  },
};

const way = process.argv[2];
const chosen = Object.entries(ways).find(([name]) => name === way);
if (chosen === undefined) throw new Error(`there is no way ${way}`);
chosen[1]();
