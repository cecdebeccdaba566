import { describe, expect, test } from 'vitest';
import { levelWord, verdictOf, type Observation } from '../../gpio-agent/check/verdict.ts';

const silent: Observation = {
  pressedAtFirst: false,
  stillHeld: false,
  bounces: 0,
  others: [],
  longestGapMs: 0,
  lostEdges: 0,
};
const wiring = { pull: 'up', activeLow: true, debounceMs: 30, isKey: false } as const;

describe('the verdict of the self-test', () => {
  test.each<[string, Partial<Observation>, string]>([
    ['a clean press', { heldMs: 131.6 }, 'seen: held for 132 ms; no bounce'],
    [
      'a press with bounces',
      { heldMs: 90, bounces: 7, shortestPulseMs: 0.2999 },
      'seen: held for 90 ms; 7 bounces, the shortest pulse 0.3 ms',
    ],
  ])('passes with %s', (_, observation, text) => {
    expect(verdictOf({ ...silent, ...observation }, wiring)).toEqual({ ok: true, text });
  });

  test('passes with a worn contact, but mentions it', () => {
    const verdict = verdictOf({ ...silent, heldMs: 90, bounces: 31 }, wiring);
    expect(verdict.ok).toBe(true);
    expect(verdict.text).toContain('a worn contact or noise');
  });

  test('says how little a driver that samples can see', () => {
    const { text } = verdictOf({ ...silent, heldMs: 90, bounces: 1 }, { ...wiring, sampleMs: 5 });
    expect(text).toBe('seen: held for 90 ms; 1 bounce (as far as reads every 5 ms can show)');
  });

  test.each<[string, Partial<Observation>, string]>([
    ['a line that was lost', { fault: 'line 17 is gone' }, 'line 17 is gone'],
    ['a short circuit', { pressedAtFirst: true, stillHeld: true }, 'pressed all the time (level low)'],
    ['the wrong polarity', { pressedAtFirst: true, heldMs: 4000 }, 'activeLow is wrong (now true)'],
    ['a jammed button', { stillHeld: true }, 'jammed'],
    [
      'swapped wires',
      { others: ['button b'] },
      'button b changed instead of this one: are the wires swapped?',
    ],
    [
      'a loose contact',
      { bounces: 4, shortestPulseMs: 1 },
      'only short pulses, none as long as debounceMs (30 ms)',
    ],
    ['the wrong pin', {}, 'not the number of a header pin'],
  ])('fails with %s', (_, observation, text) => {
    const verdict = verdictOf({ ...silent, ...observation }, wiring);
    expect(verdict.ok).toBe(false);
    expect(verdict.text).toContain(text);
  });

  test('mentions that a press between two samples may have been missed, whatever else was seen', () => {
    const withGap = verdictOf({ ...silent, longestGapMs: 212.4 }, wiring);
    expect(withGap.ok).toBe(false);
    expect(withGap.text).toMatch(/no change at all .*not read for 212 ms.*load of the machine$/);
    expect(verdictOf({ ...silent, heldMs: 90, longestGapMs: 60 }, wiring)).toMatchObject({
      ok: true,
      text: expect.stringContaining('not read for 60 ms'),
    });
    expect(verdictOf({ ...silent, bounces: 2, lostEdges: 1 }, wiring).text).toContain('1 edge was lost');
    expect(verdictOf({ ...silent, heldMs: 90 }, wiring).text).not.toContain('Meanwhile');
  });

  test('of a key switch speaks of turning', () => {
    const key = { ...wiring, isKey: true };
    expect(verdictOf({ ...silent, pressedAtFirst: true, heldMs: 4000 }, key).text).toContain(
      'turn it off, and test again',
    );
    expect(verdictOf({ ...silent, stillHeld: true }, key).text).toContain('not off again');
    expect(verdictOf({ ...silent, heldMs: 900 }, key).ok).toBe(true);
  });

  test.each([
    [{ pull: 'up', activeLow: true }, 'is right for that'],
    [{ pull: 'down', activeLow: false }, 'connect it to 3.3 V? The resistor (pull down) is right'],
    [{ pull: 'down', activeLow: true }, 'set pull: up'],
    [{ pull: 'up', activeLow: false }, 'set pull: down'],
    [{ pull: 'off', activeLow: true }, 'a resistor of your own'],
  ] as const)('of a line that never changed, with %o, suggests to check the resistor', (given, text) => {
    expect(verdictOf(silent, { ...wiring, ...given }).text).toContain(text);
  });
});

test('shows the level of the wire, not of the button', () => {
  expect(levelWord(true, { activeLow: true })).toBe('low');
  expect(levelWord(false, { activeLow: true })).toBe('high');
  expect(levelWord(true, { activeLow: false })).toBe('high');
});
