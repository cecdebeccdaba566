// Runs a benchmark by its name: `npm run bench -- gpio-agent`. Each benchmark measures both sides in one run, and no result is a
// failure.
import { argocd } from './argocd.ts';
import { debounce } from './debounce.ts';
import { gpioAgent } from './gpio-agent.ts';
import { piZero } from './pi-zero.ts';
import { press } from './press.ts';

const benches: ReadonlyMap<string, () => Promise<void>> = new Map([
  ['gpio-agent', gpioAgent],
  ['pi-zero', piZero],
  ['argocd', argocd],
  ['press', press],
  ['debounce', debounce],
]);

const [name = ''] = process.argv.slice(2);
const bench = benches.get(name);
if (bench === undefined) {
  process.stderr.write(`usage: npm run bench -- ${[...benches.keys()].join(' | ')}\n`);
  process.exitCode = 2;
} else {
  // Each measured process adds a listener.
  process.setMaxListeners(100);
  await bench();
}
