// Counts the requests that one press makes to Argo CD.
import { randomUUID } from 'node:crypto';
import type { Heard } from './heard.ts';
import type { Simulator } from './installation.ts';
import { quantile, seconds } from './processes.ts';
import type { Table } from './table.ts';

const rounds = 3;

/** Before and after it, the applications are out of sync, and all requests that follow from this have been made. */
export async function measurePress(options: {
  readonly simulator: Simulator;
  readonly heard: Heard;
  readonly pressed: readonly string[];
  readonly table: Table;
  readonly column: string;
}): Promise<void> {
  const { simulator, heard, pressed, table, column } = options;
  const counted: ReadonlyMap<string, number>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await simulator.forgetCalls();
    const id = randomUUID();
    heard.publish('button/main/press', JSON.stringify({ id, source: 'bench' }));
    const { outcome } = await heard.until('the end of the release', () =>
      heard.releases.find(({ pressId }) => pressId === id),
    );
    if (outcome !== 'succeeded') throw new Error(`the release ended: ${outcome}`);
    // Let the requests that follow from the press arrive.
    await seconds(1);
    counted.push(await simulator.calls());
    for (const app of pressed) await simulator.drift(app);
    await heard.until('drift again', () =>
      heard.latest('main')?.outOfSync === pressed.length ? true : undefined,
    );
    // Longer than the light shows success.
    await seconds(6);
  }
  const median = (values: readonly number[]) => quantile(values, 0.5);
  for (const kind of new Set(counted.flatMap((calls) => [...calls.keys()])))
    table.set(kind, column, median(counted.map((calls) => calls.get(kind) ?? 0)));
  table.set(
    'in total',
    column,
    median(counted.map((calls) => [...calls.values()].reduce((a, b) => a + b, 0))),
  );
}
