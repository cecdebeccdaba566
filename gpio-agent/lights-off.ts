// `release-button gpio-agent --lights-off`: switches the lights off and ends. A killed agent cannot do that. With rpio, the
// pins keep their level, so a light would go on showing a state that may no longer be true. Waits for nothing.
import { HardwareError } from './drivers/driver.ts';
import type { GpioDriver } from './drivers/driver.ts';
import type { LedConfig } from './options.ts';

/** @returns true if every light is off. @throws HardwareError when the driver cannot be used */
export function lightsOff(options: {
  readonly leds: readonly LedConfig[];
  readonly driver: GpioDriver;
  /** Why this driver was chosen. */
  readonly why: string;
  readonly print: (line: string) => void;
}): boolean {
  const { leds, driver, why, print } = options;
  print(`driver ${driver.name} (${why})`);
  let all = true;
  driver.open();
  try {
    // One failure must not stop the others: a line that is in use must not leave the other lights on.
    for (const led of leds) {
      try {
        const output = driver.openOutput(led);
        output.write(false);
        output.close();
        print(`LED ${led.id}: off, ${output.where}`);
      } catch (error) {
        if (!(error instanceof HardwareError)) throw error;
        all = false;
        print(`LED ${led.id}: cannot be switched off: ${error.message}`);
      }
    }
  } finally {
    driver.close();
  }
  return all;
}
