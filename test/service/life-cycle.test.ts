import { expect, test } from 'vitest';
import { createParts, runUntilSignal, type Part, type ProcessEdge } from '../../service/life-cycle.ts';
import { silentLog } from '../../service/log.ts';
import { capturedLog } from '../broker/brokers.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { until } from './arrange.ts';

function loggingPart(name: string, steps: string[], changed: Partial<Part> = {}): Part {
  return {
    name,
    start: () => void steps.push(`${name} starts`),
    stop: () => void steps.push(`${name} stops`),
    ...changed,
  };
}

/** A promise that the test resolves. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

test('parts start in order, one after the other, and stop in reverse order', async () => {
  const steps: string[] = [];
  const slow = loggingPart('b', steps, {
    start: async () => {
      await Promise.resolve();
      steps.push('b starts');
    },
  });
  const parts = createParts([loggingPart('a', steps), slow, loggingPart('c', steps)], silentLog());
  await parts.start();
  await parts.stop();
  expect(steps).toEqual(['a starts', 'b starts', 'c starts', 'c stops', 'b stops', 'a stops']);
});

test.each([
  ['rejects', () => Promise.reject(new Error('no'))],
  [
    'throws',
    () => {
      throw new Error('no');
    },
  ],
])(
  'if the start of a part %s, that part and all started parts are stopped, and the error is thrown',
  async (_, start) => {
    const steps: string[] = [];
    const parts = createParts(
      [loggingPart('a', steps), loggingPart('b', steps, { start }), loggingPart('c', steps)],
      silentLog(),
    );
    await expect(parts.start()).rejects.toThrow('no');
    expect(steps).toEqual(['a starts', 'b stops', 'a stops']);
  },
);

test('stopping twice stops once', async () => {
  const steps: string[] = [];
  const parts = createParts([loggingPart('a', steps)], silentLog());
  await parts.start();
  await Promise.all([parts.stop(), parts.stop()]);
  await parts.stop();
  expect(steps).toEqual(['a starts', 'a stops']);
});

test('a part that fails to stop is logged, and the others still stop', async () => {
  const steps: string[] = [];
  const { log, lines } = capturedLog();
  const stop = () => Promise.reject(new Error('stuck'));
  const parts = createParts([loggingPart('a', steps), loggingPart('b', steps, { stop })], log);
  await parts.start();
  await parts.stop();
  expect(steps.at(-1)).toBe('a stops');
  expect(lines.join('')).toContain('b did not stop cleanly: stuck');
});

test('a stop during a start starts no more parts, and stops those that were started', async () => {
  const steps: string[] = [];
  const { opened, open } = gate();
  const slow = loggingPart('b', steps, {
    start: async () => {
      await opened;
      steps.push('b has started');
    },
  });
  const parts = createParts([loggingPart('a', steps), slow, loggingPart('c', steps)], silentLog());
  const starting = parts.start();
  await Promise.resolve();
  const stopping = parts.stop();
  await Promise.resolve();
  open();
  await Promise.all([starting, stopping]);
  expect(steps).toEqual(['a starts', 'b stops', 'b has started', 'b stops', 'a stops']);
});

interface Edge {
  readonly edge: ProcessEdge;
  readonly codes: readonly number[];
  emit(event: string, value?: unknown): void;
  listeners(): number;
}

function fakeEdge(): Edge {
  const listeners = new Map<string, Set<(value: unknown) => void>>();
  const codes: number[] = [];
  return {
    codes,
    edge: {
      on: (event, listener) => listeners.set(event, (listeners.get(event) ?? new Set()).add(listener)),
      off: (event, listener) => listeners.get(event)?.delete(listener),
      exit: (code) => void codes.push(code),
    },
    emit: (event, value = event) => {
      for (const listener of listeners.get(event) ?? []) listener(value);
    },
    listeners: () => [...listeners.values()].reduce((sum, { size }) => sum + size, 0),
  };
}

async function running(parts: readonly Part[], stopDeadlineMs?: number) {
  const process = fakeEdge();
  const clock = createFakeClock();
  const { log, lines } = capturedLog();
  const started = runUntilSignal({
    parts: createParts(parts, log),
    clock,
    log,
    edge: process.edge,
    ...(stopDeadlineMs === undefined ? {} : { stopDeadlineMs }),
  });
  return { ...process, clock, lines, started };
}

test.each(['SIGTERM', 'SIGINT'])('%s stops everything and ends with 0', async (signal) => {
  const steps: string[] = [];
  const { emit, codes, clock, lines, started } = await running([loggingPart('a', steps)]);
  await started;
  emit(signal);
  await until(() => codes.length > 0);
  expect(codes).toEqual([0]);
  expect(steps).toEqual(['a starts', 'a stops']);
  expect(clock.pendingTimers()).toBe(0);
  expect(lines.join('')).toContain(`${signal}: stopping`);
});

test('a part that does not stop in time is logged, and the process ends with 1', async () => {
  const { opened } = gate();
  const { emit, codes, clock, lines, started } = await running([
    loggingPart('a', [], { stop: () => opened }),
  ]);
  await started;
  emit('SIGTERM');
  clock.advance(8_999);
  expect(codes).toEqual([]);
  clock.advance(1);
  expect(codes).toEqual([1]);
  expect(lines.join('')).toContain('not everything stopped within 9 s: ending anyway');
});

test('a second signal ends the process at once', async () => {
  const { opened } = gate();
  const { emit, codes, started } = await running([loggingPart('a', [], { stop: () => opened })]);
  await started;
  emit('SIGINT');
  expect(codes).toEqual([]);
  emit('SIGINT');
  expect(codes).toEqual([130]);
});

test.each(['uncaughtException', 'unhandledRejection'])(
  'an %s is logged, and the process stops in order with 1',
  async (event) => {
    const steps: string[] = [];
    const { emit, codes, lines, started } = await running([loggingPart('a', steps)]);
    await started;
    emit(event, new Error('a bug'));
    await until(() => codes.length > 0);
    expect(codes).toEqual([1]);
    expect(steps).toEqual(['a starts', 'a stops']);
    expect(lines.join('')).toContain('unexpected error, ending: a bug');
  },
);

test('an unexpected error during the stop ends the process at once with 1', async () => {
  const { opened } = gate();
  const { emit, codes, started } = await running([loggingPart('a', [], { stop: () => opened })]);
  await started;
  emit('SIGTERM');
  emit('uncaughtException', new Error('a bug'));
  expect(codes).toEqual([1]);
});

test('the error of a failed start is thrown, and no signal handler is left', async () => {
  const start = () => Promise.reject(new Error('no port'));
  const { started, codes, listeners } = await running([loggingPart('a', [], { start })]);
  await expect(started).rejects.toThrow('no port');
  expect(listeners()).toBe(0);
  expect(codes).toEqual([]);
});

test('a signal during the start ends the process with 0, even if the start then fails', async () => {
  const { opened, open } = gate();
  const start = async () => {
    await opened;
    throw new Error('interrupted');
  };
  const { emit, started, codes } = await running([loggingPart('a', [], { start })]);
  emit('SIGTERM');
  open();
  await started;
  await until(() => codes.length > 0);
  expect(codes).toEqual([0]);
});

test('a log that cannot be written does not keep the process from ending', async () => {
  const steps: string[] = [];
  const { log } = capturedLog();
  const fail = () => {
    throw new Error('the disk is full');
  };
  Object.assign(log, { info: fail, fatal: fail });
  const { edge, emit, codes } = fakeEdge();
  await runUntilSignal({
    parts: createParts([loggingPart('a', steps)], log),
    clock: createFakeClock(),
    log,
    edge,
  });
  emit('SIGTERM');
  await until(() => codes.length > 0);
  expect(codes).toEqual([0]);
});
