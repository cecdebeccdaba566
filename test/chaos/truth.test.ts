// What the chaos test accepts as the truth, and what it does not.
import { expect, test } from 'vitest';
import { faultTruth, wholeTruth, type Facts } from './truth.ts';

const drifted: Facts = {
  now: 100_000,
  light: { pattern: 'on', shows: 'drifted' },
  heard: {
    pattern: 'on',
    because: 'signal',
    signal: 'drifted',
    agent: 'online',
    worker: 'online',
    driftState: 'drifted',
    outOfSync: 2,
  },
  outOfSync: 2,
  openReleases: 0,
  last: undefined,
  droppedAt: -Infinity,
  unanswered: false,
};
const showing = (signal: string, pattern: string): Partial<Facts> => ({
  light: { pattern, shows: signal },
  heard: { ...drifted.heard, signal, pattern },
});

test.each<[string, Partial<Facts>]>([
  ['drift', {}],
  ['a release that runs', { openReleases: 1, ...showing('releasing', 'pulse') }],
  ['a failure', { last: { succeeded: false, at: 0 }, ...showing('failed', 'sos') }],
  [
    'a press that was dropped a moment ago',
    {
      droppedAt: 96_000,
      light: { pattern: 'sos', shows: 'offline' },
      heard: { ...drifted.heard, pattern: 'sos' },
    },
  ],
])('the light may show %s', (_, change) => {
  expect(wholeTruth({ ...drifted, ...change })).toBeUndefined();
});

test.each<[string, Partial<Facts>, RegExp]>([
  ['nobody knows of a release that runs', { openReleases: 1 }, /not releasing/],
  [
    'success is still shown long after',
    { last: { succeeded: true, at: 0 }, ...showing('succeeded', 'two-flashes') },
    /not drifted/,
  ],
  ['the count is an old one', { outOfSync: 1 }, /counts 2, Argo CD 1/],
  [
    'the light is another than its topic says',
    { light: { pattern: 'off', shows: 'clear' } },
    /topic of the light/,
  ],
  [
    'the light still says offline',
    {
      light: { pattern: 'sos', shows: 'offline' },
      droppedAt: 80_000,
      heard: { ...drifted.heard, pattern: 'sos' },
    },
    /not on/,
  ],
  ['the worker is said to be gone', { heard: { ...drifted.heard, worker: 'offline' } }, /worker is said/],
])('the light is wrong where %s', (_, change, problem) => {
  expect(wholeTruth({ ...drifted, ...change })).toMatch(problem);
});

test('while the light shows drift, nobody can have noticed a death', () => {
  for (const noticed of Object.values(faultTruth)) expect(noticed(drifted)).toBeDefined();
});
