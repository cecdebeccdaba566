// Stands in for the package rpio. rpio-native.test.ts uses the real package.
import { EventEmitter } from 'node:events';
import type { RpioModule } from '../../gpio-agent/drivers/rpio-module.ts';

/** It has the constants of the real package. `calls` lists the calls as text. */
export function createFakeRpio(
  troubles: { readonly init?: string; readonly warn?: string; readonly open?: string } = {},
) {
  const emitter = new EventEmitter();
  const calls: string[] = [];
  const levels = new Map<number, number>();
  const rpio: RpioModule = {
    LOW: 0,
    HIGH: 1,
    INPUT: 0,
    OUTPUT: 1,
    PULL_OFF: 0,
    PULL_DOWN: 1,
    PULL_UP: 2,
    PIN_PRESERVE: 0,
    init: (options) => {
      calls.push(`init ${JSON.stringify(options)}`);
      if (troubles.warn !== undefined) emitter.emit('warn', troubles.warn);
      if (troubles.init !== undefined) throw new Error(troubles.init);
    },
    open: (pin, mode, init) => {
      if (troubles.open !== undefined) throw new Error(troubles.open);
      calls.push(`open ${pin} ${mode === 0 ? `input pull ${init}` : `output level ${init}`}`);
    },
    read: (pin) => levels.get(pin) ?? 0,
    write: (pin, level) => void calls.push(`write ${pin} ${level}`),
    close: (pin, reset) => void calls.push(`close ${pin} ${reset}`),
    exit: () => void calls.push('exit'),
    on: (event, listener) => emitter.on(event, listener),
    off: (event, listener) => emitter.off(event, listener),
  };
  return { rpio, calls, levels, listeners: () => emitter.listenerCount('warn') };
}
