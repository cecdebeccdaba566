// Makes the simulator a part of a process. This file is not in argocd-simulator/, because that room imports no other room.
import { createArgoCdSimulator } from '../argocd-simulator/simulator.ts';
import type { Config } from '../config/sections.ts';
import type { Part } from '../service/life-cycle.ts';
import { ListenError, listenError } from '../service/listen.ts';
import type { Log } from '../service/log.ts';

export interface SimulatorPart extends Part {
  /** where it listens; undefined before the start */
  url(): string | undefined;
}

export function simulatorPart(config: Config['simulator'], log: Log): SimulatorPart {
  const { host, port } = config;
  const simulator = createArgoCdSimulator({
    ...config,
    log: (level, message, fields) => log[level](fields ?? {}, message),
  });
  let url: string | undefined;
  return {
    name: 'argocd-simulator',
    start: async () => {
      try {
        ({ url } = await simulator.start());
      } catch (error) {
        if (error instanceof Error && 'code' in error && !(error instanceof ListenError))
          throw listenError(error, {
            host,
            port,
            scheme: 'http',
            what: 'the simulated Argo CD',
            key: 'simulator.port',
          });
        throw error;
      }
      log.info({ url, what: 'simulated Argo CD' }, 'listening');
    },
    stop: () => simulator.stop(),
    url: () => url,
  };
}
