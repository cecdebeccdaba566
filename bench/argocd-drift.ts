// Measures how long a change at Argo CD takes to reach the signal, how much processor time the worker uses in this time, and how
// long polling takes.
import { noticedAfter, type Count, type createFlips } from './argocd-changes.ts';
import type { Heard } from './heard.ts';
import type { Simulator } from './installation.ts';
import { print, processorMs, quantile, seconds, start, type Measured } from './processes.ts';
import type { Table } from './table.ts';

export interface DriftOptions {
  readonly simulator: Simulator;
  readonly heard: Heard;
  readonly worker: Measured;
  /** The bare relay: it follows the same events of the same simulator, and publishes as much to the same broker. */
  readonly relay: Measured;
  /** The changes that a stream in this process has received. */
  readonly changes: readonly Count[];
  readonly flips: ReturnType<typeof createFlips>;
  readonly table: Table;
  readonly column: string;
}

const single = 200;
const aSecond = 50;
const forSeconds = 20;
const pollEveryMs = 3_000;
const polledChanges = 72;

const wait = (ms: number) => seconds(ms / 1000);

/** Makes changes one at a time: each waits for the signal of the previous one. */
export async function measureLatency(options: DriftOptions): Promise<void> {
  const { heard, changes, flips } = options;
  const [firstChange, firstSignal] = [changes.length, heard.signals.length];
  for (let index = 0; index < single; index += 1) {
    const before = changes.length;
    await flips.flip();
    await heard.until('the signal of a change', () =>
      changes.length > before && heard.signals.at(-1)?.outOfSync === changes.at(-1)?.outOfSync
        ? true
        : undefined,
    );
    await wait(100 + (index % 10) * 7);
  }
  say(
    options,
    'drift to signal, one at a time',
    changes.slice(firstChange),
    heard.signals.slice(firstSignal),
  );
}

/** Makes changes at a steady rate, no matter how long the answers take. */
export async function measureChanges(options: DriftOptions): Promise<void> {
  const { simulator, heard, worker, relay, changes, flips, table, column } = options;
  const [firstChange, firstSignal] = [changes.length, heard.signals.length];
  const [before, relayBefore] = [processorMs(worker), processorMs(relay)];
  await simulator.forgetCalls();
  const startedAt = performance.now();
  const asked: Promise<void>[] = [];
  for (let index = 0; index < aSecond * forSeconds; index += 1) {
    asked.push(flips.flip());
    await wait(Math.max(0, startedAt + ((index + 1) * 1000) / aSecond - performance.now()));
  }
  await Promise.all(asked);
  const wallMs = performance.now() - startedAt;
  const [took, relayTook] = [processorMs(worker) - before, processorMs(relay) - relayBefore];
  table.set(`worker at ${aSecond} changes a second, % of a core`, column, (100 * took) / wallMs);
  table.set(`bare relay at ${aSecond} changes a second, % of a core`, column, (100 * relayTook) / wallMs);
  table.set('  worker: bare relay', column, took / relayTook);
  const calls = await simulator.calls();
  print(`  requests to Argo CD in this time: ${JSON.stringify([...calls])}`);
  await wait(1_000);
  const made = changes.slice(firstChange);
  table.set('  changes received a second', column, (1000 * made.length) / wallMs);
  table.set('  signals a second', column, (1000 * (heard.signals.length - firstSignal)) / wallMs);
  say(options, `drift to signal, ${aSecond} changes a second`, made, heard.signals.slice(firstSignal));
  await flips.finish();
  const after = processorMs(worker);
  await wait(10_000);
  table.set('  in the 10 s after, % of a core', column, (processorMs(worker) - after) / 100);
}

/** A loop of got and JSON.parse that lists every 3 s, with the changes spread evenly between the polls. */
export async function measurePolling(options: DriftOptions): Promise<void> {
  const { simulator, changes, flips } = options;
  const said: Count[] = [];
  const poller = start(process.execPath, ['dist/bench/bare-list.js', simulator.url, String(pollEveryMs)]);
  poller.child.stdout?.on('data', (data: unknown) => {
    const outOfSync = /out of sync (\d+);/.exec(String(data))?.[1];
    if (outOfSync !== undefined) said.push({ at: performance.now(), outOfSync: Number(outOfSync) });
  });
  await poller.printed(';');
  const first = changes.length;
  for (let index = 0; index < polledChanges; index += 1) {
    await flips.flip();
    await wait(311);
  }
  await wait(2 * pollEveryMs);
  await poller.stop();
  say(options, `drift to a poll every ${pollEveryMs / 1000} s`, changes.slice(first), said);
  await flips.finish();
}

function say(
  { table, column }: DriftOptions,
  what: string,
  changes: readonly Count[],
  said: readonly Count[],
) {
  const took = noticedAfter(changes, said);
  const never = took.filter((ms) => !Number.isFinite(ms)).length;
  if (never > 0) print(`  ${what}: ${never} of ${changes.length} changes were never shown`);
  table.set(`${what}, ms p50`, column, quantile(took, 0.5));
  table.set(`${what}, ms p99`, column, quantile(took, 0.99));
}
