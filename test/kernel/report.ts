// The reports of the guest, one JSON object for each scenario (guest/scenarios.ts). Times are in ms of CLOCK_MONOTONIC.
import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import type { Write } from './oracle.ts';

const level = z.literal([0, 1]);
export type Level = z.infer<typeof level>;

/** A level, the last moment without it, and the first moment with it. */
const timed = z.tuple([level, z.number(), z.number()]);
export type Timed = z.infer<typeof timed>;

/** Many `Timed` in a shorter form: level, µs since the previous one ended, µs that it took. */
const packed = { start: z.number(), writes: z.array(timed) };

/** The members of messages that are judged. */
export const press = z.object({
  id: z.string(),
  gesture: z.string(),
  heldMs: z.exactOptional(z.number()),
});
const received = z.extend(press, { at: z.number() });
export type Press = z.infer<typeof received>;
export const ledState = z.object({
  pattern: z.string(),
  because: z.string(),
  signal: z.exactOptional(z.string()),
});
export const buttonState = z.object({ pressed: z.boolean(), fault: z.exactOptional(z.string()) });
export const agentInfo = z.object({ driver: z.string(), simulated: z.boolean() });
export const availability = z.string();

const answer = z.object({ status: z.number(), body: z.string() });
/** A process that has ended, and its whole output. */
const ended = z.object({ code: z.nullable(z.number()), output: z.string() });

export const reports = {
  start: z.object({ info: agentInfo }),
  idle: z.object({
    seconds: z.number(),
    ticks: z.number(),
    ranMs: z.number(),
    wakeUps: z.number(),
    residentKb: z.number(),
  }),
  presses: z.object({
    buttons: z.array(
      z.object({ ...packed, button: z.string(), end: z.number(), received: z.array(received) }),
    ),
  }),
  spiky: z.object({
    received: z.array(received),
    /** The fault of the button at the end of the noise. */
    fault: z.exactOptional(z.string()),
  }),
  leds: z.object({
    began: z.number(),
    end: z.number(),
    leds: z.array(z.object({ led: z.string(), state: ledState, changes: z.array(timed) })),
    /** The signals of the main light, one after the other, and when the light reported each. */
    shown: z.array(z.object({ signal: z.string(), saidAt: z.number(), until: z.number() })),
    main: z.array(timed),
    inverse: z.array(timed),
  }),
  storm: z.object({
    ...packed,
    end: z.number(),
    /** From before each press between the rounds until it must have arrived. */
    genuine: z.array(z.object({ from: z.number(), until: z.number() })),
    lost: z.number(),
    received: z.array(received),
  }),
  gone: z.object({
    noticedMs: z.number(),
    whileGone: z.object({ states: z.array(buttonState), health: answer, led: ledState }),
    backMs: z.number(),
    health: answer,
    /** Presses that were received before anybody pressed. */
    unasked: z.array(received),
    afterRelease: z.array(received),
    genuine: z.object({ main: z.array(received), second: z.array(received) }),
    /** The pin of the main light while it blinks. */
    changes: z.array(timed),
  }),
  stop: z.object({
    code: z.nullable(z.number()),
    /** Levels of the main light and of the active-low light: before the stop, and the last one written. */
    lit: z.array(level),
    lastSet: z.array(z.nullable(level)),
    led: z.optional(ledState),
    availability: z.optional(availability),
  }),
  taken: ended,
  check: ended,
  kernel: z.object({ complaints: z.array(z.string()) }),
};
export type Reports = { readonly [S in keyof typeof reports]: z.infer<(typeof reports)[S]> };

const named = z.object({ scenario: z.string() });
/** Instead of a report, for a scenario that failed. */
const broken = z.object({ failed: z.string() });

/** The reports by scenario, as the guest wrote them, each on a marked line. */
export function readReports(file: string): ReadonlyMap<string, unknown> {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('@@'));
  return new Map(
    lines.map((line) => {
      const found: unknown = JSON.parse(line.slice(2));
      return [named.parse(found).scenario, found];
    }),
  );
}

/** @throws Error with the reason if the scenario failed in the guest */
export function reportOf<T>(
  found: ReadonlyMap<string, unknown>,
  scenario: string,
  schema: z.ZodMiniType<T>,
): T {
  const entry = found.get(scenario);
  if (entry === undefined) throw new Error(`the guest has reported nothing of ${scenario}`);
  const failed = broken.safeParse(entry);
  if (failed.success) throw new Error(`in the guest: ${failed.data.failed}`);
  return schema.parse(entry);
}

interface Packed {
  readonly start: number;
  readonly writes: Timed[];
}

export function pack(writes: readonly Timed[]): Packed {
  const start = writes[0]?.[1] ?? 0;
  // In whole µs from the start, so that rounding errors do not add up.
  const us = (at: number) => Math.round((at - start) * 1000);
  let last = 0;
  return {
    start,
    writes: writes.map(([level, before, after]) => {
      const short: Timed = [level, us(before) - last, us(after) - us(before)];
      last = us(after);
      return short;
    }),
  };
}

/** Writes to a line that is low when pressed. */
export function unpack({ start, writes }: Packed): readonly Write[] {
  let us = 0;
  return writes.map(([level, sinceUs, tookUs]) => {
    const before = start + (us + sinceUs) / 1000;
    us += sinceUs + tookUs;
    return { pressed: level === 0, before, after: start + us / 1000 };
  });
}
