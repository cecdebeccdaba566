// Measures the time from a press at the broker to its POST at Argo CD, and for comparison a press without rules and journal:
// `npm run bench -- press`.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { listen, type Heard } from './heard.ts';
import { createFolder, startBroker, startSimulator, startWorker, type Simulator } from './installation.ts';
import { print, quantile, start } from './processes.ts';
import { startGate } from './relays.ts';
import { createTable } from './table.ts';

const presses = 200;
const warmUp = 20;
/** A file system in memory, where the journal does not wait for a disk. */
const memory = '/dev/shm';

interface Contender {
  readonly name: string;
  /** Presses, waits for the POST, and gets ready for the next press. Resolves to the milliseconds until the POST arrived. */
  press(): Promise<number>;
}

export async function press(): Promise<void> {
  const folder = createFolder();
  const inMemory = existsSync(memory) ? mkdtempSync(join(memory, 'release-button-bench-')) : undefined;
  const simulator = await startSimulator();
  const apps = ['disk', 'memory', 'refreshed'];
  await simulator.world({ applications: apps.map((name) => ({ name, syncMs: 20 })) });
  for (const app of apps) await simulator.drift(app);
  const gate = await startGate(simulator.url);
  const broker = await startBroker();

  const worker = async (prefix: string, buttons: Readonly<Record<string, string>>, stateDir: string) => {
    const heard = await listen(broker.url, prefix);
    const process_ = startWorker({
      folder: folder.path,
      stateDir,
      broker: broker.url,
      argocd: gate.url,
      prefix,
      buttons: Object.entries(buttons).map(([id, refresh]) => ({
        id,
        select: { names: [id] },
        coolDownMs: 0,
        refresh,
      })),
    });
    for (const id of Object.keys(buttons)) await untilDrifted(heard, id);
    return { heard, process: process_ };
  };
  const onDisk = await worker('on-disk', { disk: 'none', refreshed: 'normal' }, join(folder.path, 'state'));
  const inMemoryWorker =
    inMemory === undefined ? undefined : await worker('in-memory', { memory: 'none' }, inMemory);
  const bare = await startBare();

  const ours = (name: string, heard: Heard, id: string): Contender => ({
    name,
    press: () => pressOurs({ simulator, gate, heard }, id),
  });
  const contenders: readonly Contender[] = [
    { name: 'bare', press: bare.press },
    ours('worker', onDisk.heard, 'disk'),
    ...(inMemoryWorker === undefined
      ? []
      : [ours('worker, journal in memory', inMemoryWorker.heard, 'memory')]),
    ours('worker, with refresh', onDisk.heard, 'refreshed'),
  ];

  const took = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  const flushed: number[] = [];
  const file = await open(join(folder.path, 'flushed'), 'a');
  for (let index = 0; index < warmUp + presses; index += 1) {
    // A different contender goes first each time.
    for (let turn = 0; turn < contenders.length; turn += 1) {
      const contender = contenders[(turn + index) % contenders.length];
      const ms = await contender?.press();
      if (contender !== undefined && ms !== undefined && index >= warmUp) took.get(contender.name)?.push(ms);
    }
    const from = performance.now();
    await file.appendFile(`${'x'.repeat(500)}\n`);
    await file.datasync();
    if (index >= warmUp) flushed.push(performance.now() - from);
  }
  await file.close();

  const columns = ['p50', 'p99'];
  const table = createTable(`press to POST, ms, ${presses} presses in turn`, columns);
  const ratios = createTable('ratio to bare', columns);
  for (const [column, share] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const) {
    const of = (name: string) => quantile(took.get(name) ?? [], share);
    for (const { name } of contenders) {
      table.set(name, column, of(name));
      if (name !== 'bare') ratios.set(name, column, of(name) / of('bare'));
    }
    const flush = quantile(flushed, share);
    table.set('one line to the disk, on its own', column, flush);
    // The worker waits for only one of its two lines. It writes the line about the coming POST while it makes the request.
    ratios.set('worker minus the line that it waits for', column, (of('worker') - flush) / of('bare'));
  }
  table.print();
  ratios.print();
  print(`the journal is in ${folder.path}; set TMPDIR to use another place`);

  for (const one of [onDisk, inMemoryWorker]) {
    await one?.process.stop();
    await one?.heard.end();
  }
  await bare.end();
  await broker.process.stop();
  gate.close();
  await simulator.process.stop();
  folder.remove();
  if (inMemory !== undefined) rmSync(inMemory, { recursive: true, force: true });
}

/** Waits until the light is on and the worker has asked about windows and permission, as it has when a person presses. */
async function untilDrifted(heard: Heard, button: string): Promise<void> {
  await heard.until(`${button} out of sync`, () =>
    heard.latest(button)?.outOfSync === 1 && heard.isDrifted(button) ? true : undefined,
  );
}

async function pressOurs(
  parts: {
    readonly simulator: Simulator;
    readonly gate: Awaited<ReturnType<typeof startGate>>;
    readonly heard: Heard;
  },
  id: string,
): Promise<number> {
  const { simulator, gate, heard } = parts;
  const pressId = randomUUID();
  const pressedAt = performance.now();
  heard.publish(`button/${id}/press`, JSON.stringify({ id: pressId, source: 'bench' }));
  const ms = (await gate.arrival(pressId)) - pressedAt;
  const { outcome } = await heard.until('the end of the release', () =>
    heard.releases.find((release) => release.pressId === pressId),
  );
  if (outcome !== 'succeeded') throw new Error(`a release ended: ${outcome}`);
  await heard.until('the application in sync', () =>
    heard.latest(id)?.outOfSync === 0 && !heard.isDrifted(id) ? true : undefined,
  );
  await simulator.drift(id);
  await untilDrifted(heard, id);
  return ms;
}

/** Starts the bare broker and the bare press, each in its own process, like our broker and worker. */
async function startBare() {
  const gate = await startGate();
  const broker = start(process.execPath, ['dist/bench/bare-broker.js']);
  await broker.printed(';');
  const url = `mqtt://127.0.0.1:${/port (\d+);/.exec(broker.output())?.[1] ?? ''}`;
  const subscriber = start(process.execPath, ['dist/bench/bare-press.js', url, gate.url]);
  await subscriber.printed('ready;');
  const client = await connectAsync(url, { protocolVersion: 5 });
  return {
    press: async () => {
      const id = randomUUID();
      const pressedAt = performance.now();
      client.publish('bare/button/main/press', JSON.stringify({ id, source: 'bench' }), { qos: 1 });
      return (await gate.arrival(id)) - pressedAt;
    },
    end: async () => {
      await client.endAsync();
      await subscriber.stop();
      await broker.stop();
      gate.close();
    },
  };
}
