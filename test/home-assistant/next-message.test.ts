import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { componentsOf, isOurs, nextMessage } from '../../home-assistant/next-message.ts';
import type { Discovery } from '../../messages/home-assistant.ts';

const device = (components: Discovery['components'], name = 'Release worker'): Discovery => ({
  device: { name },
  origin: { name: 'release-button' },
  components,
});
/** The next message if nothing was announced before, except for the retained message. */
const next = (retained: Discovery | undefined, planned: Discovery) => {
  const missing = retained === undefined ? new Map<string, string>() : componentsOf(retained);
  for (const key of Object.keys(planned.components)) missing.delete(key);
  return nextMessage(retained, planned, missing);
};
const button = { platform: 'button', name: 'Release' };
const sensor = { platform: 'sensor', name: 'Signal' };

describe('the next message for a device', () => {
  test('announces the whole device if it is not retained', () => {
    expect(next(undefined, device({ a: button }))).toEqual(device({ a: button }));
  });

  test('is none for a device that is retained as it should be, whatever the order of its members', () => {
    const turned = Object.fromEntries(Object.entries(device({ a: button, b: sensor })).toReversed());
    expect(next(device({ b: sensor, a: button }), { ...device({}), ...turned })).toBeUndefined();
  });

  test('is one for a new name', () => {
    expect(next(device({ a: button }), device({ a: button }, 'Other'))).toEqual(
      device({ a: button }, 'Other'),
    );
  });

  test('takes a component away by its platform alone, and the message after it omits the component', () => {
    const farewell = next(device({ a: button, b: sensor }), device({ a: button }));
    expect(farewell).toEqual(device({ a: button, b: { platform: 'sensor' } }));
    expect(next(farewell, device({ a: button }))).toEqual(device({ a: button }));
  });

  test('comes at most twice until the device is as it should be, and takes each removed component away explicitly', () => {
    const component = fc.record(
      { platform: fc.constantFrom('button', 'sensor'), name: fc.string() },
      { requiredKeys: ['platform'] },
    );
    const devices = fc
      .dictionary(fc.constantFrom('a', 'b', 'c', 'constructor'), component)
      .map((components) => device(components));
    fc.assert(
      fc.property(devices, devices, (retained, planned) => {
        let now: Discovery = retained;
        for (let messages = 0; messages < 2; messages += 1) {
          const message = next(now, planned);
          if (message === undefined) break;
          for (const [key, before] of Object.entries(now.components))
            if (Object.keys(before).length > 1) expect(Object.keys(message.components)).toContain(key);
          now = message;
        }
        expect(next(now, planned)).toBeUndefined();
        expect(now).toEqual(planned);
      }),
    );
  });
});

describe('a device belongs to us if it is', () => {
  const ownDevice = device({});
  test.each([
    ['a worker of this prefix', 'release-button_worker_main', ownDevice, true],
    ['an agent of this prefix', 'release-button_agent_office', ownDevice, true],
    ['of this prefix, and not of another prefix', 'other_worker_main', ownDevice, false],
    [
      'of this prefix, and not of a prefix that begins in the same way',
      'release-button__b_worker_main',
      ownDevice,
      false,
    ],
    [
      'of our origin, and not of another origin under our id',
      'release-button_worker_main',
      { ...ownDevice, origin: { name: 'x' } },
      false,
    ],
    ['of an id in our form', 'release-button_worker_Main', ownDevice, false],
  ])('%s', (_, id, discovery, is) => {
    expect(isOurs('release-button', id, discovery)).toBe(is);
  });
});
