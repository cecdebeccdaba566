// The used part of the package rpio 2.4.2, which has no types of its own. Pins are BCM numbers (mapping: 'gpio').
declare module 'rpio' {
  export interface RpioModule {
    readonly LOW: number;
    readonly HIGH: number;
    readonly INPUT: number;
    readonly OUTPUT: number;
    readonly PULL_OFF: number;
    readonly PULL_DOWN: number;
    readonly PULL_UP: number;
    readonly PIN_PRESERVE: number;
    init(options: {
      readonly mapping: 'gpio';
      readonly gpiomem: boolean;
      readonly mock: false;
      readonly close_on_exit: boolean;
    }): void;
    /** @param init the pull of an input, the level of an output */
    open(pin: number, mode: number, init: number): void;
    read(pin: number): number;
    write(pin: number, level: number): void;
    close(pin: number, reset: number): void;
    exit(): void;
    on(event: 'warn', listener: (message: unknown) => void): unknown;
    off(event: 'warn', listener: (message: unknown) => void): unknown;
  }
  const rpio: RpioModule;
  export default rpio;
}
