// The entities of the usual installation, by their ids, as they are announced.
import { wanted } from '../../../home-assistant/wanted.ts';
import { agentOf, announceableOf, workerOf } from './installations.ts';

export const usualEntities = new Map(
  [
    ...wanted({
      prefix: 'release-button',
      announceable: announceableOf({ agents: [agentOf()], workers: [workerOf()] }),
      config: { applications: [{ all: true }], maxApplications: 0 },
      ownVersion: '0.1.0',
      packetMax: 1_048_576,
    }).devices.values(),
  ]
    .flatMap(({ components }) => Object.values(components))
    .map((component) => [String(component['default_entity_id']), component]),
);
