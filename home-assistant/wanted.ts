// Decides what should be announced, from the messages of agents and workers. Pure.
import type { Config } from '../config/sections.ts';
import { selects } from '../config/selects.ts';
import type { AgentInfo } from '../messages/agent.ts';
import type { Discovery } from '../messages/home-assistant.ts';
import type { WorkerInfo } from '../messages/worker.ts';
import { agentDevice } from './agent-device.ts';
import { deviceId, type DeviceKind } from './names.ts';
import { withDistinctEntityIds } from './distinct-entity-ids.ts';
import { applicationKey, buttonFor, type Application } from './worker-application.ts';
import { workerDevice } from './worker-device.ts';

/** The agents, workers and applications to announce. */
export interface Announceable {
  readonly agents: ReadonlyMap<string, AgentInfo>;
  readonly workers: ReadonlyMap<string, WorkerInfo>;
  applications(worker: string): readonly Application[];
  /** True if the broker has forgotten whether the agent or worker is online, and it has not reconnected since. */
  isSilent(kind: DeviceKind, id: string): boolean;
  isOnline(worker: string): boolean;
}

export interface Wanted {
  /** by the id of the device */
  readonly devices: ReadonlyMap<string, Discovery>;
  /** number of selected applications, each released by a button, that exceed the limit of their worker */
  readonly leftOut: number;
  /** number of applications that do not fit into the largest message that the broker accepts */
  readonly noRoom: number;
}

/**
 * Reserved for the rest of a packet: its header, its topic, and entities that the same message removes. In bytes.
 * Source: a topic has 400 at most, and an entity to be removed some 100.
 */
const reservedBytes = 8_192;

export function wanted(options: {
  readonly prefix: string;
  readonly announceable: Announceable;
  readonly config: Pick<Config['homeAssistant'], 'applications' | 'maxApplications' | 'install'>;
  readonly ownVersion: string;
  /** bytes of the largest packet that can be sent */
  readonly packetMax: number;
}): Wanted {
  const { prefix, announceable, config, ownVersion, packetMax } = options;
  const { agents, workers } = announceable;
  const devices = new Map<string, Discovery>();
  let leftOut = 0;
  let noRoom = 0;
  for (const info of agents.values())
    devices.set(
      deviceId(prefix, 'agent', info.agent),
      agentDevice(prefix, info, {
        ownVersion,
        isSilent: announceable.isSilent('agent', info.agent),
        titleIsShared: isShared(info, agents),
      }),
    );
  for (const info of sortedBy([...workers.values()], ({ worker }) => worker)) {
    // The first ones by name, so that the choice does not depend on which was heard first. Each worker has its own limit:
    // an application of one worker must not displace an application of another.
    const selected = sortedBy(
      announceable
        .applications(info.worker)
        .filter(
          (application) =>
            config.applications.some((select) => selects(select, application)) &&
            buttonFor(application, info.buttons) !== undefined,
        ),
      ({ namespace, name }) => `${namespace}/${name}`,
    );
    leftOut += Math.max(0, selected.length - config.maxApplications);
    const whole = workerDevice(prefix, info, selected.slice(0, config.maxApplications), {
      ownVersion,
      isSilent: announceable.isSilent('worker', info.worker),
      titleIsShared: isShared(info, workers),
      install: config.install,
      answeredByOthers: answeredByOthers(info, announceable),
    });
    const device = within(whole, packetMax - reservedBytes);
    noRoom += Object.keys(whole.components).length - Object.keys(device.components).length;
    devices.set(deviceId(prefix, 'worker', info.worker), device);
  }
  return { devices: withDistinctEntityIds(devices), leftOut, noRoom };
}

interface Titled {
  readonly title?: string;
}

/** Whether another one has the same title, so that the title alone does not identify it. */
function isShared({ title }: Titled, all: ReadonlyMap<string, Titled>): boolean {
  return title !== undefined && [...all.values()].filter((other) => other.title === title).length > 1;
}

/** Buttons of this worker whose presses another worker answers: if several online workers have a button, the first by id. */
function answeredByOthers(
  { worker, buttons }: WorkerInfo,
  { workers, isOnline }: Announceable,
): ReadonlySet<string> {
  const before = [...workers.values()].filter((other) => other.worker < worker && isOnline(other.worker));
  const theirs = new Set(before.flatMap((other) => other.buttons.map(({ id }) => id)));
  return new Set(buttons.flatMap(({ id }) => (theirs.has(id) ? [id] : [])));
}

function sortedBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): readonly Item[] {
  return items
    .map((item) => ({ item, key: keyOf(item) }))
    .toSorted((one, other) => (one.key < other.key ? -1 : 1))
    .map(({ item }) => item);
}

/** Leaves out the last applications if the message is too large with them. @param maxBytes of the message */
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
