// Measures the agent: its processor time and memory while idle, its start, and how long a press takes to reach the broker. It needs
// no pins: a file replaces the registers for rpio's native code, and the driver with edges is the simulated one. (`npm run
// test:gpio` prints the idle figure of gpiochip on a real kernel.)
import { closeSync, openSync, writeSync } from 'node:fs';
import { connectAsync } from 'mqtt';
import {
  bundled,
  createFakeBoard,
  print,
  processorMs,
  quantile,
  residentMb,
  seconds,
  start,
  unbundled,
  type Measured,
} from './processes.ts';

const warmUpSeconds = 15;
const idleSeconds = 30;
const starts = 7;
const presses = 200;
const debounceMs = 30;

const started = 'button(s) and';

interface Contender {
  readonly name: string;
  readonly process: Measured;
}

export async function gpioAgent(): Promise<void> {
  const board = createFakeBoard();
  const broker = start(process.execPath, [bundled, 'broker', '--broker-port', '0', '--health-enabled=false']);
  try {
    await broker.printed('"url":"mqtt:');
    const url = /"url":"(mqtt:[^"]+)"/.exec(broker.output())?.[1];
    if (url === undefined) throw new Error(`the broker has not printed where it listens: ${broker.output()}`);
    const agent = (id: string, driver: string, entry = bundled) => [
      entry,
      'gpio-agent',
      `--agent-driver=${driver}`,
      `--agent-id=${id}`,
      `--mqtt-url=${url}`,
      '--health-port=0',
    ];
    await idle([
      { name: 'agent, driver with edges', process: start(process.execPath, agent('edges', 'simulated')) },
      { name: 'agent, rpio, a sample every 5 ms', process: board.start(agent('rpio', 'rpio')) },
      {
        name: 'the same, not bundled',
        process: board.start(agent('unbundled', 'rpio', unbundled)),
      },
      { name: "rpio's own poll, one pin", process: board.start(['-e', pollScript]) },
      { name: 'bare setInterval of 5 ms', process: bare('setInterval(() => {}, 5)') },
      { name: 'bare Node.js', process: bare('setInterval(() => {}, 1e6)') },
    ]);
    await startUp(agent);
    await pressToPublish(url, board.registers, board.start(agent('press', 'rpio')));
  } finally {
    await broker.stop();
    board.remove();
  }
}

const pollScript = `
  const rpio = require('rpio');
  rpio.init({ mapping: 'gpio', gpiomem: true, close_on_exit: false });
  rpio.open(17, rpio.INPUT, rpio.PULL_UP);
  rpio.poll(17, () => {});
`;

function bare(script: string): Measured {
  return start(process.execPath, ['-e', script]);
}

/** Measures all processes at the same time, so that noise of the machine affects all of them alike. */
async function idle(contenders: readonly Contender[]): Promise<void> {
  await seconds(warmUpSeconds);
  const before = contenders.map(({ process }) => processorMs(process));
  await seconds(idleSeconds);
  const percent = contenders.map(
    ({ process }, index) => (processorMs(process) - (before[index] ?? Number.NaN)) / (10 * idleSeconds),
  );
  const of = (name: string) =>
    percent[contenders.findIndex((contender) => contender.name.startsWith(name))] ?? 1;
  print(`\nIdle, ${idleSeconds} s after ${warmUpSeconds} s of warm-up, all at the same time`);
  for (const [index, { name, process }] of contenders.entries())
    print(
      `  ${name.padEnd(34)} ${(percent[index] ?? Number.NaN).toFixed(2).padStart(5)} % of a core  ${residentMb(process).toFixed(1).padStart(5)} MB resident`,
    );
  const ratio = (one: string, other: string) => (of(one) / of(other)).toFixed(2);
  print(`  sampling: bare interval  ${ratio('agent, rpio', 'bare setInterval')}`);
  print(`  rpio's poll: sampling    ${ratio("rpio's", 'agent, rpio')}`);
  print(`  rpio's poll: edges       ${ratio("rpio's", 'agent, driver')}`);
  print(
    `  rpio's poll: bare interval ${ratio("rpio's", 'bare setInterval')} (sampling cannot be better than this)`,
  );
  for (const { process } of contenders) await process.stop();
}

/** Measures from the start of the process to the log line after which presses count. */
async function startUp(
  agent: (id: string, driver: string, entry: string) => readonly string[],
): Promise<void> {
  const times = { bundled: [] as number[], unbundled: [] as number[], bare: [] as number[] };
  for (let round = 0; round < starts; round += 1) {
    for (const [name, entry] of [
      ['bundled', bundled],
      ['unbundled', unbundled],
    ] as const) {
      const process_ = start(process.execPath, agent('start', 'simulated', entry));
      times[name].push(await process_.printed(started));
      await process_.stop();
    }
    const empty = bare("process.stdout.write('here'); setInterval(() => {}, 1e6)");
    times.bare.push(await empty.printed('here'));
    await empty.stop();
  }
  const median = (values: readonly number[]) => quantile(values, 0.5);
  print(
    `\nFrom the start until presses count, including ${debounceMs} ms of debouncing, median of ${starts}, in turn`,
  );
  print(`  bundled      ${median(times.bundled).toFixed(0)} ms`);
  print(`  not bundled  ${median(times.unbundled).toFixed(0)} ms`);
  print(`  bare Node.js ${median(times.bare).toFixed(0)} ms`);
  print(`  not bundled: bundled ${(median(times.unbundled) / median(times.bundled)).toFixed(2)}`);
}

/** Measures from the level in the register to the press at a subscriber of the broker. */
async function pressToPublish(url: string, registers: string, agent: Measured): Promise<void> {
  await agent.printed(started);
  const client = await connectAsync(url);
  const arrived: number[] = [];
  let onPress: () => void = () => undefined;
  client.on('message', () => {
    arrived.push(performance.now());
    onPress();
  });
  await client.subscribeAsync('release-button/button/main/press', { qos: 1 });
  await seconds(1);
  const file = openSync(registers, 'r+');
  // GPLEV0, BCM2835 ARM Peripherals 6.1; the line is 17.
  const set = (high: boolean) => {
    const word = Buffer.alloc(4, 0xff);
    if (!high) word.writeUInt32LE((0xff_ff_ff_ff & ~(1 << 17)) >>> 0);
    writeSync(file, word, 0, 4, 0x34);
  };
  const took: number[] = [];
  for (let index = 0; index < presses; index += 1) {
    const came = new Promise<void>((resolve) => (onPress = resolve));
    const pressedAt = performance.now();
    set(false);
    await came;
    took.push((arrived.at(-1) ?? Number.NaN) - pressedAt);
    set(true);
    // Each press begins at a different point of the sampling interval.
    await seconds(0.06 + (index % 10) * 0.0007);
  }
  closeSync(file);
  await client.endAsync();
  await agent.stop();
  const at = (share: number) => quantile(took, share).toFixed(1);
  print(
    `\nFrom the level to the press at a subscriber, rpio, ${presses} presses, including ${debounceMs} ms of debouncing`,
  );
  print(
    `  median ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms; debounce + 10 is ${debounceMs + 10} ms`,
  );
}
