// Whatever an installation looks like, Home Assistant takes what is said of it, and ids stay what they are.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agentDevice } from '../../home-assistant/agent-device.ts';
import { deviceId, isDeviceId } from '../../home-assistant/names.ts';
import { workerDevice } from '../../home-assistant/worker-device.ts';
import { discoveryConfig, type Discovery } from '../../messages/home-assistant.ts';
import { id } from '../messages/arbitraries.ts';
import { faultsOf } from './support/discovery-schema.ts';
import { agents, applicationsFor, workers } from './support/installations.ts';

const prefix = fc.constantFrom('release-button', 'building-7/release-button', 'a_b/c', 'a/b_c', 'A__B');
const workersWithApplications = workers.chain((info) =>
  fc.record({
    info: fc.constant(info),
    applications: applicationsFor(
      info.worker,
      info.buttons.map(({ id }) => id),
    ),
  }),
);
const devices: fc.Arbitrary<Discovery> = fc.oneof(
  fc.tuple(prefix, agents).map(([topics, info]) => agentDevice(topics, info, about('1.2.3'))),
  fc
    .tuple(prefix, workersWithApplications)
    .map(([topics, { info, applications }]) => workerDevice(topics, info, applications, about('1.2.3'))),
);

function about(ownVersion: string) {
  return { ownVersion, isSilent: false };
}

describe('what is announced', () => {
  test('is taken as it is, to the last key', () => {
    fc.assert(
      fc.property(devices, (device) => {
        expect(faultsOf(device)).toEqual([]);
      }),
    );
  });

  test('comes through the wire as it is', () => {
    fc.assert(
      fc.property(devices, (device) => {
        const wire = Buffer.from(discoveryConfig.codec.encode(device));
        expect(discoveryConfig.codec.decode(wire)).toEqual({ ok: true, value: device });
      }),
    );
  });

  // Home Assistant reads the second before 2025.10, and the first since then.
  test('an entity is given the same id in both ways', () => {
    fc.assert(
      fc.property(devices, ({ components }) => {
        for (const { platform, default_entity_id: id, object_id: rest } of Object.values(components))
          if (platform !== 'device_automation') expect(id).toBe(`${platform}.${String(rest)}`);
      }),
    );
  });

  // Both entities would exist, and only one could be taken away.
  test('a key never changes its platform', () => {
    const kinds: Readonly<Record<string, string>> = {
      event: 'event',
      stuck: 'binary_sensor',
      trigger: 'device_automation',
      light: 'light',
      identify: 'button',
      release: 'button',
      rollback: 'button',
      refresh: 'button',
      signal: 'sensor',
      result: 'event',
      freeze: 'switch',
      app: 'update',
      drift: 'binary_sensor',
      argocd: 'binary_sensor',
      'out-of-sync': 'sensor',
      'oldest-drift': 'sensor',
      'last-release': 'sensor',
      releases: 'event',
    };
    fc.assert(
      fc.property(devices, ({ components }) => {
        for (const [key, { platform }] of Object.entries(components))
          expect({ key, platform }).toEqual({ key, platform: kinds[key.split('_')[0] ?? ''] });
      }),
    );
  });

  test('titles, versions and hosts change names, never ids', () => {
    fc.assert(
      fc.property(prefix, agents, fc.string({ minLength: 1 }), (topics, info, title) => {
        const renamed = {
          ...info,
          version: title,
          host: title,
          title,
          driver: title,
          simulated: !info.simulated,
          buttons: info.buttons.map((button) => ({ ...button, title })),
        };
        expect(idsOf(agentDevice(topics, renamed, about('9.9.9')))).toEqual(
          idsOf(agentDevice(topics, info, about('1.2.3'))),
        );
      }),
    );
    fc.assert(
      fc.property(prefix, workers, fc.string({ minLength: 1 }), (topics, info, title) => {
        const renamed = {
          ...info,
          version: title,
          host: title,
          title,
          simulated: !info.simulated,
          buttons: info.buttons.map((button) => ({ ...button, title })),
        };
        expect(idsOf(workerDevice(topics, renamed, [], about('9.9.9')))).toEqual(
          idsOf(workerDevice(topics, info, [], about('1.2.3'))),
        );
      }),
    );
  });
});

function idsOf({ device, components }: Discovery): unknown {
  const ids = Object.entries(components).map(([key, component]) => [
    key,
    component['unique_id'],
    component['default_entity_id'],
    component['object_id'],
  ]);
  return { identifiers: Reflect.get(Object(device), 'identifiers'), ids };
}

describe('ids of devices', () => {
  const level = fc.stringMatching(/^[A-Za-z0-9_-]{1,4}$/);
  const anyPrefix = fc.array(level, { minLength: 1, maxLength: 3 }).map((levels) => levels.join('/'));
  const owner = fc.record({ prefix: anyPrefix, kind: fc.constantFrom('agent' as const, 'worker'), id });
  const idOf = (one: { prefix: string; kind: 'agent' | 'worker'; id: string }) =>
    deviceId(one.prefix, one.kind, one.id);

  test('differ wherever prefix, kind or id do', () => {
    fc.assert(
      fc.property(owner, owner, (one, other) => {
        expect(idOf(one) === idOf(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
    // What a separator could be taken for.
    expect(deviceId('a/b', 'agent', 'c')).not.toBe(deviceId('a_b', 'agent', 'c'));
    expect(deviceId('a', 'agent', 'x_agent_c')).not.toBe(deviceId('a_agent_x', 'agent', 'c'));
  });

  test('are known as ours by their own prefix, and by no other', () => {
    fc.assert(
      fc.property(owner, anyPrefix, (one, other) => {
        expect(isDeviceId(one.prefix, idOf(one))).toBe(true);
        expect(isDeviceId(other, idOf(one))).toBe(other === one.prefix);
        // As a level of a topic, and in Home Assistant's own words for it.
        expect(idOf(one)).toMatch(/^[a-zA-Z0-9_-]+$/);
      }),
    );
  });
});
