import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseLight, patternInWords, type LightInputs } from '../../gpio-agent/light.ts';
import { patternOfSignal } from '../../gpio-agent/patterns.ts';
import { signals } from '../../messages/button.ts';
import { pressReasons, type PressReason } from '../../messages/press.ts';

const now = 1_000_000;

function drifted(change: Partial<LightInputs> = {}): LightInputs {
  return { connected: true, signal: { signal: 'drifted', workerOnline: true }, ...change };
}

const override = { pattern: 'blip', since: now - 1, until: now + 500 } as const;

describe('the light for a signal', () => {
  for (const signal of signals)
    test(`is ${patternOfSignal[signal]} for ${signal} while its worker is online`, () => {
      expect(chooseLight(drifted({ signal: { signal, workerOnline: true } }), now)).toEqual({
        pattern: patternOfSignal[signal],
        because: 'signal',
        signal,
      });
    });

  const offline = { pattern: 'double-blink', because: 'offline' };
  test('shows offline while the worker is not online', () => {
    expect(chooseLight(drifted({ signal: { signal: 'clear', workerOnline: false } }), now)).toEqual(offline);
  });
  test('shows offline without a broker', () => {
    expect(chooseLight(drifted({ connected: false }), now)).toEqual(offline);
  });
  test('shows offline, and is not dark, without a message', () => {
    expect(chooseLight({ connected: true }, now)).toEqual(offline);
  });
});

describe('an override', () => {
  test('replaces the signal until its time is over, and says when that is', () => {
    const inputs = drifted({ override });
    expect(chooseLight(inputs, now)).toEqual({
      pattern: 'blip',
      because: 'set',
      since: override.since,
      nextAt: override.until,
    });
    expect(chooseLight(inputs, override.until).because).toBe('signal');
  });
  test('lasts while the worker is offline, and ends while the broker is away', () => {
    expect(chooseLight({ connected: true, override }, now).because).toBe('set');
    expect(chooseLight({ connected: false, override }, now).because).toBe('offline');
  });
});

describe('a press without effect', () => {
  test('shows failed while the worker is online if it gets no result, also over an override', () => {
    expect(chooseLight(drifted({ unanswered: true, override }), now)).toEqual({
      pattern: 'sos',
      because: 'signal',
      signal: 'failed',
    });
    const withoutWorker = { signal: 'drifted', workerOnline: false } as const;
    expect(chooseLight({ connected: true, unanswered: true, signal: withoutWorker }, now).because).toBe(
      'offline',
    );
  });
  test('shows one round of sos if it did not reach the broker, with or without a connection', () => {
    for (const connected of [true, false]) {
      const inputs = drifted({ connected, droppedAt: now });
      expect(chooseLight(inputs, now + 5099)).toMatchObject({ pattern: 'sos', because: 'offline' });
      expect(chooseLight(inputs, now + 5100).pattern).toBe(connected ? 'on' : 'double-blink');
    }
  });
});

describe('the words in the log', () => {
  test('describe patterns without a name', () => {
    const wordsFor = (change: Partial<LightInputs>) => patternInWords(chooseLight(drifted(change), now));
    expect(wordsFor({})).toBe('on');
    expect(wordsFor({ refused: { since: now, reason: 'frozen' } })).toBe('five short flashes');
    expect(wordsFor({ identifiedAt: now })).toBe('blinks very fast');
  });
});

describe('a refused press', () => {
  const since = (reason: PressReason | undefined) => ({ refused: { since: now, reason } });
  const releasing = { signal: { signal: 'releasing', workerOnline: true } } as const;

  test.each([undefined, ...pressReasons])(
    'because of %s flashes, and then the light shows the signal again',
    (reason) => {
      const inputs = drifted(since(reason));
      expect(chooseLight(inputs, now)).toMatchObject({ because: 'refused', since: now });
      expect(chooseLight(inputs, now + 1_500)).toMatchObject({ pattern: 'on', because: 'signal' });
    },
  );

  test('as a repetition leaves a running release on the light, and other reasons do not', () => {
    const hidden = pressReasons.filter(
      (reason) => chooseLight({ ...drifted(releasing), ...since(reason) }, now).because === 'signal',
    );
    expect(hidden).toEqual(['duplicate', 'too-many', 'cool-down', 'in-progress']);
  });
});

describe('of the states of a light', () => {
  /** From strong to weak. The change brings about the state, whatever other states there are. */
  const ranks: readonly (readonly [string, Partial<LightInputs>])[] = [
    ['acknowledge', { acknowledged: { on: false, since: now } }],
    ['identify', { identifiedAt: now }],
    ['fault', { faulty: true }],
    ['offline', { droppedAt: now }],
    ['offline', { connected: false }],
    ['refused', { refused: { since: now, reason: 'stale' } }],
    ['signal', { unanswered: true }],
    ['set', { override }],
    ['set', { override: { ...override, yieldsAt: now + 200 } }],
    ['signal', {}],
  ];
  test('the strongest is shown, whatever weaker ones there are', () => {
    fc.assert(
      fc.property(fc.subarray([...ranks], { minLength: 1 }), (holding) => {
        const inputs = holding.reduce<LightInputs>((sum, [, change]) => ({ ...sum, ...change }), drifted());
        expect(chooseLight(inputs, now).because).toBe(holding[0]?.[0]);
      }),
    );
  });

  test('a state that ends by itself says when, and has ended then', () => {
    fc.assert(
      fc.property(fc.subarray([...ranks]), (holding) => {
        const inputs = holding.reduce<LightInputs>((sum, [, change]) => ({ ...sum, ...change }), drifted());
        const light = chooseLight(inputs, now);
        if (light.nextAt === undefined) return;
        expect(chooseLight(inputs, light.nextAt - 0.001)).toEqual(light);
        expect(chooseLight(inputs, light.nextAt)).not.toEqual(light);
      }),
    );
  });

  test('none is on or dark like a signal unless a worker vouches for it', () => {
    const any = fc.record(
      {
        connected: fc.boolean(),
        signal: fc.record({ signal: fc.constantFrom(...signals), workerOnline: fc.boolean() }),
        unanswered: fc.boolean(),
        faulty: fc.boolean(),
        droppedAt: fc.integer({ min: now - 10_000, max: now }),
        identifiedAt: fc.integer({ min: now - 20_000, max: now }),
      },
      { requiredKeys: ['connected'] },
    );
    fc.assert(
      fc.property(any, (inputs) => {
        const vouched = inputs.connected && inputs.signal?.workerOnline === true;
        if (!vouched) expect(chooseLight(inputs, now).because).not.toBe('signal');
      }),
    );
  });
});
