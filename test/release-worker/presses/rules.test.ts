import { describe, expect, it } from 'vitest';
import type { Candidate, Knowledge } from '../../../release-worker/presses/candidate.ts';
import { firstObjection } from '../../../release-worker/presses/rules.ts';
import { button } from '../support/buttons.ts';

const now = Date.parse('2026-01-01T12:00:00Z');

function candidate(over: Partial<Candidate> = {}): Candidate {
  return {
    pressId: 'p1',
    ownId: true,
    button: 'main',
    config: button(),
    press: {},
    gesture: 'press',
    source: 'mqtt',
    retained: false,
    ...over,
  };
}

function knowledge(over: Partial<Knowledge> = {}): Knowledge {
  return {
    now,
    formerNow: undefined,
    waitedMs: 0,
    maxPressAgeMs: 10_000,
    maxPressesPerMinute: 60,
    seen: false,
    buttons: ['main', 'side'],
    recent: 0,
    sinceAccepted: undefined,
    frozen: undefined,
    ...over,
  };
}

const holiday = { why: 'frozen: holiday', alone: true };
const at = (ageMs: number) => ({ press: { at: new Date(now - ageMs).toISOString() } });

it('lets a plain press pass', () => {
  expect(firstObjection(candidate(), knowledge())).toBeUndefined();
});

describe('objects because', () => {
  it.each<[string, string, Partial<Candidate>, Partial<Knowledge>, string]>([
    ['retained', 'it was stored', { retained: true }, {}, 'mosquitto_pub without -r'],
    ['malformed', 'it cannot be read', { malformed: 'not JSON' }, {}, 'not JSON'],
    ['unknown-button', 'nobody knows the button', { config: undefined }, {}, 'worker.buttons'],
    [
      'unknown-button',
      'it is misspelt',
      { button: 'sied', config: undefined },
      {},
      'Did you mean side? Known: main, side',
    ],
    ['stale', 'it is too old', at(10_001), {}, '10 s old (the limit is 10 s)'],
    ['stale', 'it is hours old', at(7_200_000), {}, '2 h old'],
    ['stale', 'it is dated ahead', at(-10_001), {}, '10 s ahead'],
    ['stale', 'it is old by both clocks', at(60_000), { formerNow: now + 60_000 }, '60 s old'],
    ['stale', 'it has waited here', {}, { waitedMs: 10_001 }, 'waited 10 s'],
    ['duplicate', 'its id has been there', {}, { seen: true }, 'p1'],
    ['cool-down', 'one was accepted just now', {}, { sinceAccepted: 0 }, '0 ms ago'],
    [
      'cool-down',
      'its applications were pressed just now',
      { press: { only: ['argocd/a', 'argocd/b'] } },
      { sinceAccepted: 0 },
      'a press of argocd/a, argocd/b was accepted 0 ms ago',
    ],
    ['cool-down', 'the cool-down is not over', {}, { sinceAccepted: 1_999 }, '2 s after it'],
    ['too-many', 'there were many', {}, { recent: 60 }, 'worker.maxPressesPerMinute'],
    [
      'frozen',
      'somebody has frozen it',
      {},
      { frozen: holiday },
      'frozen: holiday. Lift it with `release-button unfreeze --button main`',
    ],
    [
      'frozen',
      'somebody has frozen all',
      {},
      { frozen: { ...holiday, alone: false } },
      '`release-button unfreeze`, or',
    ],
    ['no-action', 'the gesture does nothing', { gesture: 'hold' }, {}, 'it answers to: press'],
  ])('%s: %s', (reason, _, press, known, words) => {
    const objection = firstObjection(candidate(press), knowledge(known));
    expect(objection?.reason).toBe(reason);
    expect(objection?.message).toContain(words);
  });
});

describe('does not object', () => {
  it.each<[string, Partial<Candidate>, Partial<Knowledge>]>([
    ['at exactly the limit of the age', at(10_000), {}],
    ['at exactly the limit ahead', at(-10_000), {}],
    ['to what is fresh by the clock before its step', at(7_200_000), { formerNow: now - 7_190_000 }],
    ['to what is fresh by the clock after its step', at(0), { formerNow: now - 7_200_000 }],
    ['at exactly the limit of waiting', {}, { waitedMs: 10_000 }],
    ['at exactly the end of the cool-down', {}, { sinceAccepted: 2_000 }],
    ['without a cool-down', { config: button({ coolDownMs: 0 }) }, { sinceAccepted: 0 }],
    ['at the last press within the rate', {}, { recent: 59 }],
    ['to a fresh id that happens to be known', { ownId: false }, { seen: true }],
    ['to a gesture that is mapped', { gesture: 'hold', config: button({ on: { hold: 'release' } }) }, {}],
    [
      'to a look at Git while it is frozen',
      { config: button({ on: { press: 'refresh' } }) },
      { frozen: holiday },
    ],
    ['to a time with an offset', { press: { at: '2026-01-01T14:00:05+02:00' } }, {}],
  ])('%s', (_, press, known) => {
    expect(firstObjection(candidate(press), knowledge(known))).toBeUndefined();
  });
});

it('names the first reason that applies, in the order of the promises', () => {
  const worst: Partial<Candidate> = {
    retained: true,
    malformed: 'not JSON',
    config: undefined,
    ...at(60_000),
    gesture: 'hold',
  };
  const known: Partial<Knowledge> = { seen: true, sinceAccepted: 0, recent: 60 };
  const steps: [Partial<Candidate>, Partial<Knowledge>][] = [
    [worst, known],
    [{ ...worst, retained: false }, known],
    [candidate({ config: undefined, ...at(60_000), gesture: 'hold' }), known],
    [candidate({ ...at(60_000), gesture: 'hold' }), known],
    [candidate({ gesture: 'hold' }), known],
    [candidate({ gesture: 'hold' }), { ...known, seen: false }],
    [candidate({ gesture: 'hold' }), { recent: 60 }],
    [candidate({ gesture: 'hold' }), { frozen: holiday }],
    [candidate({}), { frozen: holiday }],
  ];
  expect(steps.map(([press, known]) => firstObjection(candidate(press), knowledge(known))?.reason)).toEqual([
    'retained',
    'malformed',
    'unknown-button',
    'stale',
    'duplicate',
    'cool-down',
    'too-many',
    'no-action',
    'frozen',
  ]);
});
