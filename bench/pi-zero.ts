// Estimates, but does not measure, how long a Raspberry Pi Zero W takes to start the agent. It counts the instructions on this
// machine (valgrind --tool=callgrind, about the same number on every run) and divides them by the speed of the Pi's processor.
import { bundled, print, start, unbundled } from './processes.ts';

/**
 * Instructions per second of an ARM1176JZF-S at 1 GHz. Slow: one instruction in five cycles, for code that runs for the first time,
 * from outside the 16 kB caches. Fast: three instructions in five cycles, for code in the caches. Both are assumptions. For the same
 * work, 32-bit ARM also needs other, and mostly more, instructions than x86-64.
 */
const perSecond = { slow: 0.2e9, fast: 0.6e9 };

export async function piZero(): Promise<void> {
  const agent = (entry: string) => [
    entry,
    'gpio-agent',
    '--agent-driver=simulated',
    '--health-port=0',
    '--mqtt-url=mqtt://127.0.0.1:1',
  ];
  const counted = [
    { name: 'bare Node.js', count: await instructions(['-e', '0']) },
    { name: 'agent, bundled', count: await instructions(agent(bundled)) },
    { name: 'agent, not bundled', count: await instructions(agent(unbundled)) },
  ];
  print('From the start until presses count: instructions on this machine, and an estimate for a Pi Zero W');
  for (const { name, count } of counted)
    print(
      `  ${name.padEnd(20)} ${(count / 1e9).toFixed(2).padStart(6)} · 10^9   ${(count / perSecond.fast).toFixed(0)} to ${(count / perSecond.slow).toFixed(0)} s`,
    );
}

async function instructions(args: readonly string[]): Promise<number> {
  const counted = start('valgrind', [
    '--tool=callgrind',
    '--callgrind-out-file=/dev/null',
    process.execPath,
    ...args,
  ]);
  const ended = new Promise<void>((resolve) => {
    counted.child.once('close', () => resolve());
  });
  // A process that ends by itself needs no signal.
  if (args.length > 2) {
    await counted.printed('button(s) and');
    counted.child.kill('SIGTERM');
  }
  await ended;
  const count = Number(/Collected : (\d+)/.exec(counted.output())?.[1]);
  if (Number.isNaN(count)) throw new Error(`callgrind did not count: ${counted.output().slice(-500)}`);
  return count;
}
