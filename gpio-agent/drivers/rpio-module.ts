// Loads the optional package rpio. If it does not load, the error says why and what to do.
import type { RpioModule } from 'rpio';
import { codeOf, messageOf } from '../../service/log.ts';
import { HardwareError } from './driver.ts';

export type { RpioModule };

const toCompile = 'compiling needs `sudo apt install build-essential python3`';
// npm 11.16 warns about install scripts without permission; npm 12 skips them. With --global only this flag permits one.
const whenGlobal =
  'for a global installation `npm install --global --allow-scripts=rpio release-button`, because newer npm requires that';

/**
 * Loads the native code. The process has one mapping of the registers, so use one driver at a time.
 * @throws HardwareError when the package is missing, not compiled, or compiled for another Node.js or processor
 */
export async function loadRpio(): Promise<RpioModule> {
  try {
    const { default: rpio } = await import('rpio');
    return rpio;
  } catch (error) {
    throw new HardwareError(reasonOf(error));
  }
}

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  const message = messageOf(error);
  // npm silently removes an optional dependency that does not compile.
  if (code === 'ERR_MODULE_NOT_FOUND' && message.includes("'rpio'"))
    return `the package rpio is not installed: npm leaves it out if it cannot compile it (no compiler or no Python here), or if it omits optional dependencies. Run \`sudo apt install build-essential python3\` and install release-button again; ${whenGlobal}`;
  // Thrown by the package `bindings`, which rpio uses, if there is no compiled file.
  if (message.startsWith('Could not locate the bindings file'))
    return `the package rpio is installed, but was never compiled: npm ran no install scripts. Run \`npm rebuild rpio\` in the folder of release-button (${toCompile}); ${whenGlobal}`;
  if (code === 'ERR_DLOPEN_FAILED')
    return `the package rpio was compiled for another Node.js version or another machine: run \`npm rebuild rpio\` in the folder of release-button (${toCompile}). This is Node.js ${process.version} on ${process.arch}; the error is: ${onOneLine(message)}`;
  return `the package rpio cannot be loaded (${onOneLine(message)}): run \`npm rebuild rpio\` in the folder of release-button, or install it again`;
}

function onOneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ').slice(0, 400);
}
