// What is a press and what is not.
import { describe, expect, test } from 'vitest';
import { buttonPress } from '../../messages/press.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const decode = (payload: string | Uint8Array) =>
  buttonPress.codec.decode(typeof payload === 'string' ? bytes(payload) : payload);
const errorOf = (payload: string | Uint8Array) => {
  const decoded = decode(payload);
  return decoded.ok ? `accepted: ${JSON.stringify(decoded.value)}` : decoded.error;
};
const plain = { ok: true, value: {} };

describe('a bare text', () => {
  test.each([
    'press',
    'x',
    '0',
    'null',
    'true',
    '"quoted"',
    ' ',
    '\n',
    '\0',
    '漢字',
    'a{"id": 1}',
    'x'.repeat(16_384),
  ])('%j is a press that says nothing more', (text) => {
    expect(decode(text)).toEqual(plain);
  });

  test('of no bytes is none', () => {
    expect(errorOf('')).toBe('the payload is empty');
  });
});

describe('a JSON object', () => {
  test('may say nothing', () => {
    expect(decode('{}')).toEqual(plain);
    expect(decode(' \r\n\t{ } ')).toEqual(plain);
    expect(decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x7d]))).toEqual(plain);
  });

  test('may say everything', () => {
    const press = {
      id: 'b7e0',
      at: '2026-01-01T09:30:00.123+01:00',
      gesture: 'hold',
      heldMs: 1200.5,
      source: 'pipeline',
      agent: 'main',
      only: ['argocd/guestbook', 'team-a/shop.example'],
      signature: 'c2lnbmVk',
    };
    expect(decode(JSON.stringify(press))).toEqual({ ok: true, value: press });
  });

  test('may say more than is known, which is left out', () => {
    const decoded = decode('{"id": "b7e0", "colour": "red", "constructor": 1, "toString": {}}');
    expect(decoded).toEqual({ ok: true, value: { id: 'b7e0' } });
  });

  test.each([
    '{"__proto__": {"id": "b7e0", "polluted": true}}',
    '{"constructor": {"prototype": {"polluted": true}}}',
    '{"id": "b7e0", "__proto__": {"gesture": "hold"}, "agent": "main"}',
  ])('cannot reach a prototype: %s', (text) => {
    const decoded = decode(text);
    if (!decoded.ok) throw new Error(decoded.error);
    expect(Object.getPrototypeOf(decoded.value)).toBe(Object.prototype);
    expect(Object.hasOwn(decoded.value, '__proto__')).toBe(false);
    expect(decoded.value.gesture).toBeUndefined();
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    expect(Reflect.get(decoded.value, 'polluted')).toBeUndefined();
  });

  test.each([
    ['id', ['', 'x'.repeat(65), 'a\nb', '\0', '\u200b', '\u0085', 7, null, ['a']]],
    ['at', ['', 'now', '2026-01-01', '2026-01-01T00:00Z', '2026-02-30T00:00:00Z', 1_767_225_600]],
    ['gesture', ['', 'Press', 'click', null]],
    ['heldMs', [-1, '180', null]],
    ['source', ['', 'x'.repeat(65), 1]],
    ['agent', ['', 'Main', 'a.b', 'a/b', 'a'.repeat(64)]],
    ['only', [[], {}, 'argocd/guestbook', ['guestbook'], ['a/b/c'], ['A/b'], ['argocd/'], [1]]],
    ['signature', ['x'.repeat(257), 1]],
  ])('is malformed with a %s that does not fit, and the error names it', (member, values) => {
    for (const value of values) {
      const error = errorOf(JSON.stringify({ [member]: value }));
      expect(error, JSON.stringify(value)).toMatch(new RegExp(`^${member}\\b`));
    }
  });

  test('is malformed in words that say what to do', () => {
    expect(errorOf('{"id": ""}')).toBe('id: must be 1 to 64 printable characters');
    expect(errorOf('{"agent": "Main"}')).toBe('agent: must match [a-z0-9][a-z0-9_-]{0,62}');
    expect(errorOf('{"only": ["guestbook"]}')).toBe('only.0: must be <namespace>/<name>');
    expect(errorOf('{"gesture": "click"}')).toContain('expected one of "press"|"double"|"hold"');
  });

  test('narrows to at most 100 applications', () => {
    const only = (length: number) => JSON.stringify({ only: Array.from({ length }, () => 'a/b') });
    expect(decode(only(100))).toMatchObject({ ok: true });
    expect(errorOf(only(101))).toMatch(/^only\b/);
  });

  test.each(['x', ' ', 'x'.repeat(64), '🚀'.repeat(64), '"\\', '{', 'é'])('may have the id %j', (id) => {
    expect(decode(JSON.stringify({ id }))).toEqual({ ok: true, value: { id } });
  });

  test('that is nested deep is malformed and harms nobody', () => {
    expect(errorOf('['.repeat(16_384))).toBe('the payload starts like JSON and cannot be parsed');
    expect(errorOf(`{"id":${'['.repeat(8_000)}${']'.repeat(8_000)}}`)).toMatch(/^id\b/);
  });

  test('with a thousand faults is told of five', () => {
    const only = Array.from({ length: 1_000 }, () => 1);
    expect(errorOf(JSON.stringify({ only })).split('; ').length).toBeLessThanOrEqual(5);
  });
});

describe('malformed is', () => {
  test.each(['{', '[', '{"id": }', "{'id': 'b7e0'}", '{}x', '[]]', '{"id": "b7e0"', '{press}', '  {'])(
    'what starts like JSON and is none: %s',
    (text) => {
      expect(errorOf(text)).toBe('the payload starts like JSON and cannot be parsed');
    },
  );

  test.each(['[]', '[{}]', '["press"]', '[1, 2]'])('a list: %s', (text) => {
    expect(errorOf(text)).toContain('expected object');
  });

  test('more than 16 KiB, be it JSON or text, refused before it is parsed', () => {
    const open = `{"source": "${'x'.repeat(16_384)}`;
    expect(errorOf(open)).toBe(`the payload has ${open.length} bytes, more than 16384`);
    expect(errorOf('x'.repeat(16_385))).toBe('the payload has 16385 bytes, more than 16384');
    expect(errorOf('é'.repeat(8_193))).toBe('the payload has 16386 bytes, more than 16384');
  });

  test.each([
    [[0xff]],
    [[0xc3, 0x28]],
    [[0x70, 0x72, 0xe2, 0x82]],
    [[0x7b, 0xed, 0xa0, 0x80, 0x7d]],
    [[0xc0, 0x80]],
  ])('what is not UTF-8: %j', (payload) => {
    expect(errorOf(new Uint8Array(payload))).toBe('the payload is not UTF-8 text');
  });

  test('nothing after something that was not UTF-8: a fault does not stick', () => {
    expect(errorOf(new Uint8Array([0xe2, 0x82]))).toBe('the payload is not UTF-8 text');
    expect(decode('press')).toEqual(plain);
  });
});
