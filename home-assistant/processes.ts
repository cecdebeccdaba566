// Agents and workers: the info of each, and whether it is online.
import { agentAvailability, agentInfo, type AgentInfo } from '../messages/agent.ts';
import { workerAvailability, workerInfo, type WorkerInfo } from '../messages/worker.ts';
import type { Link } from '../service/link/link.ts';
import type { DeviceKind } from './names.ts';

export interface Processes {
  /** Subscribes. */
  start(): void;
  readonly agents: ReadonlyMap<string, AgentInfo>;
  readonly workers: ReadonlyMap<string, WorkerInfo>;
  /** The connection has changed: nothing has been heard on the new one. */
  connectionChanged(): void;
  /** Forgets agents and workers that have said nothing on this connection, if `mayGo` allows it. */
  dropSilent(mayGo: (kind: DeviceKind, id: string) => boolean): void;
  /** Whether it has been online since its info was first heard. An info alone may be years old. */
  wasOnline(kind: DeviceKind, id: string): boolean;
  /** Its last availability on this connection. */
  availability(kind: DeviceKind, id: string): Availability | undefined;
}

export type Availability = 'online' | 'offline';

/** More agents, or workers, than anybody runs on one prefix. Further ones are ignored. */
const processesMax = 200;

export function createProcesses(options: {
  readonly link: Pick<Link, 'subscribe'>;
  /** the info or availability of an agent or worker has changed */
  readonly onChange: (kind: DeviceKind, id: string) => void;
  /** somebody has just cleared the info of an agent or worker: it is removed for good */
  readonly onRemoved: (kind: DeviceKind, id: string) => void;
}): Processes {
  const { link, onChange, onRemoved } = options;
  const listFor = <Info>(kind: DeviceKind) =>
    createList<Info>({
      onChange: (id) => onChange(kind, id),
      onRemoved: (id) => onRemoved(kind, id),
    });
  const agents = listFor<AgentInfo>('agent');
  const workers = listFor<WorkerInfo>('worker');
  const lists = { agent: agents, worker: workers };

  return {
    start: () => {
      link.subscribe(agentInfo.filter(), (message, { params, retained }) =>
        agents.setInfo(params.agent, message && { ...message, ...params }, retained),
      );
      link.subscribe(agentAvailability.filter(), (message, { params }) =>
        agents.setAvailability(params.agent, message),
      );
      link.subscribe(workerInfo.filter(), (message, { params, retained }) =>
        workers.setInfo(params.worker, message && { ...message, ...params }, retained),
      );
      link.subscribe(workerAvailability.filter(), (message, { params }) =>
        workers.setAvailability(params.worker, message),
      );
    },
    agents: agents.infos,
    workers: workers.infos,
    connectionChanged: () => {
      for (const list of Object.values(lists)) list.connectionChanged();
    },
    dropSilent: (mayGo) => {
      agents.dropSilent((id) => mayGo('agent', id));
      workers.dropSilent((id) => mayGo('worker', id));
    },
    wasOnline: (kind, id) => lists[kind].wasOnline(id),
    availability: (kind, id) => lists[kind].availability(id),
  };
}

function createList<Info>({
  onChange,
  onRemoved,
}: {
  readonly onChange: (id: string) => void;
  readonly onRemoved: (id: string) => void;
}) {
  const infos = new Map<string, Info>();
  /** ids of those whose info has been heard on this connection */
  const heard = new Set<string>();
  const availabilities = new Map<string, Availability>();
  const onlineOnce = new Set<string>();
  return {
    infos,
    setInfo: (id: string, info: Info | undefined, retained: boolean) => {
      if (info === undefined) {
        for (const list of [infos, heard, onlineOnce]) list.delete(id);
        if (!retained) onRemoved(id);
      } else if (infos.size < processesMax || infos.has(id)) {
        infos.set(id, info);
        heard.add(id);
      }
      onChange(id);
    },
    setAvailability: (id: string, availability: Availability | undefined) => {
      if (availability === availabilities.get(id)) return;
      if (availability === undefined) availabilities.delete(id);
      else if (availabilities.size < processesMax || availabilities.has(id))
        availabilities.set(id, availability);
      else return;
      if (availability === 'online') onlineOnce.add(id);
      onChange(id);
    },
    connectionChanged: () => {
      heard.clear();
      availabilities.clear();
    },
    dropSilent: (mayGo: (id: string) => boolean) => {
      for (const id of infos.keys()) if (!heard.has(id) && mayGo(id)) infos.delete(id);
      for (const id of onlineOnce) if (!infos.has(id)) onlineOnce.delete(id);
    },
    wasOnline: (id: string) => onlineOnce.has(id),
    availability: (id: string) => availabilities.get(id),
  };
}
