// The GPIO agent: its buttons, key switches and LEDs, and the times that tell a press from noise.
import * as z from 'zod/mini';
import { section } from '../section.ts';
import { schemaOf, setting } from '../setting.ts';
import { flag, id, must, oneOf, text, wholeNumber } from '../formats.ts';
import { checkAgent } from './agent-checks.ts';

export const drivers = ['auto', 'rpio', 'gpiochip', 'simulated'] as const;
export type Driver = (typeof drivers)[number];

/** Our own limit. The chip of a Raspberry Pi 4 has 58 lines. */
const highestLine = 1023;

/** The names of lines have at most 31 bytes and a zero byte in the kernel (linux/gpio.h, GPIO_MAX_NAME_SIZE). */
const line = () => z.union([wholeNumber(0, highestLine), text(31).check(z.regex(/\D/))]);
const lineDoc =
  'The GPIO line: on a Raspberry Pi its BCM number, on other boards its number on the chip, or its name.';

const highestChip = 255;

/** A number means /dev/gpiochip<number>. From a variable or flag, the number comes as text. */
const chip = () =>
  z.pipe(
    z
      .union([wholeNumber(0, highestChip), text(100)])
      .check(
        must<number | string>(
          (value) => typeof value === 'number' || !/^\d+$/.test(value) || Number(value) <= highestChip,
          `must be a number from 0 to ${highestChip}, or the path or label of a chip`,
          'write the number of the chip, for example 0 for /dev/gpiochip0',
        ),
      ),
    z.transform(String),
  );

const lineChip = setting(chip(), {
  doc: 'The GPIO chip of this line. Not set: agent.chip.',
  example: 'usb-expander',
});

const pull = () => oneOf(['up', 'down', 'off']);
const debounceMs = () => wholeNumber(1, 1000);

const button = {
  id: setting(id(), { doc: 'The id of the button, in its topics.', default: 'main' }),
  title: setting(text(100), { doc: 'The name that people see.', example: 'Release' }),
  line: setting(line(), { doc: lineDoc, default: 17 }),
  chip: lineChip,
  pull: setting(pull(), { doc: 'The built-in pull-up or pull-down resistor of the line.', default: 'up' }),
  activeLow: setting(flag(), {
    doc: 'True: the level is low while the button is pressed, because the button connects the line to ground.',
    default: true,
  }),
  debounceMs: setting(debounceMs(), {
    doc: 'How long the line must read as pressed before the press counts. At least sampleMs.',
    default: 30,
  }),
  releaseDebounceMs: setting(debounceMs(), {
    doc: 'How long the line must read as not pressed before the press counts as over. At least debounceMs. Not set: 100, or 60 if gestures has double.',
    example: 100,
  }),
  gestures: setting(
    z.array(oneOf(['press', 'double', 'hold'])).check(
      z.minLength(1),
      must<string[]>(
        (list) => new Set(list).size === list.length,
        'must not name a gesture twice',
        'name each of press, double and hold at most once',
      ),
    ),
    {
      doc: 'The gestures that the button has: press, double, hold. With hold, the agent publishes a press when somebody lets the button go; with double, after doubleMs.',
      default: ['press'],
    },
  ),
  holdMs: setting(wholeNumber(50, 60_000), {
    doc: 'A press that lasts this long is a hold. Must be more than debounceMs.',
    default: 1000,
  }),
  doubleMs: setting(wholeNumber(50, 10_000), {
    doc: 'Two presses within this time are a double. Must be more than debounceMs and releaseDebounceMs together.',
    default: 400,
  }),
  stuckAfterMs: setting(wholeNumber(100, 3_600_000), {
    doc: 'A button that is held this long is stuck: the agent reports it, and ignores it until somebody lets it go. Must be more than debounceMs and holdMs.',
    default: 30_000,
  }),
};

const led = {
  id: setting(id(), { doc: 'The id of the LED. Its topics contain it.', default: 'main' }),
  line: setting(line(), { doc: lineDoc, default: 27 }),
  chip: lineChip,
  activeLow: setting(flag(), { doc: 'True: the LED is lit while its line is low.', default: false }),
  follows: setting(id(), {
    doc: 'The button whose signal the LED shows. The button may be on another machine.',
    default: 'main',
  }),
};

const keySwitch = {
  id: setting(id(), { doc: 'The id of the key switch, for the log and the health status.', default: 'main' }),
  line: setting(line(), { doc: lineDoc, default: 22 }),
  chip: lineChip,
  pull: setting(pull(), { doc: 'The built-in pull-up or pull-down resistor of the line.', default: 'up' }),
  activeLow: setting(flag(), {
    doc: 'True: the level is low while the switch is on, because the switch connects the line to ground.',
    default: true,
  }),
  debounceMs: setting(debounceMs(), {
    doc: 'How long the level must be stable before it counts. At least sampleMs.',
    default: 30,
  }),
  button: setting(id(), {
    doc: 'The button whose topic `arm` gets `on` and `off`. The button may be on another machine.',
    default: 'main',
  }),
};

export const agent = section(
  {
    id: setting(id(), {
      doc: 'The id of the agent. Its topics and its client id contain it, so each agent needs its own.',
      default: 'main',
    }),
    title: setting(text(100), {
      doc: 'The name of the agent that people see, for example in Home Assistant.',
      example: 'Release button in the hall',
    }),
    driver: setting(oneOf(drivers), {
      doc: 'The driver that reads and switches the GPIO lines. auto: the one that works on the board, or simulated if there are no lines.',
      default: 'auto',
    }),
    chip: setting(chip(), {
      doc: 'The GPIO chip, for the driver gpiochip: its number, path (/dev/gpiochip0) or label. Not set: on a Raspberry Pi the chip of the pin header, on other boards the only chip.',
      example: 'pinctrl-rp1',
    }),
    sampleMs: setting(wholeNumber(1, 100), {
      doc: 'How often the driver rpio reads the lines.',
      default: 5,
    }),
    buttons: setting(z.array(schemaOf(button)).check(z.maxLength(100)), {
      doc: 'The buttons on this machine. Every key is optional.',
      default: [{}],
      items: button,
    }),
    keySwitches: setting(z.array(schemaOf(keySwitch)).check(z.maxLength(100)), {
      doc: 'Key switches on this machine; none by default. The agent publishes each turn of a key; the worker ignores it. Every key is optional.',
      default: [],
      items: keySwitch,
    }),
    leds: setting(z.array(schemaOf(led)).check(z.maxLength(100)), {
      doc: 'The LEDs on this machine. Every key is optional.',
      default: [{}],
      items: led,
    }),
    resultTimeoutMs: setting(wholeNumber(100, 60_000), {
      doc: 'How long after a press the light waits for a result before it shows `failed`.',
      default: 5000,
    }),
  },
  checkAgent,
);
