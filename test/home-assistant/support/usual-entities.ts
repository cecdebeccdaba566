// The announced entities of the usual installation, and of one with two workers, by their ids.
import { wanted } from '../../../home-assistant/wanted.ts';
import { agentOf, announceableOf, applicationOf, workerOf } from './installations.ts';

const entitiesOf = (installation: Parameters<typeof announceableOf>[0]) =>
  new Map(
    [
      ...wanted({
        prefix: 'release-button',
        announceable: announceableOf(installation),
        config: { applications: [{ all: true }], maxApplications: 50 },
        ownVersion: '0.1.0',
        packetMax: 1_048_576,
      }).devices.values(),
    ]
      .flatMap(({ components }) => Object.values(components))
      .map((component) => [String(component['default_entity_id']), component]),
  );

export const usualEntities = entitiesOf({
  agents: [agentOf()],
  workers: [
    workerOf({ buttons: [{ id: 'main', on: { press: 'release', hold: 'rollback', double: 'refresh' } }] }),
  ],
});

const environments = ['staging', 'production'];
export const twoWorkersEntities = entitiesOf({
  agents: [
    agentOf({
      buttons: environments.map((id) => ({ id, gestures: ['press'], holdMs: 1000 })),
      leds: environments.map((id) => ({ id, follows: id })),
    }),
  ],
  workers: environments.map((worker) =>
    workerOf({ worker, buttons: [{ id: worker, on: { press: 'release' } }] }),
  ),
  applications: environments.map((worker) => applicationOf('shop', { worker, buttons: [worker] })),
});
