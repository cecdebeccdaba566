// Which payloads are presses.
import { describe, expect, test } from 'vitest';
import { buttonPress } from '../../messages/press.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const decode = (payload: string | Uint8Array) =>
  buttonPress.codec.decode(typeof payload === 'string' ? bytes(payload) : payload);
const notJson = 'the payload starts like JSON but cannot be parsed; put names and texts in double quotes';
const errorOf = (payload: string | Uint8Array) => {
  const decoded = decode(payload);
  return decoded.ok ? `accepted: ${JSON.stringify(decoded.value)}` : decoded.error;
};
const plain = { ok: true, value: {} };

describe('a bare text', () => {
  test.each([
    ['hold', 'hold'],
    ['double', 'double'],
    ['press', 'press'],
    ['HOLD', 'hold'],
    [' Double\n', 'double'],
  ])('%j is the gesture %s, as in JSON', (text, gesture) => {
    expect(decode(text)).toEqual({ ok: true, value: { gesture } });
    expect(decode(text)).toEqual(decode(JSON.stringify({ gesture })));
  });

  test.each([
    'single',
    'holding',
    'long',
    'on',
    'ON',
    '1',
    'true',
    'x',
    '1_single',
    'short-press',
    'pressed!',
    '漢字',
    ' single\r\n',
    'offline2',
    'x'.repeat(64),
  ])('%j is a press without other members', (text) => {
    expect(decode(text)).toEqual(plain);
  });

  test.each([
    'off',
    'OFF',
    '0',
    'false',
    'False',
    'no',
    'null',
    'none',
    'None',
    'undefined',
    'unknown',
    'unavailable',
    'offline',
    ' off\n',
  ])('%j is not a press, and the error names the word', (text) => {
    expect(errorOf(text)).toBe(
      `"${text.trim()}" says that nothing was pressed; to press, send a word such as press`,
    );
  });

  test.each([
    "'{only:[argocd/guestbook]}'",
    'only=argocd/guestbook',
    'only:argocd/guestbook',
    'argocd/guestbook',
    'guestbook,shop',
    'press guestbook',
    'press}',
    'press]',
    '(press)',
    '<press>',
    'a{"id": 1}',
    'it"s',
    "it's",
    '`press`',
    '“press”',
    '„press“',
    '*',
    '$payload',
    '%PAYLOAD%',
    '@press.json',
    '%7B%22only%22%7D',
    'a|b',
    'press\0',
    'a\u0007b',
    'a\u200bb',
    'x'.repeat(65),
    'x'.repeat(16_384),
  ])('%j is more than one word, so the press may have been meant for fewer applications', (text) => {
    expect(errorOf(text)).toMatch(
      / (?:is not one word|begins with a quote); a press is one word such as press/,
    );
    expect(errorOf(text).length).toBeLessThan(250);
  });

  test.each(['"press"', '"on"', '"', '""x', '" "', "'press'", '"{\\"only\\":[\\"argocd/guestbook\\"]}"'])(
    '%s begins with a quote and is malformed',
    (text) => {
      expect(errorOf(text)).toContain('begins with a quote');
    },
  );
});

describe('an empty payload, which is never a press and gets no answer,', () => {
  const isEmpty = (payload: string | Uint8Array) =>
    buttonPress.codec.isEmpty?.(typeof payload === 'string' ? bytes(payload) : payload);

  test.each([
    '',
    ' ',
    '\n',
    '\r\n',
    '\t \n',
    '\0',
    '\0\0 \n',
    '""',
    ' "" ',
    '""\n',
    '\0""\0',
    '\u00a0',
    '\ufeff',
  ])('is %j', (text) => {
    expect(isEmpty(text)).toBe(true);
    expect(decode(text).ok).toBe(false);
  });

  test.each(['0', '"', '" "', '"""', "''", '{}', '[]', 'press', '"" press', '\0press'])(
    'is not %j',
    (text) => {
      expect(isEmpty(text)).toBe(false);
    },
  );

  test('is never bytes that are not text', () => {
    expect(isEmpty(new Uint8Array([0xff]))).toBe(false);
    expect(isEmpty(new Uint8Array([0xc0, 0x80]))).toBe(false);
  });
});

describe('a press as a JSON object', () => {
  test('may be empty', () => {
    expect(decode('{}')).toEqual(plain);
    expect(decode(' \r\n\t{ } ')).toEqual(plain);
    expect(decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x7d]))).toEqual(plain);
  });

  test('may have all members', () => {
    const press = {
      id: 'b7e0',
      at: '2026-01-01T09:30:00.123+01:00',
      gesture: 'hold',
      heldMs: 1200.5,
      source: 'pipeline',
      agent: 'main',
      by: 'Ann Lee (shop floor)',
      only: ['argocd/guestbook', 'team-a/shop.example'],
    };
    expect(decode(JSON.stringify(press))).toEqual({ ok: true, value: press });
  });

  test.each([
    ['{"app":"argocd/guestbook"}', 'unknown member "app"; did you mean "only"?'],
    ['{"apps":["argocd/guestbook"]}', 'unknown member "apps"; did you mean "only"?'],
    ['{"Applications":["argocd/guestbook"]}', 'unknown member "Applications"; did you mean "only"?'],
    ['{"onyl":["argocd/guestbook"]}', 'unknown member "onyl"; did you mean "only"?'],
    ['{"ONLY":["argocd/guestbook"]}', 'unknown member "ONLY"; did you mean "only"?'],
    ['{"id":"a","gestur":"hold"}', 'unknown member "gestur"; did you mean "gesture"?'],
    ['{"user":"Ann"}', 'unknown member "user"; did you mean "by"?'],
    [
      '{"dryRun":true}',
      'unknown member "dryRun"; the known members are id, at, gesture, heldMs, source, agent, by, only',
    ],
    ['{"toString":1}', /^unknown member "toString"; the known members are id, /],
    ['{"constructor":{"prototype":{"polluted":true}}}', /^unknown member "constructor"; /],
    ['{"__proto__":{"only":["a/b"]}}', /^unknown member "__proto__"; /],
  ])('with an unknown member is refused, and the nearest one is suggested: %s', (text, error) => {
    if (typeof error === 'string') expect(errorOf(text)).toBe(error);
    else expect(errorOf(text)).toMatch(error);
  });

  test('with many or long unknown members gets an error of one line', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`member${index}`, 1]));
    expect(errorOf(JSON.stringify(many))).toMatch(/^unknown member "member0".* \(and 497 more\)$/);
    expect(errorOf(JSON.stringify({ ['k'.repeat(10_000)]: 1 })).length).toBeLessThan(501);
  });

  test.each([
    ['{"only":["a/b"],"only":["c/d"]}', 'only'],
    ['{"only":["a/b"], "\\u006fnly":["c/d"]}', 'only'],
    ['{"id":"a:\\"x\\"","at":"2026-01-01T00:00:00Z","id":"b"}', 'id'],
  ])('with a duplicate member is refused: %s', (text, member) => {
    expect(errorOf(text)).toBe(`the member "${member}" occurs twice; keep one`);
  });

  test('may have the name of a member as a value', () => {
    expect(decode('{"id":"only","source":"id","by":"{\\"id\\":1}"}')).toMatchObject({ ok: true });
  });

  test('cannot change a prototype', () => {
    for (const text of [
      '{"__proto__": {"polluted": true}}',
      '{"id": "b7e0", "__proto__": {"gesture": "hold"}}',
    ])
      expect(decode(text).ok).toBe(false);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  test.each([
    ['id', ['', 'x'.repeat(65), 'a\nb', '\0', '\u200b', '\u0085', 7, null, ['a']]],
    ['at', ['', 'now', '2026-01-01', '2026-01-01T00:00Z', '2026-02-30T00:00:00Z', 1_767_225_600]],
    ['gesture', ['', 'Press', 'click', null]],
    ['heldMs', [-1, '180', null]],
    ['source', ['', 'x'.repeat(65), 1]],
    ['by', ['', 'x'.repeat(65), 'a\nb', 1, null]],
    ['agent', ['', 'Main', 'a.b', 'a/b', 'a'.repeat(64)]],
    [
      'only',
      [
        [],
        {},
        null,
        'argocd/guestbook',
        ['guestbook'],
        ['*'],
        ['a/*'],
        ['a/b', null],
        [' a/b'],
        ['a/b/c'],
        ['A/b'],
        ['argocd/'],
        [1],
      ],
    ],
  ])('is malformed if the member %s is wrong, and the error names it', (member, values) => {
    for (const value of values) {
      const error = errorOf(JSON.stringify({ [member]: value }));
      expect(error, JSON.stringify(value)).toMatch(new RegExp(`^${member}\\b`));
    }
  });

  test('is malformed with a message that says what to do', () => {
    expect(errorOf('{"id": ""}')).toBe('id: must be 1 to 64 printable characters');
    expect(errorOf('{"agent": "Main"}')).toBe('agent: must match [a-z0-9][a-z0-9_-]{0,62}');
    expect(errorOf('{"only": ["guestbook"]}')).toBe('only.0: must be <namespace>/<name>');
    expect(errorOf('{"gesture": "click"}')).toBe('gesture: must be "press", "double" or "hold", not "click"');
    expect(errorOf('{"only": []}')).toBe('only: must have at least 1 entry');
    expect(errorOf('{"only": "argocd/guestbook"}')).toBe('only: must be a list, not text');
    expect(errorOf('{"by": null}')).toBe('by: must be text, not null');
    expect(errorOf('[]')).toBe('must be an object, not a list');
  });

  test('selects at most 100 applications', () => {
    const only = (length: number) => JSON.stringify({ only: Array.from({ length }, () => 'a/b') });
    expect(decode(only(100))).toMatchObject({ ok: true });
    expect(errorOf(only(101))).toMatch(/^only\b/);
  });

  test.each(['x', ' ', 'x'.repeat(64), '🚀'.repeat(64), '"\\', '{', 'é'])('may have the id %j', (id) => {
    expect(decode(JSON.stringify({ id }))).toEqual({ ok: true, value: { id } });
  });

  test('is malformed and harmless if it is deeply nested', () => {
    expect(errorOf('['.repeat(16_384))).toBe(notJson);
    expect(errorOf(`{"id":${'['.repeat(8_000)}${']'.repeat(8_000)}}`)).toMatch(/^id\b/);
  });

  test('with a thousand faults gets an error with five of them', () => {
    const wrongNames = Array.from({ length: 1_000 }, () => 1);
    expect(errorOf(JSON.stringify({ only: wrongNames })).split('; ').length).toBeLessThanOrEqual(5);
  });
});

describe('a malformed press is', () => {
  test.each(['{', '[', '{"id": }', "{'id': 'b7e0'}", '{}x', '[]]', '{"id": "b7e0"', '{press}', '  {'])(
    'text that starts like JSON, but is not JSON: %s',
    (text) => {
      expect(errorOf(text)).toBe(notJson);
    },
  );

  test.each(['[]', '[{}]', '["press"]', '[1, 2]'])('a list: %s', (text) => {
    expect(errorOf(text)).toContain('must be an object');
  });

  test('a payload of more than 16 KiB, JSON or text, which is refused before it is parsed', () => {
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
  ])('bytes that are not UTF-8: %j', (payload) => {
    expect(errorOf(new Uint8Array(payload))).toBe('the payload is not UTF-8 text');
  });

  test('not a valid payload that comes after invalid UTF-8', () => {
    expect(errorOf(new Uint8Array([0xe2, 0x82]))).toBe('the payload is not UTF-8 text');
    expect(decode('single')).toEqual(plain);
  });
});
