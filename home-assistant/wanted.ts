// What should be announced, from what is known: pure.
import type { Config } from '../config/sections.ts';
import { selects } from '../config/selects.ts';
import type { Discovery } from '../messages/home-assistant.ts';
import { agentDevice } from './agent-device.ts';
import { applicationKey, buttonFor } from './application.ts';
import type { Application } from './application.ts';
import { deviceId } from './names.ts';
import { workerDevice } from './worker-device.ts';
import type { World } from './world.ts';

export interface Wanted {
  /** by the id of the device */
  readonly devices: ReadonlyMap<string, Discovery>;
  /** applications that a button releases and that are selected, but more than there may be */
  readonly leftOut: number;
  /** applications for which there is no room in the largest message that the broker takes */
  readonly noRoom: number;
}

/**
 * What else goes into a packet: its header and topic, and what is gone and has to be named once more. In bytes.
 * Source: a topic has 400 at most; some 100 each for what is gone.
 */
const reservedBytes = 8_192;

export function wanted(options: {
  readonly prefix: string;
  readonly world: Pick<World, 'agents' | 'workers' | 'applications' | 'isSilent'>;
  readonly config: Pick<Config['homeAssistant'], 'applications' | 'maxApplications' | 'install'>;
  readonly ownVersion: string;
  /** bytes of the largest packet that can be sent */
  readonly packetMax: number;
}): Wanted {
  const { prefix, world, config, ownVersion, packetMax } = options;
  const workers = [...world.workers.values()].sort((one, other) => (one.worker < other.worker ? -1 : 1));
  const chosen = new Map<string, Application[]>(workers.map(({ worker }) => [worker, []]));
  let count = 0;
  let leftOut = 0;
  let noRoom = 0;
  // The first by name, so that which ones are there does not depend on what came first.
  for (const key of [...world.applications.keys()].sort()) {
    const application = world.applications.get(key);
    if (application === undefined || !config.applications.some((select) => selects(select, application)))
      continue;
    const worker = workers.find(
      ({ worker: id, buttons }) => id === application.worker && buttonFor(application, buttons) !== undefined,
    );
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
  for (const info of workers) {
    const applications = chosen.get(info.worker) ?? [];
    const whole = workerDevice(prefix, info, applications, {
      ownVersion,
      isSilent: world.isSilent('worker', info.worker),
      install: config.install,
    });
    const device = within(whole, packetMax - reservedBytes);
    noRoom += Object.keys(whole.components).length - Object.keys(device.components).length;
    devices.set(deviceId(prefix, 'worker', info.worker), device);
  }
  return { devices, leftOut, noRoom };
}

/** Without the last of its applications, where it is too large with them. @param maxBytes of the message */
function within(device: Discovery, maxBytes: number): Discovery {
  let bytes = Buffer.byteLength(JSON.stringify(device));
  if (bytes <= maxBytes) return device;
  const components = { ...device.components };
  for (const [key, component] of Object.entries(device.components).toReversed()) {
    if (bytes <= maxBytes || !key.startsWith(applicationKey)) break;
    bytes -= Buffer.byteLength(JSON.stringify({ [key]: component })) - 1;
    delete components[key];
  }
  return { ...device, components };
}
