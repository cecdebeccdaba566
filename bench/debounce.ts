// Counts presses that are missed, doubled or invented from noise. Our debouncer, with both kinds of driver, and the algorithms of
// other programs get the same modelled signals. The model has its own time, so every machine gets the same figures.
import { contenders } from './debounce/contenders.ts';
import { countOf, playTo } from './debounce/count.ts';
import { playOurs } from './debounce/ours.ts';
import { signalsOf, type Signal } from './debounce/signals.ts';
import { print, quantile } from './processes.ts';

const presses = 10_000;
const noiseMs = 1_000_000;

interface Side {
  readonly name: string;
  readonly play: (signal: Signal) => readonly number[];
}

const sides: readonly Side[] = [
  { name: 'release-button, edges', play: (signal) => playOurs(signal, true).at },
  { name: 'release-button, samples', play: (signal) => playOurs(signal, false).at },
  ...contenders.map((contender) => ({
    name: contender.name,
    play: (signal: Signal) => playTo(contender, signal),
  })),
];

export function debounce(): Promise<void> {
  const width = Math.max(...sides.map(({ name }) => name.length));
  for (const signal of signalsOf(presses, noiseMs)) {
    const given = countOf(signal, []).given;
    print(
      `\n${signal.name}: ${given === 0 ? `${noiseMs / 1000} s, nobody presses` : `${given} ${signal.double === true ? 'double presses' : 'presses'}`}`,
    );
    for (const { name, play } of sides) {
      const { missed, invented, latenciesMs } = countOf(signal, play(signal));
      const median =
        given === 0 || missed === given ? '' : `  median ${quantile(latenciesMs, 0.5).toFixed(1)} ms`;
      print(
        `  ${name.padEnd(width)}  ${String(missed).padStart(6)} missed  ${String(invented).padStart(7)} invented${median}`,
      );
    }
  }
  return Promise.resolve();
}
