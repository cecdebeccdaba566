// What is known of agents, workers and applications, as they say it themselves.
import { agentInfo } from '../messages/agent.ts';
import type { AgentInfo } from '../messages/agent.ts';
import { app } from '../messages/drift.ts';
import { workerInfo } from '../messages/worker.ts';
import type { WorkerInfo } from '../messages/worker.ts';
import type { Link } from '../service/link/link.ts';
import type { Application } from './application.ts';

export interface World {
  /** Subscribes. */
  start(): void;
  readonly agents: ReadonlyMap<string, AgentInfo>;
  readonly workers: ReadonlyMap<string, WorkerInfo>;
  /** by `namespace/name` */
  readonly applications: ReadonlyMap<string, Application>;
}

/** More than anybody runs on one prefix; what says more is not ours to remember. */
const processesMax = 200;
const applicationsMax = 20_000;

export function createWorld(options: {
  readonly link: Pick<Link, 'subscribe'>;
  readonly withApplications: boolean;
  /** what an agent or a worker is has been said */
  readonly onProcess: () => void;
  /** which applications there are, or who releases them, has changed */
  readonly onApplication: () => void;
}): World {
  const { link, onProcess, onApplication } = options;
  const agents = new Map<string, AgentInfo>();
  const workers = new Map<string, WorkerInfo>();
  const applications = new Map<string, Application>();

  // An empty one is somebody saying that it is gone. What the broker has only forgotten stays: it will be said again.
  const keep = <M>(known: Map<string, M>, key: string, message: M | undefined, max: number) => {
    if (message === undefined) known.delete(key);
    else if (known.size < max || known.has(key)) known.set(key, message);
  };

  return {
    start: () => {
      link.subscribe(agentInfo.filter(), (message, { params }) => {
        keep(agents, params.agent, message && { ...message, ...params }, processesMax);
        onProcess();
      });
      link.subscribe(workerInfo.filter(), (message, { params }) => {
        keep(workers, params.worker, message && { ...message, ...params }, processesMax);
        onProcess();
      });
      if (!options.withApplications) return;
      link.subscribe(app.filter(), (message, { params }) => {
        const key = `${params.namespace}/${params.name}`;
        const application = message === undefined ? undefined : { ...announced(message), ...params };
        const before = applications.get(key);
        // Their states change all the time, and are Home Assistant's to read.
        if (before !== undefined && JSON.stringify(before) === JSON.stringify(application)) return;
        keep(applications, key, application, applicationsMax);
        onApplication();
      });
    },
    agents,
    workers,
    applications,
  };
}

function announced({ namespace, name, project, labels, buttons }: Application): Application {
  return { namespace, name, project, labels, ...(buttons === undefined ? {} : { buttons }) };
}
