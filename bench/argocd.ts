// Measures what the worker costs, and how soon the light is right, for several numbers of applications: `npm run bench -- argocd`.
import { listen, type Heard } from './heard.ts';
import { measureChanges, measureLatency, measurePolling } from './argocd-drift.ts';
import { createFlips, tap } from './argocd-changes.ts';
import { measurePress } from './argocd-price.ts';
import { measureStart } from './argocd-start.ts';
import {
  createFolder,
  startBroker,
  startRelay,
  startSimulator,
  startWorker,
  type Listening,
  type Simulator,
} from './installation.ts';
import { peakResidentMb, print, residentMb, seconds, type Measured } from './processes.ts';
import { createTable } from './table.ts';

/** The numbers of applications. The smallest is used only for the cost of a press. */
const sizes = (process.env['BENCH_SIZES'] ?? '10,100,1000,10000').split(',').map(Number);
const priceOnly = 10;
/** Applications that are out of sync from the beginning. Each has its own repository. */
const pressed = ['press-1', 'press-2', 'press-3'];

const warmUpSeconds = 20;
const idleMinutes = Number(process.env['BENCH_IDLE'] ?? 3);

interface Installed {
  readonly size: number;
  readonly simulator: Simulator;
  readonly broker: Listening;
  readonly heard: Heard;
  readonly worker: Measured;
  /** The revision of every application except `pressed`. */
  readonly deployed: string;
}

export async function argocd(): Promise<void> {
  const columns = sizes.map(String);
  const growth = ['100', '10000'] as const;
  const figures = createTable('applications', columns.slice(columns[0] === String(priceOnly) ? 1 : 0));
  const idle = createTable('calls in an idle minute, by applications', columns);
  const press = createTable('calls of one press that releases 3, by applications', columns);
  const folder = createFolder();

  const installed: Installed[] = [];
  for (const size of sizes) {
    print(`${size} applications: starting`);
    const simulator = await startSimulator();
    await simulator.world({
      applications: pressed.map((name) => ({ name, project: 'bulk' })),
      bulk: size - pressed.length,
    });
    const deployed = await simulator.revisionOf('bulk-00001');
    for (const app of pressed) await simulator.drift(app);
    if (size !== priceOnly) await measureStart(simulator, pressed.length, figures, String(size));
    const broker = await startBroker();
    const heard = await listen(broker.url, `with-${size}`);
    const worker = startWorker({
      folder: folder.path,
      broker: broker.url,
      argocd: simulator.url,
      prefix: `with-${size}`,
      buttons: [{ id: 'main', select: { all: true }, coolDownMs: 0 }],
    });
    installed.push({ size, simulator, broker, heard, worker, deployed });
  }

  print(
    `all installations idle for ${idleMinutes} minutes at the same time, after a warm-up of ${warmUpSeconds} s`,
  );
  await seconds(warmUpSeconds);
  for (const { simulator } of installed) await simulator.forgetCalls();
  await seconds(idleMinutes * 60);
  for (const { simulator, size } of installed)
    for (const [kind, count] of await simulator.calls()) idle.set(kind, String(size), count / idleMinutes);

  for (const { size, simulator, broker, heard, worker, deployed } of installed) {
    const column = String(size);
    // The worker limits its rate of publishing, so it takes time until every application has been published.
    await heard.until('all applications', () => heard.applications() === size || undefined, 300_000);
    await measurePress({ simulator, heard, pressed, table: press, column });
    if (size !== priceOnly) {
      print(`${size} applications: changes`);
      figures.set('worker at rest, MB resident', column, residentMb(worker));
      figures.set('  at most so far', column, peakResidentMb(worker));
      const relay = startRelay({ broker: broker.url, argocd: simulator.url, prefix: `relay-${size}` });
      await relay.printed('ready;');
      // The stream of the relay begins with one event for each application.
      await seconds(warmUpSeconds / 2 + size / 500);
      const stream = await tap(simulator, pressed);
      const others = Array.from(
        { length: size - pressed.length },
        (_, index) => `bulk-${String(index + 1).padStart(5, '0')}`,
      );
      const options = {
        simulator,
        heard,
        worker,
        relay,
        changes: stream.changes,
        flips: createFlips(simulator, others, deployed),
        table: figures,
        column,
      };
      await measureLatency(options);
      await measureChanges(options);
      await relay.stop();
      await measurePolling(options);
      figures.set('worker after the changes, MB resident', column, residentMb(worker));
      figures.set('  at most in total', column, peakResidentMb(worker));
      stream.end();
    }
    await worker.stop();
    await heard.end();
    await broker.process.stop();
    await simulator.process.stop();
  }
  folder.remove();
  figures.print(growth);
  idle.print();
  press.print();
}
