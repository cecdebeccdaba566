import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { componentsOf, isOurs, nextMessage } from '../../home-assistant/next-message.ts';
import type { Discovery } from '../../messages/home-assistant.ts';

const device = (components: Discovery['components'], name = 'Release worker'): Discovery => ({
  device: { name },
  origin: { name: 'release-button' },
  components,
});
/** With nothing told yet, and nothing remembered but what is retained. */
const next = (retained: Discovery | undefined, wanted: Discovery) => {
  const gone = retained === undefined ? new Map<string, string>() : componentsOf(retained);
  for (const key of Object.keys(wanted.components)) gone.delete(key);
  return nextMessage(retained, wanted, gone);
};
const button = { platform: 'button', name: 'Release' };
const sensor = { platform: 'sensor', name: 'Signal' };

describe('from what is retained to what should be', () => {
  test('a device that is not there is announced whole', () => {
    expect(next(undefined, device({ a: button }))).toEqual(device({ a: button }));
  });

  test('one that is as it should be is left alone, whatever the order of its members', () => {
    const turned = Object.fromEntries(Object.entries(device({ a: button, b: sensor })).toReversed());
    expect(next(device({ b: sensor, a: button }), { ...device({}), ...turned })).toBeUndefined();
  });

  test('a new name is one message', () => {
    expect(next(device({ a: button }), device({ a: button }, 'Other'))).toEqual(
      device({ a: button }, 'Other'),
    );
  });

  test('a component that is gone is taken away by its platform alone, and then left out', () => {
    const farewell = next(device({ a: button, b: sensor }), device({ a: button }));
    expect(farewell).toEqual(device({ a: button, b: { platform: 'sensor' } }));
    expect(next(farewell, device({ a: button }))).toEqual(device({ a: button }));
  });

  test('whatever is retained, two messages later it is as it should be, and nothing has gone without a farewell', () => {
    const component = fc.record(
      { platform: fc.constantFrom('button', 'sensor'), name: fc.string() },
      { requiredKeys: ['platform'] },
    );
    const devices = fc
      .dictionary(fc.constantFrom('a', 'b', 'c', 'constructor'), component)
      .map((components) => device(components));
    fc.assert(
      fc.property(devices, devices, (retained, wanted) => {
        let now: Discovery = retained;
        for (let messages = 0; messages < 2; messages += 1) {
          const message = next(now, wanted);
          if (message === undefined) break;
          for (const [key, before] of Object.entries(now.components))
            if (Object.keys(before).length > 1) expect(Object.keys(message.components)).toContain(key);
          now = message;
        }
        expect(next(now, wanted)).toBeUndefined();
        expect(now).toEqual(wanted);
      }),
    );
  });
});

describe('ours is', () => {
  const ours = device({});
  test.each([
    ['a worker of this prefix', 'release-button_worker_main', ours, true],
    ['an agent of this prefix', 'release-button_agent_office', ours, true],
    ['not one of another prefix', 'other_worker_main', ours, false],
    ['not one of a prefix that begins alike', 'release-button__b_worker_main', ours, false],
    [
      'not one of another origin under such an id',
      'release-button_worker_main',
      { ...ours, origin: { name: 'x' } },
      false,
    ],
    ['not what is no id of ours', 'release-button_worker_Main', ours, false],
  ])('%s', (_, id, discovery, is) => {
    expect(isOurs('release-button', id, discovery)).toBe(is);
  });
});
