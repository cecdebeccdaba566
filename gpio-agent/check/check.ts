// The self-test of the wiring, `release-button gpio-agent --check`: reports the hardware, lights each LED, and waits until a
// person has used each input. It needs no broker and no worker, and publishes nothing.
import type { Clock } from '../../service/clock.ts';
import { delay } from '../../service/clock.ts';
import { messageOf, silentLog } from '../../service/log.ts';
import { HardwareError } from '../drivers/driver.ts';
import type { GpioDriver, GpioOutput } from '../drivers/driver.ts';
import { settleTimesOf } from '../options.ts';
import type { AgentConfig, LedConfig } from '../options.ts';
import { createSampler } from '../sampler.ts';
import type { Sampler } from '../sampler.ts';
import { createSettledInput } from '../settled-input.ts';
import type { SettledInput } from '../settled-input.ts';
import { levelWord, verdictOf } from './verdict.ts';
import type { Observation } from './verdict.ts';

export interface CheckOptions {
  readonly config: Pick<AgentConfig, 'buttons' | 'keySwitches' | 'leds' | 'sampleMs'>;
  readonly driver: GpioDriver;
  readonly board: string;
  /** Why this driver was chosen. */
  readonly why: string;
  readonly version: string;
  readonly clock: Clock;
  /** How long the test waits for each input, in seconds. */
  readonly seconds: number;
  readonly print: (line: string) => void;
  /** Shows a line that the next one replaces. Absent if there is no terminal. */
  readonly progress?: (line: string) => void;
  /** Aborts the test. The test then also switches the LEDs off and closes the lines. */
  readonly signal: AbortSignal;
}

type InputConfig = AgentConfig['buttons'][number] | AgentConfig['keySwitches'][number];

interface Input {
  readonly name: string;
  readonly config: InputConfig;
  readonly pin: SettledInput;
  readonly isKey: boolean;
  /** The last fault of the pin, even if the pin has recovered since. The pin itself forgets it then. */
  readonly fault: () => string | undefined;
}

interface Lamp {
  readonly name: string;
  readonly config: LedConfig;
  readonly output: GpioOutput;
}

/** Our choice: three blinks that nobody takes for a signal. */
const blinks = 3;
const blinkMs = 300;

/** @returns true if the test found no fault. @throws HardwareError when the driver cannot be used */
export async function runCheck(options: CheckOptions): Promise<boolean> {
  const { config, driver, clock, signal, print } = options;
  const problems = new Set<string>();
  const inputs: Input[] = [];
  const lamps: Lamp[] = [];
  let sampler: Sampler | undefined;
  /** While an input is watched: the longest time in ms without a read of sampled pins, and the number of dropped edges. */
  let longestGapMs = 0;
  let lostEdges = 0;
  /** Receives each settled change of an input, while the test waits for one. */
  let onChange: (name: string, pressed: boolean, heldMs: number | undefined) => void = () => undefined;

  const say = (name: string, text: string) => print(`  ${name.padEnd(18)} ${text}`);
  const also = (text: string) => say('', text);
  const openInput = (name: string, config: InputConfig, isKey: boolean) => {
    let fault: string | undefined;
    const pin = createSettledInput({
      name,
      config,
      times: settleTimesOf(config),
      sampleMs: options.config.sampleMs,
      driver,
      clock,
      log: silentLog(),
      health: { ok: () => undefined, bad: (message) => void (fault = message) },
      lineHealth: { ok: () => undefined, bad: () => undefined },
      onBounces: () => undefined,
      onLostEdges: (count) => void (lostEdges += count),
      onTransition: ({ pressed, initial, heldMs }) => {
        if (!initial || pressed) onChange(name, pressed, heldMs);
      },
      onLook: () => undefined,
      onReset: () => undefined,
      onEdge: () => sampler?.reschedule(),
    });
    try {
      pin.open();
    } catch (error) {
      cannotOpen(name, error);
      return;
    }
    inputs.push({ name, config, pin, isKey, fault: () => fault });
    const pressed = pin.level.raw ?? false;
    const state = pressed ? (isKey ? 'on' : 'pressed') : isKey ? 'off' : 'released';
    say(name, pin.where ?? '');
    also(`pull ${config.pull}, active ${activeWord(config)}; level ${levelWord(pressed, config)}: ${state}`);
  };

  const openLamp = (config: LedConfig) => {
    const name = `LED ${config.id}`;
    try {
      const output = driver.openOutput(config);
      lamps.push({ name, config, output });
      say(name, output.where);
      also(`active ${activeWord(config)}; level ${levelWord(false, config)}: dark`);
    } catch (error) {
      cannotOpen(name, error);
    }
  };

  const cannotOpen = (name: string, error: unknown) => {
    if (!(error instanceof HardwareError)) throw error;
    say(name, `cannot be opened: ${error.message}`);
    problems.add(name);
  };

  const light = (lamp: Lamp, on: boolean) => {
    try {
      lamp.output.write(on);
      return true;
    } catch (error) {
      say(lamp.name, messageOf(error));
      problems.add(lamp.name);
      return false;
    }
  };

  const blink = async (lamp: Lamp) => {
    say(lamp.name, 'blinks three times now: does it light?');
    for (let index = 0; index < 2 * blinks; index += 1) {
      if (!light(lamp, index % 2 === 0)) return;
      if (!(await delay(clock, blinkMs, signal))) return;
    }
  };

  const watch = async (input: Input): Promise<Observation> => {
    const { name, pin, config, isKey, fault } = input;
    const others = new Set<string>();
    const before = pin.level.bounces;
    const pressedAtFirst = pin.pressed;
    longestGapMs = 0;
    lostEdges = 0;
    let heldMs: number | undefined;
    const done = new AbortController();
    const follower = isKey ? undefined : lamps.find((lamp) => lamp.config.follows === config.id);
    onChange = (changed, pressed, held) => {
      if (changed !== name) {
        if (pressed) others.add(changed);
        return;
      }
      // The light acknowledges the press, as it does in operation.
      if (follower !== undefined) light(follower, pressed);
      if (pressed || held === undefined) return;
      heldMs = held;
      done.abort();
    };
    const what = isKey ? 'turn it on and off again' : 'press and release it';
    if (options.progress === undefined) say(name, `${what}, within ${options.seconds} s`);
    const either = AbortSignal.any([signal, done.signal]);
    for (let left = options.seconds; left > 0 && !either.aborted; left -= 1) {
      options.progress?.(`  ${name.padEnd(18)} ${what} … ${left} s`);
      await delay(clock, 1000, either);
      if (fault() !== undefined) break;
    }
    onChange = () => undefined;
    if (follower !== undefined) light(follower, false);
    const { shortestPulseMs } = pin.level;
    const bounces = pin.level.bounces - before;
    const why = fault();
    return {
      pressedAtFirst,
      stillHeld: pin.pressed,
      bounces,
      others: [...others],
      longestGapMs,
      lostEdges,
      ...(heldMs === undefined ? {} : { heldMs }),
      ...(shortestPulseMs === undefined || bounces === 0 ? {} : { shortestPulseMs }),
      ...(why === undefined ? {} : { fault: why }),
    };
  };

  try {
    print(`release-button ${options.version}: self-test of the GPIO agent`);
    print(`board   ${options.board}`);
    print(`driver  ${driver.name} (${options.why})`);
    driver.open();
    print('\nLines');
    for (const button of config.buttons) openInput(`button ${button.id}`, button, false);
    for (const key of config.keySwitches) openInput(`key switch ${key.id}`, key, true);
    for (const led of config.leds) openLamp(led);
    sampler = createSampler({
      clock,
      inputs: inputs.map(({ pin }) => pin),
      sampleMs: config.sampleMs,
      onLook: () => undefined,
      onGap: (ms) => void (longestGapMs = Math.max(longestGapMs, ms)),
    });
    sampler.start();
    await sampler.settled();

    if (lamps.length > 0) print('\nLEDs');
    for (const lamp of lamps) if (!signal.aborted) await blink(lamp);

    if (inputs.length > 0) print('\nInputs');
    // gpiochip would have reported the lines as in use.
    if (inputs.length > 0 && driver.name === 'rpio')
      print('  If an agent runs on this board, it sends these presses too, and they release. Stop it first.');
    for (const input of inputs) {
      if (signal.aborted) break;
      const observation = await watch(input);
      if (signal.aborted) break;
      const verdict = verdictOf(observation, {
        ...input.config,
        isKey: input.isKey,
        ...(input.pin.sampled ? { sampleMs: config.sampleMs } : {}),
      });
      say(input.name, verdict.text);
      if (!verdict.ok) problems.add(input.name);
    }
  } finally {
    sampler?.stop();
    for (const lamp of lamps) if (!problems.has(lamp.name)) light(lamp, false);
    for (const part of [...inputs.map(({ pin }) => pin), ...lamps.map(({ output }) => output)]) part.close();
    driver.close();
  }

  if (signal.aborted) {
    print('\nended before everything was tested');
    return false;
  }
  const all = inputs.length + lamps.length;
  print(
    problems.size > 0
      ? `\nNeeds a look (see above): ${[...problems].join(', ')}.`
      : `\nNo fault found on ${all} line${all === 1 ? '' : 's'}.${lamps.length === 0 ? '' : ` Only you can tell whether ${lamps.length === 1 ? 'the' : 'each'} LED lit up.`}`,
  );
  return problems.size === 0;
}

function activeWord({ activeLow }: { readonly activeLow: boolean }): string {
  return activeLow ? 'low' : 'high';
}
