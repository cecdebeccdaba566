// Benchmarks, by name: npm run bench -- gpio-agent. They measure two sides in one run and judge nothing.
import { gpioAgent } from './gpio-agent.ts';
import { piZero } from './pi-zero.ts';

const benches: ReadonlyMap<string, () => Promise<void>> = new Map([
  ['gpio-agent', gpioAgent],
  ['pi-zero', piZero],
]);

const [name = ''] = process.argv.slice(2);
const bench = benches.get(name);
if (bench === undefined) {
  process.stderr.write(`usage: npm run bench -- ${[...benches.keys()].join(' | ')}\n`);
  process.exitCode = 2;
} else await bench();
