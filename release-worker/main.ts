// Composition root of the release worker.
import type { Config } from '../config/sections.ts';
import { workerAvailability, workerInfo } from '../messages/worker.ts';
import type { Context } from '../service/context.ts';
import type { Part } from '../service/life-cycle.ts';
import { linkFromConfig } from '../service/link/from-config.ts';
import { lockStateDirectory } from '../service/state-lock.ts';
import { createStops } from '../service/stops.ts';
import { argocdFromConfig } from './argocd/from-config.ts';
import { argocdMetrics } from './argocd/metrics.ts';
import { createFreezeFile } from './freeze/file.ts';
import { createJournal } from './releases/journal.ts';
import { createWorker } from './worker.ts';

export interface WorkerPartOptions {
  readonly config: Pick<Config, 'mqtt' | 'worker' | 'argocd'>;
  /** The files that secrets come from, by their keys such as `argocd.token` */
  readonly secretFiles: ReadonlyMap<string, string>;
  /** `argocd.server`, or the address of the simulator in this process after its start */
  readonly server: () => string;
  /** The address of the embedded broker in this process after its start */
  readonly brokerUrl?: () => string | undefined;
}

export function workerPart(options: WorkerPartOptions, context: Context): Part {
  const { config, secretFiles, server, brokerUrl } = options;
  const { clock, health, version, host, instance, clockSync, random } = context;
  const log = context.log.child({ part: 'worker' });
  const { worker: workerConfig, argocd: argocdConfig } = config;
  const id = workerConfig.id;
  const stops = createStops();

  return {
    name: 'release-worker',
    start: async () => {
      const lock = await lockStateDirectory({
        stateDir: workerConfig.stateDir,
        name: 'worker.lock',
        setting: 'worker.stateDir',
        host,
        log,
      });
      stops.add(() => lock.release());
      const argocd = argocdFromConfig(
        { argocd: argocdConfig, secretFiles, server: server() },
        { clock, log, random, onAnswer: argocdMetrics(context.metrics, config.worker.id) },
      );
      const url = brokerUrl?.();
      const link = linkFromConfig(
        {
          mqtt: config.mqtt,
          role: 'worker',
          id,
          presence: {
            availability: workerAvailability.at({ worker: id }),
            availabilityFilter: workerAvailability.filter({ worker: id }),
            infoFilter: workerInfo.filter({ worker: id }),
          },
          ...(url === undefined ? {} : { url }),
        },
        { ...context, log },
      );
      stops.add(() => link.stop());
      const worker = createWorker({
        config: workerConfig,
        link,
        argocd,
        journal: createJournal({ stateDir: workerConfig.stateDir, log }),
        freezeFile: createFreezeFile(workerConfig.stateDir),
        topicPrefix: config.mqtt.topicPrefix,
        clock,
        log,
        health,
        metrics: context.metrics,
        clockState: () => clockSync.state(),
        version,
        host,
        instance,
        externalUrl: (argocdConfig.externalUrl ?? argocd.server).replace(/\/+$/, ''),
        random,
      });
      stops.add(() => worker.stop());
      await worker.start();
      link.start();
    },
    stop: () => stops.run(),
  };
}
