// Which late POSTs, and which answers of another worker, the chaos test excuses.
import { expect, test } from 'vitest';
import { isCaughtSending, judgePresses } from './judge.ts';
import type { Ledger } from './ledger.ts';
import type { Away } from './rounds.ts';

const notedAt = 10_000;
const stopped = (part: Away['part'], from: number): Away => ({ part, from, to: from + 22_000 });

test.each<[string, boolean, Away]>([
  [
    'is excused if the worker was stopped right after it had noted that it sends',
    true,
    stopped('worker main', 10_015),
  ],
  [
    'is not excused if the worker was stopped before the note, because it checks the press again',
    false,
    stopped('worker main', 9_900),
  ],
  ['is not excused if the worker was stopped long after the note', false, stopped('worker main', 10_400)],
  ['is not excused if another part was stopped', false, stopped('broker', 10_015)],
])('a late POST %s', (_, excused, away) => {
  expect(isCaughtSending(notedAt, [stopped('agent', 1_000), away])).toBe(excused);
});

test('a POST that was never recorded is not excused', () => {
  expect(isCaughtSending(Infinity, [stopped('worker main', 10_015)])).toBe(false);
});

/** The problems with a press at 11 s that the worker of the other environment has answered with `unknown-button`. */
function problemsWith(away: Away) {
  const ledger: Ledger = {
    presses: new Map(),
    answered: new Set(),
    accepted: new Map(),
    sending: new Map(),
    ends: new Map(),
    finished: new Map(),
    last: undefined,
    acceptedSince: false,
    open: [],
  };
  const press = { round: 1, button: 'main', source: 'mosquitto_pub', id: 'p1', at: 11_000 } as const;
  const payload = JSON.stringify({ pressId: 'p1', reason: 'unknown-button' });
  return judgePresses(
    'main',
    {
      presses: [{ ...press, settledAt: 11_010, fate: 'acknowledged' }],
      ledgers: { main: ledger, staging: ledger },
      away: [away],
      wallOffset: 0,
    },
    { all: (topic) => [{ at: 11_020, topic, payload }] },
    [],
  ).problems.results;
}

test('another worker may answer that nobody has a button only if the broker has forgotten whose button it is', () => {
  expect(problemsWith(stopped('broker', 10_000))).toEqual([]);
  expect(problemsWith(stopped('worker main', 10_000))).toEqual([
    expect.stringContaining('the press p1 of round 1'),
  ]);
});
