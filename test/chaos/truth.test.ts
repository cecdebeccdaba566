// What the chaos test accepts as the truth, and what it does not.
import { expect, test } from 'vitest';
import { faultTruth, wholeTruth, type Facts } from './truth.ts';

const drifted: Facts = {
  now: 100_000,
  light: { pattern: 'on', shows: 'drifted' },
  received: {
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
  received: { ...drifted.received, signal, pattern },
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
      received: { ...drifted.received, pattern: 'sos' },
    },
  ],
])('the light may show %s', (_, change) => {
  expect(wholeTruth({ ...drifted, ...change })).toBeUndefined();
});

test.each<[string, Partial<Facts>, RegExp]>([
  ['it does not show a running release', { openReleases: 1 }, /not releasing/],
  [
    'it still shows success long after the end',
    { last: { succeeded: true, at: 0 }, ...showing('succeeded', 'two-flashes') },
    /not drifted/,
  ],
  ['the number of applications is old', { outOfSync: 1 }, /counts 2, Argo CD 1/],
  ['the light differs from its topic', { light: { pattern: 'off', shows: 'clear' } }, /topic of the light/],
  [
    'it still shows offline',
    {
      light: { pattern: 'sos', shows: 'offline' },
      droppedAt: 80_000,
      received: { ...drifted.received, pattern: 'sos' },
    },
    /not on/,
  ],
  ['the worker is offline', { received: { ...drifted.received, worker: 'offline' } }, /worker is said/],
])('the light is wrong if %s', (_, change, problem) => {
  expect(wholeTruth({ ...drifted, ...change })).toMatch(problem);
});

test('no fault counts as noticed while the light shows drift', () => {
  for (const noticed of Object.values(faultTruth)) expect(noticed(drifted)).toBeDefined();
});
