// What is known of agents, workers and applications, as they say it themselves.
import { agentAvailability, agentInfo } from '../messages/agent.ts';
import type { AgentInfo } from '../messages/agent.ts';
import { app, drift } from '../messages/drift.ts';
import type { AppMessage } from '../messages/drift.ts';
import { workerAvailability, workerInfo } from '../messages/worker.ts';
import type { WorkerInfo } from '../messages/worker.ts';
import type { Link } from '../service/link/link.ts';
import type { Application } from './application.ts';
import type { DeviceKind } from './names.ts';

export interface World {
  /** Subscribes. */
  start(): void;
  readonly agents: ReadonlyMap<string, AgentInfo>;
  readonly workers: ReadonlyMap<string, WorkerInfo>;
  /** by `worker/namespace/name` */
  readonly applications: ReadonlyMap<string, Application>;
  /** From now on what is heard is heard on a new connection. */
  connected(): void;
  /** Whether all applications that there are have been heard on this connection. */
  isComplete(): boolean;
  /** Whether there are more applications than have been heard on this connection. */
  isWaiting(): boolean;
  /** Forgets agents and workers that have said nothing on this connection, where `mayGo` says so. */
  dropSilent(mayGo: (kind: DeviceKind, id: string) => boolean): void;
  /** Whether it has been online since its info was first heard: an info alone may be years old. */
  wasOnline(kind: DeviceKind, id: string): boolean;
  /** Whether the broker knows nothing of whether it is there: it has forgotten all, and nobody has come back. */
  isSilent(kind: DeviceKind, id: string): boolean;
  /** Forgets applications of which nothing has been heard on this connection. */
  dropSilentApplications(): void;
}

/** More than anybody runs on one prefix; what says more is not ours to remember. */
const processesMax = 200;
const applicationsMax = 20_000;

export function createWorld(options: {
  readonly link: Pick<Link, 'subscribe'>;
  readonly withApplications: boolean;
  /** whether somebody asks for labels; they may be long */
  readonly withLabels: boolean;
  /** what an agent or a worker is has been said */
  readonly onProcess: () => void;
  /** somebody has just emptied the info of an agent or a worker: it is gone for good */
  readonly onGone: (kind: DeviceKind, id: string) => void;
  /** which applications there are, who releases them, or how many there should be, has changed */
  readonly onApplication: () => void;
}): World {
  const { link, withLabels, onProcess, onGone, onApplication } = options;
  const agents = new Map<string, AgentInfo>();
  const workers = new Map<string, WorkerInfo>();
  const applications = new Map<string, Application>();
  /** what has been heard on this connection */
  const heard = { agent: new Set<string>(), worker: new Set<string>(), applications: new Set<string>() };
  /** what they have said on this connection of whether they are there, and which have been there, ever */
  const availability = { agent: new Set<string>(), worker: new Set<string>() };
  const online = { agent: new Set<string>(), worker: new Set<string>() };
  /** of the newest drift of each worker, where it is vouched for */
  const totals = new Map<string, number>();

  // An empty one is somebody saying that it is gone. What the broker has only forgotten stays: it will be said again.
  const keep = <M>(
    known: Map<string, M>,
    now: Set<string>,
    key: string,
    message: M | undefined,
    max: number,
  ) => {
    if (message === undefined) {
      known.delete(key);
      now.delete(key);
    } else if (known.size < max || known.has(key)) {
      known.set(key, message);
      now.add(key);
    }
  };
  const sayWhether = (kind: DeviceKind, id: string, state: 'online' | 'offline' | undefined) => {
    const known = availability[kind];
    const now = () => `${known.has(id)} ${online[kind].has(id)}`;
    const before = now();
    if (state === undefined) known.delete(id);
    else if (known.size < processesMax || known.has(id)) known.add(id);
    if (state === 'online' && known.has(id)) online[kind].add(id);
    if (before !== now()) onProcess();
  };
  const forget = (kind: DeviceKind, id: string, retained: boolean) => {
    online[kind].delete(id);
    if (!retained) onGone(kind, id);
  };
  const dropUnheard = (
    known: Map<string, unknown>,
    now: ReadonlySet<string>,
    mayGo: (key: string) => boolean,
  ) => {
    for (const key of known.keys()) if (!now.has(key) && mayGo(key)) known.delete(key);
  };

  const total = () =>
    totals.size === 0 ? undefined : [...totals.values()].reduce((sum, count) => sum + count, 0);
  const isComplete = () => {
    const expected = total();
    return expected !== undefined && heard.applications.size >= Math.min(expected, applicationsMax);
  };

  return {
    start: () => {
      link.subscribe(agentInfo.filter(), (message, { params, retained }) => {
        keep(agents, heard.agent, params.agent, message && { ...message, ...params }, processesMax);
        if (message === undefined) forget('agent', params.agent, retained);
        onProcess();
      });
      link.subscribe(agentAvailability.filter(), (message, { params }) =>
        sayWhether('agent', params.agent, message),
      );
      link.subscribe(workerInfo.filter(), (message, { params, retained }) => {
        keep(workers, heard.worker, params.worker, message && { ...message, ...params }, processesMax);
        if (message === undefined) forget('worker', params.worker, retained);
        onProcess();
      });
      link.subscribe(workerAvailability.filter(), (message, { params }) =>
        sayWhether('worker', params.worker, message),
      );
      if (!options.withApplications) return;
      link.subscribe(drift.filter(), (message, { params }) => {
        const before = totals.get(params.worker);
        if (message === undefined || message.state === 'unknown') totals.delete(params.worker);
        else if (totals.size < processesMax || before !== undefined) totals.set(params.worker, message.total);
        if (totals.get(params.worker) !== before) onApplication();
      });
      link.subscribe(app.filter(), (message, { params }) => {
        const key = `${params.worker}/${params.namespace}/${params.name}`;
        const before = JSON.stringify(applications.get(key));
        const wasHeard = heard.applications.has(key);
        const application =
          message === undefined ? undefined : { ...announced(message, withLabels), ...params };
        keep(applications, heard.applications, key, application, applicationsMax);
        // Their states change all the time, and are Home Assistant's to read.
        if (!wasHeard || JSON.stringify(application) !== before) onApplication();
      });
    },
    agents,
    workers,
    applications,
    connected: () => {
      totals.clear();
      for (const now of [...Object.values(heard), ...Object.values(availability)]) now.clear();
    },
    wasOnline: (kind, id) => online[kind].has(id),
    isSilent: (kind, id) => !availability[kind].has(id),
    isWaiting: () => total() !== undefined && !isComplete(),
    isComplete,
    dropSilent: (mayGo) => {
      dropUnheard(agents, heard.agent, (id) => mayGo('agent', id));
      dropUnheard(workers, heard.worker, (id) => mayGo('worker', id));
      for (const id of online.agent) if (!agents.has(id)) online.agent.delete(id);
      for (const id of online.worker) if (!workers.has(id)) online.worker.delete(id);
    },
    dropSilentApplications: () => dropUnheard(applications, heard.applications, () => true),
  };
}

function announced(
  { namespace, name, project, labels, buttons }: AppMessage,
  withLabels: boolean,
): Omit<Application, 'worker'> {
  return {
    namespace,
    name,
    project,
    labels: withLabels ? labels : {},
    ...(buttons === undefined ? {} : { buttons }),
  };
}
