// Whatever an installation looks like, Home Assistant accepts its discovery messages, and ids stay the same.
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
  fc.tuple(prefix, agents).map(([topics, info]) => agentDevice(topics, info, context('1.2.3'))),
  fc
    .tuple(prefix, workersWithApplications)
    .map(([topics, { info, applications }]) => workerDevice(topics, info, applications, context('1.2.3'))),
);

function context(ownVersion: string) {
  return { ownVersion, isSilent: false };
}

describe('the discovery message of any device', () => {
  test('is accepted by Home Assistant with every key', () => {
    fc.assert(
      fc.property(devices, (device) => {
        expect(faultsOf(device)).toEqual([]);
      }),
    );
  });

  test('can be encoded and decoded without a change', () => {
    fc.assert(
      fc.property(devices, (device) => {
        const wire = Buffer.from(discoveryConfig.codec.encode(device));
        expect(discoveryConfig.codec.decode(wire)).toEqual({ ok: true, value: device });
      }),
    );
  });

  // Home Assistant reads `object_id` before 2025.10, and `default_entity_id` since then.
  test('gives an entity the same id in both keys', () => {
    fc.assert(
      fc.property(devices, ({ components }) => {
        for (const { platform, default_entity_id: id, object_id: rest } of Object.values(components))
          if (platform !== 'device_automation') expect(id).toBe(`${platform}.${String(rest)}`);
      }),
    );
  });

  // If it did, both entities would exist, and only one of them could be removed.
  test('never changes the platform of a key', () => {
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

  test('has the same ids after titles, versions and hosts change', () => {
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
        expect(idsOf(agentDevice(topics, renamed, context('9.9.9')))).toEqual(
          idsOf(agentDevice(topics, info, context('1.2.3'))),
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
        expect(idsOf(workerDevice(topics, renamed, [], context('9.9.9')))).toEqual(
          idsOf(workerDevice(topics, info, [], context('1.2.3'))),
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

describe('the ids of devices', () => {
  const level = fc.stringMatching(/^[A-Za-z0-9_-]{1,4}$/);
  const anyPrefix = fc.array(level, { minLength: 1, maxLength: 3 }).map((levels) => levels.join('/'));
  const owner = fc.record({ prefix: anyPrefix, kind: fc.constantFrom('agent' as const, 'worker'), id });
  const idOf = (owner: { prefix: string; kind: 'agent' | 'worker'; id: string }) =>
    deviceId(owner.prefix, owner.kind, owner.id);

  test('differ if prefix, kind or id differ', () => {
    fc.assert(
      fc.property(owner, owner, (first, second) => {
        expect(idOf(first) === idOf(second)).toBe(JSON.stringify(first) === JSON.stringify(second));
      }),
    );
    // Ids and prefixes that contain the text of a separator.
    expect(deviceId('a/b', 'agent', 'c')).not.toBe(deviceId('a_b', 'agent', 'c'));
    expect(deviceId('a', 'agent', 'x_agent_c')).not.toBe(deviceId('a_agent_x', 'agent', 'c'));
  });

  test('are recognised as ours by their own prefix, and by no other prefix', () => {
    fc.assert(
      fc.property(owner, anyPrefix, (ownerOfId, prefixToCheck) => {
        expect(isDeviceId(ownerOfId.prefix, idOf(ownerOfId))).toBe(true);
        expect(isDeviceId(prefixToCheck, idOf(ownerOfId))).toBe(prefixToCheck === ownerOfId.prefix);
        // They may be a level of a topic, and have the form that Home Assistant demands.
        expect(idOf(ownerOfId)).toMatch(/^[a-zA-Z0-9_-]+$/);
      }),
    );
  });
});
