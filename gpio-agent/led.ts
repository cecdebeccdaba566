// One LED: its pin, its overrides by topic, and the level that follows from everything that is known.
import { defaultOverrideMs, hidesSignalMs } from '../messages/led.ts';
import type { LedSet } from '../messages/led.ts';
import type { HealthCheck } from '../service/health.ts';
import { messageOf } from '../service/log.ts';
import type { Log } from '../service/log.ts';
import type { GpioDriver, GpioOutput } from './drivers/driver.ts';
import type { ScheduledLed } from './led-scheduler.ts';
import { chooseLight, overrideHolds } from './light.ts';
import type { LightInputs, Override, Shown } from './light.ts';
import type { LedConfig } from './options.ts';
import { levelAt } from './patterns.ts';
import type { Pattern } from './patterns.ts';

/** The inputs that the agent supplies: all of `LightInputs` except the LED's own. */
export type Surroundings = Omit<LightInputs, keyof Own>;

type Own = Pick<LightInputs, 'override' | 'identifiedAt' | 'acknowledged'>;

export interface Led extends ScheduledLed {
  readonly id: string;
  readonly follows: string;
  /** What the last `view` showed, if there was one. */
  readonly shown: Shown | undefined;
  /** @throws HardwareError when the pin cannot be opened */
  open(): void;
  close(): void;
  acknowledge(now: number): void;
  set(message: LedSet, now: number): void;
  identify(now: number): void;
}

export function createLed(options: {
  readonly config: LedConfig;
  readonly driver: GpioDriver;
  readonly log: Log;
  readonly health: HealthCheck;
  readonly surroundings: () => Surroundings;
}): Led {
  const { config, driver, log, health, surroundings } = options;
  const { id, line } = config;
  let output: GpioOutput | undefined;
  let failed = false;
  let own: Own = {};
  let shown: Shown | undefined;
  /** The pattern under an acknowledgement, and when it began: a flash must not restart the pattern. */
  let base: { readonly shown: Shown; readonly since: number } | undefined;

  const inputs = (): LightInputs => {
    const around = surroundings();
    return { ...around, ...own, faulty: failed || around.faulty === true };
  };

  const baseAt = (now: number) => {
    const { acknowledged: _, ...rest } = inputs();
    const choice = chooseLight(rest, now);
    if (base === undefined || !isSame(base.shown, choice))
      base = { shown: choice, since: choice.since ?? now };
    const { since } = base;
    const level = levelAt(choice.pattern, now - since);
    const changesAt = level.nextAt === undefined ? undefined : since + level.nextAt;
    return { on: level.on, nextAt: earliest(choice.nextAt, changesAt) };
  };

  const openPin = () => {
    output = driver.openOutput(config);
    return output;
  };

  const closePin = () => {
    const closing = output;
    output = undefined;
    try {
      closing?.close();
    } catch (error) {
      log.warn({ err: error, led: id }, `the pin of LED ${id} could not be closed: ${messageOf(error)}`);
    }
  };

  /** Closes a pin that failed, so that the next attempt opens it again. */
  const using = (use: () => void) => {
    try {
      use();
    } catch (error) {
      closePin();
      throw error;
    }
  };

  return {
    id,
    follows: config.follows,
    get shown() {
      return shown;
    },
    open: () => {
      health.ok(`writing ${openPin().where}`);
    },
    close: () => {
      closePin();
      failed = false;
      own = {};
      base = undefined;
    },
    view: (now) => {
      if (!overrideHolds(inputs(), now)) own = withoutOverride(own);
      const level = baseAt(now);
      shown = chooseLight(inputs(), now);
      const on = shown.because === 'acknowledge' ? shown.pattern === 'on' : level.on;
      const nextAt = earliest(shown.nextAt, level.nextAt);
      return { on, ...(nextAt === undefined ? {} : { nextAt }) };
    },
    write: (on) => using(() => (output ?? openPin()).write(on)),
    check: () => using(() => output?.check()),
    written: (error) => {
      if (error === undefined) {
        if (!failed) return;
        failed = false;
        log.info({ led: id }, `LED ${id} can be written again`);
        health.ok(`writing ${output?.where ?? `line ${line}`}`);
        return;
      }
      const message = `LED ${id}: ${messageOf(error)}`;
      if (!failed) log.error({ led: id }, message);
      failed = true;
      health.bad(message);
    },
    acknowledge: (now) => {
      own = { ...own, acknowledged: { on: !baseAt(now).on, since: now } };
    },
    set: (message, now) => {
      own = withoutOverride(own);
      if (message !== 'auto') own = { ...own, override: overrideOf(message, now) };
    },
    identify: (now) => {
      own = { ...own, identifiedAt: now };
    },
  };
}

function overrideOf(message: Exclude<LedSet, 'auto'>, now: number): Override {
  if (typeof message === 'string') return untilSomethingToSay(message, now);
  const { forMs } = message;
  const pattern = 'pattern' in message ? message.pattern : { steps: message.steps, repeat: message.repeat };
  return forMs === undefined
    ? untilSomethingToSay(pattern, now)
    : { pattern, since: now, until: now + forMs };
}

function untilSomethingToSay(pattern: Pattern, now: number): Override {
  return { pattern, since: now, until: now + defaultOverrideMs, yieldsAt: now + hidesSignalMs };
}

function withoutOverride({ override: _, ...rest }: Own): Own {
  return rest;
}

function isSame(one: Shown, other: Shown): boolean {
  return (
    one.pattern === other.pattern &&
    one.because === other.because &&
    one.signal === other.signal &&
    one.since === other.since
  );
}

function earliest(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined) return other;
  return other === undefined ? one : Math.min(one, other);
}
