// The other payloads that people and devices send: bare words, LED overrides, freezes, requests, times.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agentAvailability } from '../../messages/agent.ts';
import { buttonArm, buttonSignal } from '../../messages/button.ts';
import type { Codec } from '../../messages/codec.ts';
import { app } from '../../messages/drift.ts';
import { examples } from '../../tools/message-examples.ts';
import { ledIdentify, ledSet } from '../../messages/led.ts';
import { patternNames } from '../../messages/pattern.ts';
import { releaseCurrent, releaseTerminate } from '../../messages/release.ts';
import { freezeSet } from '../../messages/freeze.ts';
import { reply } from '../../messages/requests.ts';
import { fromTime, toTime } from '../../messages/time.ts';
import { workerAvailability } from '../../messages/worker.ts';
import { time } from './arbitraries.ts';

function decoder<Message>({ codec }: { readonly codec: Codec<Message> }) {
  return (text: string): Message | { readonly error: string } => {
    const decoded = codec.decode(new TextEncoder().encode(text));
    return decoded.ok ? decoded.value : { error: decoded.error };
  };
}
const refused = { error: expect.any(String) };

test('the fault of a payload is described in one line, however long its names are', () => {
  const long = 'k'.repeat(200_000);
  const decoded = decoder(app)(JSON.stringify({ labels: { [long]: 1 } }));
  expect(decoded).toMatchObject(refused);
  expect(JSON.stringify(decoded).length).toBeLessThan(1_000);
});

describe('an availability', () => {
  test.each([agentAvailability, workerAvailability])('is a bare word: $template', (row) => {
    const decode = decoder(row);
    expect(decode('online')).toBe('online');
    expect(decode('offline')).toBe('offline');
    expect(decode('offline\n')).toBe('offline');
    for (const other of ['', 'Online', 'ON', '"online"', '{"state":"online"}', 'on', 'online offline'])
      expect(decode(other), other).toEqual(refused);
    expect(row.codec.encode('online')).toBe('online');
  });
});

describe('the payload that arms a button', () => {
  test('is on or off', () => {
    const decode = decoder(buttonArm);
    expect(decode('on')).toBe('on');
    expect(decode('off')).toBe('off');
    for (const other of ['', '1', 'true', 'press', '{}', 'on'.padEnd(300)])
      expect(decode(other), other).toEqual(refused);
  });
});

describe('a LED can be set', () => {
  const decode = decoder(ledSet);
  const steps = [{ on: true, ms: 100 }];

  test.each(['auto', ...patternNames])('to %s by its bare name', (name) => {
    expect(decode(name)).toBe(name);
    expect(decode(` ${name}\n`)).toBe(name);
    expect(ledSet.codec.encode(name === 'auto' ? 'auto' : 'sos')).toBe(name === 'auto' ? 'auto' : 'sos');
  });

  test('but not to an unknown word, which the error quotes in shortened form', () => {
    expect(decode('disco')).toEqual({ error: '"disco" is neither auto nor the name of a pattern' });
    expect(decode('x'.repeat(1_000))).toEqual({
      error: `"${'x'.repeat(64)}" is neither auto nor the name of a pattern`,
    });
    for (const other of ['', 'Auto', '"auto"', 'drifted', 'clear', '__proto__', 'constructor'])
      expect(decode(other), other).toEqual(refused);
  });

  test.each([20, 600_000, 86_400_000])('to steps for %d ms', (forMs) => {
    const message = { steps, repeat: true, forMs };
    expect(decode(JSON.stringify(message))).toEqual(message);
    expect(ledSet.codec.encode(message)).toBe(JSON.stringify(message));
  });

  test.each([{ pattern: 'off', forMs: 3_600_000 }, { pattern: 'two-flashes' }])(
    'to a pattern by name in JSON: %j',
    (message) => {
      expect(decode(JSON.stringify(message))).toEqual(message);
    },
  );

  test.each([
    [{ pattern: 'disco', forMs: 1000 }, 'pattern: must be "off"'],
    [{ pattern: 'off', for: 1000 }, 'unknown member "for"; did you mean "forMs"?'],
    [{ pattern: 'off', steps, repeat: true }, 'unknown member "steps"'],
    [{ name: 'off' }, 'unknown member "name"; did you mean "pattern"?'],
    [{ pattern: 'off', forMs: 86_400_001 }, 'forMs: '],
  ])('but not to %j, and the error names the fault', (message, error) => {
    expect(decode(JSON.stringify(message))).toEqual({ error: expect.stringContaining(error) });
  });

  test.each([19, 0, -1, 86_400_001, 20.5, '60000', null])('but not for %j ms', (forMs) => {
    expect(decode(JSON.stringify({ steps, repeat: true, forMs }))).toEqual(refused);
  });

  test('to a pattern of 1 to 32 steps of 20 to 60,000 ms', () => {
    const stepsOf = (length: number, ms: number) =>
      JSON.stringify({ steps: Array.from({ length }, () => ({ on: true, ms })), repeat: false });
    for (const good of [stepsOf(1, 20), stepsOf(32, 60_000)]) expect(decode(good)).toEqual(JSON.parse(good));
    for (const bad of [stepsOf(0, 20), stepsOf(33, 20), stepsOf(1, 19), stepsOf(1, 60_001), stepsOf(1, 20.5)])
      expect(decode(bad), bad).toEqual(refused);
  });

  test.each([
    [{ steps, repeat: true, formMs: 1_000 }, 'unknown member "formMs"; did you mean "forMs"?'],
    [{ steps, repeat: true, duration: 1_000 }, 'unknown member "duration"; did you mean "forMs"?'],
    [
      { steps: [{ on: true, ms: 100, colour: 'red' }], repeat: true },
      'unknown member "colour" in steps.0; the known members are on, ms',
    ],
    [
      { steps: [{ on: true, ms: 100, On: true }], repeat: true },
      'unknown member "On" in steps.0; did you mean "on"?',
    ],
  ])('but not to %j: an unknown member is refused, and the nearest one is suggested', (message, error) => {
    expect(decode(JSON.stringify(message))).toEqual({ error });
  });

  test('but not to half a pattern', () => {
    for (const bad of ['{}', '[]', `{"steps":[]}`, '{"repeat":true}', '{"steps":[{"ms":20}],"repeat":true}'])
      expect(decode(bad), bad).toEqual(refused);
  });
});

test('any payload asks a LED to identify itself, even bytes that are not text', () => {
  for (const payload of [[0x78], [0xff, 0xfe], [0x7b], Array.from({ length: 20_000 }, () => 0)])
    expect(ledIdentify.codec.decode(new Uint8Array(payload))).toEqual({ ok: true, value: '' });
});

describe('a freeze', () => {
  const decode = decoder(freezeSet);

  test('is on, off, or an object with more', () => {
    expect(decode('on')).toEqual({ frozen: true });
    expect(decode('off')).toEqual({ frozen: false });
    expect(decode(JSON.stringify(examples.freezeSet))).toEqual(examples.freezeSet);
  });

  test.each([
    ['{"frozen":false,"buton":"main"}', 'unknown member "buton"; did you mean "button"?'],
    ['{"frozen":false,"buttons":["main"]}', 'unknown member "buttons"; did you mean "button"?'],
    ['{"frozen":true,"for":"2h"}', 'unknown member "for"; did you mean "forSeconds"?'],
    ['{"frozen":true,"button":"main","frozen":false}', 'the member "frozen" occurs twice; keep one'],
    ['{"frozen":false,"button":null}', /^button: /],
  ])('of one button never becomes a freeze of all buttons: %s', (text, error) => {
    expect(decode(text)).toEqual({ error: typeof error === 'string' ? error : expect.stringMatching(error) });
  });

  test('is nothing else', () => {
    expect(decode('yes')).toEqual({ error: '"yes" is neither on nor off' });
    for (const bad of ['', 'ON', '{}', '{"frozen":"on"}', `{"frozen":true,"reason":"${'x'.repeat(201)}"}`])
      expect(decode(bad), bad).toEqual(refused);
  });
});

describe('a request', () => {
  test('to terminate is for all applications or for one', () => {
    const decode = decoder(releaseTerminate);
    expect(decode('{}')).toEqual({});
    expect(decode('{"app":"argocd/guestbook"}')).toEqual({ app: 'argocd/guestbook' });
    for (const bad of ['{"app":"guestbook"}', '', 'all']) expect(decode(bad), bad).toEqual(refused);
  });

  test.each([
    ['{"apps":["argocd/guestbook"]}', 'unknown member "apps"; did you mean "app"?'],
    ['{"only":["argocd/guestbook"]}', 'unknown member "only"; did you mean "app"?'],
    ['{"application":"argocd/guestbook"}', 'unknown member "application"; did you mean "app"?'],
    ['{"button":"main"}', 'unknown member "button"; the known members are id, app'],
    ['{"app":"argocd/a","app":"argocd/b"}', 'the member "app" occurs twice; keep one'],
    ['"argocd/guestbook"', /must be an object/],
    ['["argocd/guestbook"]', /must be an object/],
    ['{"app":null}', /^app: /],
  ])('to terminate one application never becomes one for all: %s', (text, error) => {
    expect(decoder(releaseTerminate)(text)).toEqual({
      error: typeof error === 'string' ? error : expect.stringMatching(error),
    });
  });

  test('state, and the info of agents and workers, may have members of a later version', () => {
    expect(decoder(buttonSignal)(JSON.stringify({ ...examples.buttonSignal, later: 1 }))).toEqual(
      examples.buttonSignal,
    );
  });

  test('the error for text that should be JSON says so', () => {
    expect(decoder(releaseTerminate)('b7e0')).toEqual({ error: 'the payload is not JSON' });
    expect(decoder(releaseTerminate)('{"id"')).toEqual({ error: 'the payload is not JSON' });
    expect(decoder(releaseTerminate)('')).toEqual({ error: 'the payload is empty' });
  });

  test('the member __proto__ of a reply stays a member', () => {
    const message = decoder(reply)('{"id":"b7e0","worker":"main","ok":true,"__proto__":{"polluted":true}}');
    expect(message).toMatchObject({ id: 'b7e0', ok: true });
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});

test('the current release is idle or complete', () => {
  const decode = decoder(releaseCurrent);
  expect(decode('{"state":"idle"}')).toEqual({ state: 'idle' });
  expect(decode(JSON.stringify(examples.releaseCurrent))).toEqual(examples.releaseCurrent);
  for (const bad of ['{"state":"busy"}', '{}', '{"id":"b7e0"}']) expect(decode(bad), bad).toEqual(refused);
});

describe('a time', () => {
  const decode = decoder(buttonSignal);
  const withTime = (at: string) => decode(JSON.stringify({ ...examples.buttonSignal, at }));

  test.each([
    ['2026-01-01T09:30:00+01:00', '2026-01-01T08:30:00.000Z'],
    ['2026-01-01T00:00:00-11:30', '2026-01-01T11:30:00.000Z'],
    ['2026-01-01T08:30:00Z', '2026-01-01T08:30:00.000Z'],
    ['2026-01-01T08:30:00.5Z', '2026-01-01T08:30:00.500Z'],
    ['2026-01-01T08:30:00.123456789+00:00', '2026-01-01T08:30:00.123Z'],
    ['2024-02-29T23:59:59-00:00', '2024-02-29T23:59:59.000Z'],
  ])('%s is the moment %s', (at, utc) => {
    expect(withTime(at)).toMatchObject({ at });
    expect(toTime(fromTime(at))).toBe(utc);
  });

  test.each([
    '2026-01-01',
    '2026-01-01T08:30Z',
    '2026-01-01T08:30:00',
    '2026-01-01 08:30:00Z',
    '2026-01-01T08:30:00+0100',
    '2026-01-01T08:30:00+24:00',
    '2026-02-29T08:30:00Z',
    '2026-01-01T24:00:00Z',
    '2026-13-01T08:30:00Z',
    '1767225600',
  ])('%s is refused', (at) => {
    expect(withTime(at)).toEqual(refused);
  });

  test('with any offset is a moment', () => {
    fc.assert(
      fc.property(time, (at) => {
        expect(withTime(at)).toMatchObject({ at });
        expect(Number.isFinite(fromTime(at))).toBe(true);
      }),
    );
  });

  test('that we write is accepted, with milliseconds', () => {
    fc.assert(
      fc.property(fc.nat({ max: 4_102_444_800_000 }), (ms) => {
        expect(withTime(toTime(ms))).toMatchObject({ at: toTime(ms) });
        expect(toTime(ms)).toMatch(/\.\d{3}Z$/);
        expect(fromTime(toTime(ms))).toBe(ms);
      }),
    );
  });
});
