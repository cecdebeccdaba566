// The figures of `npm run bench -- debounce` and docs/hardware-debounce.md, with fewer presses of the same models. Models
// run in model time.
import { describe, expect, test } from 'vitest';
import { contenders } from '../../bench/debounce/contenders.ts';
import { countOf, playTo } from '../../bench/debounce/count.ts';
import { playOurs } from '../../bench/debounce/ours.ts';
import { signalsOf } from '../../bench/debounce/signals.ts';

const presses = 100;
const noiseMs = 5000;

const signals = signalsOf(presses, noiseMs);

for (const edges of [true, false])
  describe(`with the defaults and a driver ${edges ? 'with edges' : 'that samples'}`, () => {
    for (const signal of signals)
      test(`no press of ${signal.name} is missed or invented`, () => {
        const { missed, invented } = countOf(signal, playOurs(signal, edges).at);
        expect({ missed, invented }).toEqual({ missed: 0, invented: 0 });
      });
  });

test('a press is recognised at most 2 ms after the debounce time by edges, in the median', () => {
  const [ordinary] = signals;
  if (ordinary === undefined) throw new Error('there is no signal');
  const latencies = countOf(ordinary, playOurs(ordinary, true).at).latenciesMs.toSorted(
    (one, other) => one - other,
  );
  expect(latencies[presses / 2]).toBeLessThanOrEqual(32);
});

test('the models are hard: the previous algorithm doubles presses of the poor button and misses spiky ones', () => {
  const [before] = contenders;
  const [, poor, , spiky] = signals;
  if (before === undefined || poor === undefined || spiky === undefined)
    throw new Error('a model is missing');
  expect(countOf(poor, playTo(before, poor)).invented).toBeGreaterThan(presses / 20);
  expect(countOf(spiky, playTo(before, spiky)).missed).toBe(presses);
});

test('noise is a fault of its line', () => {
  for (const edges of [true, false])
    for (const signal of signals.filter(({ name }) => /hum|without end/.test(name)))
      expect(playOurs(signal, edges).faults, signal.name).toHaveLength(1);
});

test('hum causes presses with a short debounce time, and none with a time that causes no warning', () => {
  const hum = signals.find(({ name }) => name.startsWith('hum'));
  if (hum === undefined) throw new Error('there is no hum');
  const presses = (ms: number, edges: boolean) =>
    playOurs(hum, edges, { debounceMs: ms, releaseDebounceMs: ms }).at.length;
  for (const edges of [true, false]) {
    expect(presses(10, edges)).toBeGreaterThan(1);
    expect(presses(21, edges)).toBe(0);
  }
});
