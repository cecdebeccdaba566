// Whatever foreign devices send: nothing throws, only a press presses, and no press counts twice.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { triggerOf, type Trigger } from '../../../messages/foreign-presses.ts';
import { forgetBaseline, hear, type TriggerState } from '../../../release-worker/presses/foreign-hearing.ts';

const none = { edge: false };
const triggers: Readonly<Record<string, Trigger>> = {
  zigbee2mqtt: triggerOf({ ...none, preset: 'zigbee2mqtt', device: 'a' }),
  'shelly-gen1': triggerOf({ ...none, preset: 'shelly-gen1', device: 'a' }),
  'shelly-gen2': triggerOf({ ...none, preset: 'shelly-gen2', device: 'a' }),
  tasmota: triggerOf({ ...none, preset: 'tasmota', device: 'a' }),
  esphome: triggerOf({ ...none, preset: 'esphome', device: 'a', input: 'x' }),
  bare: triggerOf({ ...none, topic: 'a', when: 'go' }),
  number: triggerOf({ ...none, topic: 'a', path: 'a.0.b', when: '1' }),
  inherited: triggerOf({
    ...none,
    topic: 'a',
    path: 'constructor.name',
    when: ['Object', 'Array', 'String'],
  }),
  prototype: triggerOf({ ...none, topic: 'a', path: '__proto__.constructor.name', when: 'Object' }),
  length: triggerOf({ ...none, topic: 'a', path: 'a.length', when: ['0', '1', '2', '3', '4'] }),
};
const trigger = fc.constantFrom(...Object.values(triggers));
const state: fc.Arbitrary<TriggerState> = fc.constantFrom(
  {},
  { baseline: false },
  { baseline: 0 },
  { pressedAt: -5_000 },
);

/** JSON with the members that the triggers read, but never with the values that they wait for. */
const member = fc.constantFrom(
  'action',
  'event',
  'event_cnt',
  'params',
  'events',
  'component',
  'a',
  'b',
  '__proto__',
  'constructor',
  'Button1',
  'Action',
);
const hostile = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      -1,
      2,
      1e308,
      '',
      'x',
      'input:0',
      'NotifyEvent',
      'toString',
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(member, tie('value')), { maxLength: 4 }).map((entries) => ownMembers(entries)),
  ),
})).value;

/** As in `JSON.parse`, where `__proto__` is a member like any other. */
function ownMembers(entries: readonly (readonly [string, unknown])[]): unknown {
  const made = {};
  for (const [name, value] of entries)
    Object.defineProperty(made, name, { value, enumerable: true, configurable: true, writable: true });
  return made;
}

describe('a path', () => {
  it.each([
    ['number', '{"a":[{"b":1}]}', true],
    ['number', '{"a":[{"b":"1"}]}', true],
    ['number', '{"a":{"0":{"b":1}}}', true],
    ['number', '{"a":[{"b":[1]}]}', false],
    ['number', '{"a":[2,{"b":1}]}', false],
    ['length', '{"a":[1,2,3]}', false],
    ['length', '{"a":"xyz"}', false],
    ['length', '{"a":{"length":3}}', true],
    ['inherited', '{}', false],
    ['inherited', '{"constructor":{"name":"Object"}}', true],
    ['prototype', '{"a":1}', false],
    ['prototype', '{"__proto__":{}}', false],
  ])('of %s in %s: %s', (name, payload, press) => {
    expect(hear(triggers[name] ?? never(), {}, payload, 0).press).toBe(press);
  });
});

describe('garbage', () => {
  it('never throws and never presses, whatever came before', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc.json(),
      hostile.map((value) => JSON.stringify(value)),
      hostile.map((value) => JSON.stringify(value).slice(0, -1)),
      fc.constantFrom(
        '['.repeat(16_000),
        '{"a":'.repeat(3_000),
        '{"action":"single"',
        '"single"',
        'single ON',
        '\u0000',
      ),
    );
    fc.assert(
      fc.property(trigger, state, text, fc.nat(), (one, before, given, now) => {
        fc.pre(!one.when.some((wanted) => given.trim() === wanted));
        expect(hear(one, before, given, now).press).toBe(false);
      }),
      { numRuns: 3_000 },
    );
  });

  it('around a press neither hides nor doubles it', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), (around, now) => {
        const payload = JSON.stringify({ ...around, action: 'single' });
        expect(hear(triggers['zigbee2mqtt'] ?? never(), {}, payload, now).press).toBe(true);
        const other = JSON.stringify({ ...around, action: { single: 'single' } });
        expect(hear(triggers['zigbee2mqtt'] ?? never(), {}, other, now).press).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a counter', () => {
  it('presses if it has grown with the wanted value since it was last seen on this connection, and never otherwise', () => {
    const step = fc.record({
      grow: fc.constantFrom(0, 0, 1, 1, 3, -2),
      event: fc.constantFrom('S', 'S', 'L', ''),
      lost: fc.integer({ min: 0, max: 5 }).map((one) => one === 0),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let counter = 10;
        let now = 0;
        let state: TriggerState = {};
        /** what the device has published since the link or the device was lost */
        let shown: number | undefined;
        for (const { grow, event, lost } of steps) {
          if (lost) {
            state = forgetBaseline(state);
            shown = undefined;
          }
          counter = Math.max(0, counter + grow);
          now += 10;
          const heard = hear(
            triggers['shelly-gen1'] ?? never(),
            state,
            JSON.stringify({ event, event_cnt: counter }),
            now,
          );
          expect(heard.press).toBe(event === 'S' && shown !== undefined && counter > shown);
          state = heard.state;
          shown = counter;
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a state', () => {
  it('presses at each change to the wanted state except the first, and at most once per second', () => {
    const step = fc.record({
      text: fc.constantFrom('ON', 'OFF', 'ON ', 'unavailable'),
      afterMs: fc.constantFrom(0, 10, 999, 1_000, 1_001, 60_000),
      lost: fc.integer({ min: 0, max: 5 }).map((one) => one === 0),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let now = 0;
        let state: TriggerState = {};
        let before: boolean | undefined;
        let last = -Infinity;
        for (const { text, afterMs, lost } of steps) {
          if (lost) {
            state = forgetBaseline(state);
            before = undefined;
          }
          now += afterMs;
          const heard = hear(triggers['esphome'] ?? never(), state, text, now);
          const is = text.trim() === 'ON';
          const expected = is && before === false && now - last >= 1_000;
          expect(heard.press).toBe(expected);
          if (expected) last = now;
          state = heard.state;
          before = is;
        }
      }),
      { numRuns: 500 },
    );
  });
});

function never(): never {
  throw new Error('no such trigger');
}
