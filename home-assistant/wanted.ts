// What should be announced, from what is known: pure.
import type { Config } from '../config/sections.ts';
import { selects } from '../config/selection.ts';
import type { Discovery } from '../messages/home-assistant.ts';
import { agentDevice } from './agent-device.ts';
import { buttonFor } from './application.ts';
import type { Application } from './application.ts';
import { deviceId } from './names.ts';
import { workerDevice } from './worker-device.ts';
import type { World } from './world.ts';

export interface Wanted {
  /** by the id of the device */
  readonly devices: ReadonlyMap<string, Discovery>;
  /** applications that a button releases and that are selected, but more than there may be */
  readonly leftOut: number;
}

export function wanted(options: {
  readonly prefix: string;
  readonly world: Pick<World, 'agents' | 'workers' | 'applications' | 'isSilent'>;
  readonly config: Pick<Config['homeAssistant'], 'applications' | 'maxApplications'>;
  readonly ownVersion: string;
}): Wanted {
  const { prefix, world, config, ownVersion } = options;
  const workers = [...world.workers.values()].sort((one, other) => (one.worker < other.worker ? -1 : 1));
  const chosen = new Map<string, Application[]>(workers.map(({ worker }) => [worker, []]));
  let count = 0;
  let leftOut = 0;
  // The first by name, so that which ones are there does not depend on what came first.
  for (const key of [...world.applications.keys()].sort()) {
    const application = world.applications.get(key);
    if (application === undefined || !config.applications.some((select) => selects(select, application)))
      continue;
    const worker = workers.find(({ buttons }) => buttonFor(application, buttons) !== undefined);
    if (worker === undefined) continue;
    if (count >= config.maxApplications) leftOut += 1;
    else {
      count += 1;
      chosen.get(worker.worker)?.push(application);
    }
  }
  const devices = new Map<string, Discovery>();
  for (const info of world.agents.values())
    devices.set(
      deviceId(prefix, 'agent', info.agent),
      agentDevice(prefix, info, { ownVersion, isSilent: world.isSilent('agent', info.agent) }),
    );
  for (const info of workers)
    devices.set(
      deviceId(prefix, 'worker', info.worker),
      workerDevice(prefix, info, chosen.get(info.worker) ?? [], {
        ownVersion,
        isSilent: world.isSilent('worker', info.worker),
      }),
    );
  return { devices, leftOut };
}
