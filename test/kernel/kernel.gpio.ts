// The agent with the driver gpiochip on lines of a real kernel. A guest is booted once, plays all scenarios
// (guest/scenarios.ts) and reports. The tests here judge the reports. `npm run test:gpio` runs them, not `npm test`.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, onTestFailed, test } from 'vitest';
import type * as z from 'zod/mini';
import { patternOfSignal } from '../../gpio-agent/patterns.ts';
import { signals } from '../../messages/button.ts';
import { keepFile, sumFile } from './folder.ts';
import { intervalsOf, judge, verdictOf } from './oracle.ts';
import { plans, seed } from './plan.ts';
import { litAt, median, stepsShown, type Change } from './read-back.ts';
import { readReports, reportOf, reports, unpack } from './report.ts';

const folder = inject('kernelFolder');

/** The defaults of the agent. A level that is this close to them may count or not. */
const rules = { debounceMs: 30, releaseDebounceMs: 100, toleranceMs: 2 };
const judging = { ...rules, lagMs: 1000, heldToleranceMs: 2 };

/** By how much a step of a light may be wrong: a tenth, or this if it is more. In milliseconds. */
const ledToleranceMs = 20;

let found: ReadonlyMap<string, unknown> = new Map();
let lacking: string | undefined;
const sum = { idle: '', presses: '' };

const keep = () => writeFileSync(join(folder, keepFile), '');

beforeAll(async () => {
  const { code, said } = await boot();
  if (code === 77) {
    lacking = said.trim().split('\n').at(-1) ?? 'something is missing';
    return;
  }
  if (code !== 0) {
    keep();
    throw new Error(`the guest did not come to its end (${code}): ${said}`);
  }
  found = readReports(join(folder, 'report'));
});

afterAll(() => {
  if (sum.presses !== '') writeFileSync(join(folder, sumFile), `${sum.idle}\n${sum.presses}\n`);
});

function boot(): Promise<{ readonly code: number | null; readonly said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(import.meta.dirname, 'boot.sh'), [folder], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, said }));
  });
}

/** Judges the report of one scenario. It is skipped with the reason if the guest cannot be booted. */
function scenario<T>(
  name: string,
  schema: z.ZodMiniType<T>,
  promise: string,
  judgeIt: (report: T) => void,
): void {
  test(promise, ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    onTestFailed(keep);
    judgeIt(reportOf(found, name, schema));
  });
}

/** @param activeLow whether the LED is lit by the low level */
const changesOf = (
  changes: readonly (readonly [0 | 1, number, number])[],
  activeLow = false,
): readonly Change[] =>
  changes.map(([level, before, after]) => ({ lit: (level === 0) === activeLow, before, after }));

scenario('start', reports.start, 'the agent runs on real lines, named and numbered', ({ info }) => {
  expect(info).toEqual({ driver: 'gpiochip', simulated: false });
});

scenario('idle', reports.idle, 'the cost of an idle agent is measured', (report) => {
  const { seconds, ticks, ranMs, wakeUps, residentKb } = report;
  expect(residentKb).toBeGreaterThan(0);
  sum.idle = `idle for ${seconds} s: ${ticks} ticks of CPU (${ranMs.toFixed(0)} ms at 500 million instructions a second), ${wakeUps} wake-ups of the main thread, ${Math.round(residentKb / 1024)} MiB`;
});

scenario('presses', reports.presses, 'every press counts once, and no spike counts', ({ buttons }) => {
  expect(buttons.map(({ button }) => button)).toEqual(['main', 'second']);
  const count = { given: 0, seen: 0, spikes: 0, stretched: 0, phantoms: 0 };
  const missed: unknown[] = [];
  for (const report of buttons) {
    const plan = report.button === 'main' ? plans.main : plans.second;
    const intervals = intervalsOf(unpack(report), report.end);
    expect(intervals).toHaveLength(plan.length);
    const judgement = judge(intervals, report.received, {
      ...judging,
      goesOutAt: report.button === 'main' ? 'press' : 'release',
    });
    missed.push(...judgement.missed.map((index) => ({ button: report.button, ...intervals[index] })));
    count.phantoms += judgement.phantoms.length;
    count.given += new Set(plan.flatMap(({ press }) => press ?? [])).size;
    count.seen += new Set(judgement.seen.flatMap(({ interval }) => plan[interval]?.press ?? [])).size;
    for (const [index, interval] of intervals.entries()) {
      const part = plan[index]?.part;
      if (part !== 'spike' && part !== 'dropout') continue;
      count.spikes += 1;
      if (verdictOf(interval, rules) !== 'never') count.stretched += 1;
    }
  }
  sum.presses = `presses given ${count.given}, seen ${count.seen}; spikes given ${count.spikes} (${count.stretched} stretched, apart), phantom presses ${count.phantoms}; seed ${seed}`;
  expect(missed).toEqual([]);
  expect(count).toMatchObject({ given: 200, seen: 200, spikes: 1000, phantoms: 0 });
});

scenario(
  'spiky',
  reports.spiky,
  'spikes at 100 Hz swallow no press, and the line is reported as noisy',
  ({ received, fault }) => {
    expect(received.map(({ gesture }) => gesture)).toEqual(Array.from({ length: 10 }, () => 'press'));
    expect(fault).toMatch(/^line BUTTON /);
  },
);

scenario(
  'leds',
  reports.leds,
  'each signal shows its pattern at the pin',
  ({ began: startedAt, end, leds }) => {
    for (const signal of signals) {
      const pattern = patternOfSignal[signal];
      const led = leds.find((candidate) => candidate.led === signal);
      expect(led?.state).toEqual({ pattern, because: 'signal', signal });
      const changes = changesOf(led?.changes ?? []).filter(({ after }) => after > startedAt);
      if (pattern === 'on' || pattern === 'off') {
        expect(changes.map(({ lit }) => lit)).toEqual([pattern === 'on']);
        continue;
      }
      expect(changes[0]?.lit).toBe(true);
      const steps = stepsShown(pattern, changes);
      expect(steps.length).toBeGreaterThan(1);
      for (const { on, nominalMs, observedMs } of steps) {
        const step = `${on ? 'on' : 'off'} for ${nominalMs} ms in ${pattern}`;
        expect(Math.abs(median(observedMs) - nominalMs), step).toBeLessThan(
          Math.max(ledToleranceMs, nominalMs / 10),
        );
      }
      // The pattern that does not repeat stays dark afterwards.
      if (pattern === 'two-flashes') {
        expect(changes).toHaveLength(4);
        expect(litAt(changes, end)).toBe(false);
      }
    }
  },
);

scenario(
  'leds',
  reports.leds,
  'a light changes from one pattern to the next, and an active-low light shows the same',
  (report) => {
    const main = changesOf(report.main);
    const inverse = changesOf(report.inverse, true);
    /** The share of a time during which the condition was true, sampled every 5 ms. */
    const share = (from: number, to: number, is: (at: number) => boolean) => {
      const samples = Array.from({ length: Math.floor((to - from) / 5) }, (_, index) => is(from + 5 * index));
      return samples.filter(Boolean).length / samples.length;
    };
    // Two seconds are whole rounds of each pattern.
    const lit = report.shown.map(({ signal, saidAt }) => [
      signal,
      Math.round(share(saidAt + 100, saidAt + 2100, (at) => litAt(main, at) === true) * 10) / 10,
    ]);
    expect(lit).toEqual([
      ['drifted', 1],
      ['clear', 0],
      ['releasing', 0.7],
    ]);
    const [first, last] = [report.shown[0], report.shown.at(-1)];
    const agree = share(first?.saidAt ?? 0, last?.until ?? 0, (at) => litAt(main, at) === litAt(inverse, at));
    expect(agree).toBeGreaterThan(0.97);
  },
);

scenario(
  'storm',
  reports.storm,
  'lost edges are counted and press nothing, and the presses between them count',
  (report) => {
    expect(report.lost).toBeGreaterThan(1000);
    const intervals = intervalsOf(unpack(report), report.end);
    expect(intervals.length).toBeGreaterThan(20_000);
    const { seen, phantoms } = judge(intervals, report.received, { ...judging, goesOutAt: 'press' });
    expect(phantoms.map((index) => report.received[index])).toEqual([]);
    expect(report.genuine).toHaveLength(8);
    for (const { from, until } of report.genuine) {
      const isHere = (at: number | undefined) => at !== undefined && at >= from && at < until;
      expect(seen.filter(({ interval }) => isHere(intervals[interval]?.from))).toHaveLength(1);
      expect(report.received.filter(({ at }) => isHere(at))).toHaveLength(1);
    }
  },
);

scenario(
  'gone',
  reports.gone,
  'a button and its light report it when their chip was removed',
  ({ whileGone, noticedMs }) => {
    expect(noticedMs).toBeLessThan(3000);
    for (const state of whileGone.states) {
      expect(state.fault).toContain('is gone');
      expect(state.pressed).toBe(false);
    }
    expect(whileGone.health.status).toBe(503);
    expect(whileGone.health.body).toMatch(/"button main":\{"ok":false/);
    expect(whileGone.led).toEqual({ pattern: 'triple-blink', because: 'fault' });
  },
);

scenario(
  'gone',
  reports.gone,
  'a chip that comes back is found by its label, and presses and lights work again',
  (report) => {
    expect(report.health.status).toBe(200);
    expect(report.backMs).toBeLessThan(20_000);
    expect(report.genuine.main.map(({ gesture }) => gesture)).toEqual(['press']);
    expect(report.genuine.second.map(({ gesture }) => gesture)).toEqual(['press']);
    // It blinks at the pin of the new chip.
    expect(report.changes.length).toBeGreaterThan(5);
  },
);

scenario(
  'gone',
  reports.gone,
  'neither the removal nor a button that is held afterwards is a press',
  (report) => {
    expect(report.unasked).toEqual([]);
    expect(report.afterRelease).toEqual([]);
  },
);

scenario('stop', reports.stop, 'an agent that is stopped leaves its lights off', (report) => {
  expect(report.lit).toEqual([1, 0]);
  expect(report).toMatchObject({
    code: 0,
    lastSet: [0, 1],
    led: { pattern: 'off', because: 'offline' },
    availability: 'offline',
  });
});

scenario(
  'taken',
  reports.taken,
  'a line that another process holds ends the agent with 3 and the name of that process',
  ({ code, output }) => {
    expect(code).toBe(3);
    expect(output).toMatch(/line TAKEN .*in use by "fan-control"/);
  },
);

scenario(
  'check',
  reports.check,
  'the self-test of the wiring names chip, line and level, and sees the press',
  ({ code, output }) => {
    expect(output).toContain('line BUTTON of /dev/gpiochip');
    expect(output).toContain('[lab, 16 lines]');
    expect(output).toContain('level high: released');
    expect(output).toMatch(/button main +seen: held for \d+ ms/);
    expect(code).toBe(0);
  },
);

scenario('kernel', reports.kernel, 'the kernel has survived all scenarios', ({ complaints }) => {
  // Linux 6.1 itself warns when a simulated chip with used lines is removed. That is not the fault of the agent.
  expect(complaints.filter((line) => !/WARNING:|Call Trace/.test(line))).toEqual([]);
});
