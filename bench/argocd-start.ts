// Measures a worker from its start to its first correct light, and for comparison got and JSON.parse with the same list.
import { join } from 'node:path';
import { listen } from './heard.ts';
import { createFolder, startBroker, startWorker, type Simulator } from './installation.ts';
import { quantile, seconds, start } from './processes.ts';
import { startDoor } from './relays.ts';
import type { Table } from './table.ts';

const rounds = 5;

interface Took {
  /** Milliseconds from the first connection to Argo CD. */
  readonly asking: number;
  /** Milliseconds from the start of the process. */
  readonly whole: number;
}

/** Measures both sides in turn, each through its own relay, so that the relay costs both the same. */
export async function measureStart(
  simulator: Simulator,
  drifted: number,
  table: Table,
  column: string,
): Promise<void> {
  const worker: Took[] = [];
  const bare: Took[] = [];
  let bytes = 0;
  for (let round = 0; round < rounds; round += 1) {
    worker.push(await startOfWorker(simulator, drifted));
    // The simulator may still be sending the burst of the stream that has just been closed.
    await seconds(3);
    const list = await bareList(simulator);
    bare.push(list.took);
    bytes = list.bytes;
  }
  const median = (took: readonly Took[], of: keyof Took) =>
    quantile(
      took.map((one) => one[of]),
      0.5,
    );
  table.set('the list, kB', column, bytes / 1e3);
  for (const [of, words] of [
    ['asking', 'from its first connection'],
    ['whole', 'with the start of Node.js'],
  ] as const) {
    table.set(`first right light, ms ${words}`, column, median(worker, of));
    table.set(`got + JSON.parse, ms ${words}`, column, median(bare, of));
    table.set(`  light: got + JSON.parse, ${words}`, column, median(worker, of) / median(bare, of));
  }
}

async function startOfWorker(simulator: Simulator, drifted: number): Promise<Took> {
  const folder = createFolder();
  // A new broker each time, so that it retains nothing of the previous worker.
  const broker = await startBroker();
  const heard = await listen(broker.url, 'start');
  const door = await startDoor(simulator.url);
  const startedAt = performance.now();
  const worker = startWorker({
    folder: join(folder.path, 'worker'),
    broker: broker.url,
    argocd: door.url,
    prefix: 'start',
    buttons: [{ id: 'main', select: { all: true } }],
  });
  const { at } = await heard.until(`${drifted} out of sync; ${worker.output()}`, () =>
    heard.signals.find(({ signal, outOfSync }) => signal === 'drifted' && outOfSync === drifted),
  );
  const took = { asking: at - door.firstAt(), whole: at - startedAt };
  await worker.stop();
  door.close();
  await heard.end();
  await broker.process.stop();
  folder.remove();
  return took;
}

async function bareList(simulator: Simulator): Promise<{ readonly took: Took; readonly bytes: number }> {
  const door = await startDoor(simulator.url);
  const startedAt = performance.now();
  const list = start(process.execPath, ['dist/bench/bare-list.js', door.url]);
  await list.printed(';');
  const at = performance.now();
  await list.stop();
  door.close();
  return {
    took: { asking: at - door.firstAt(), whole: at - startedAt },
    bytes: Number(/bytes (\d+)/.exec(list.output())?.[1]),
  };
}
