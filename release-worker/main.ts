// Composition root of the release worker.
import type { Config } from '../config/sections.ts';
import { workerAvailability, workerInfo } from '../messages/worker.ts';
import type { Context } from '../service/context.ts';
import type { Part } from '../service/life-cycle.ts';
import { linkFromConfig, readPem } from '../service/link/from-config.ts';
import type { Link } from '../service/link/link.ts';
import { parseHeaders, tokenFault } from '../config/argocd-secrets.ts';
import { createArgoCd } from './argocd/client.ts';
import type { HttpOptions } from './argocd/http.ts';
import { argocdMetrics } from './argocd/metrics.ts';
import { createFreezeFile } from './freeze/file.ts';
import { proxyFor } from './argocd/proxy.ts';
import { fixedSecret, secretInFile } from './argocd/secret-source.ts';
import type { ParseSecret, SecretSource } from './argocd/secret-source.ts';
import { createJournal } from './releases/journal.ts';
import { createWorker } from './worker.ts';
import type { Worker } from './worker.ts';

export interface WorkerPartOptions {
  readonly config: Pick<Config, 'mqtt' | 'worker' | 'argocd'>;
  /** the files that secrets come from, by their keys such as `argocd.token` */
  readonly secretFiles: ReadonlyMap<string, string>;
  /** `argocd.server`, or where the simulator of this process listens, once started */
  readonly server: () => string;
  /** where the embedded broker of this process listens, once started */
  readonly brokerUrl?: () => string | undefined;
}

export function workerPart(options: WorkerPartOptions, context: Context): Part {
  const { config, server, brokerUrl } = options;
  const { clock, health, version, host, instance, clockSync, random } = context;
  const log = context.log.child({ part: 'worker' });
  const { worker: workerConfig, argocd: argocdConfig } = config;
  const id = workerConfig.id;
  let link: Link | undefined;
  let worker: Worker | undefined;

  return {
    name: 'release-worker',
    start: async () => {
      const proxy = proxyFor(server());
      if (proxy !== undefined) log.info(`Argo CD is asked through the proxy ${proxy.host}`);
      const argocd = createArgoCd({
        ...secretsOf(options, { clock, log }),
        server: server(),
        proxy,
        clock,
        random,
        log,
        insecure: argocdConfig.insecure,
        requestTimeoutMs: argocdConfig.requestTimeoutMs,
        onAnswer: argocdMetrics(context.metrics),
        ...(argocdConfig.caFile === undefined ? {} : { ca: readPem(argocdConfig.caFile, 'argocd.caFile') }),
      });
      const url = brokerUrl?.();
      link = linkFromConfig(
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
      worker = createWorker({
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
      await worker.start();
      link.start();
    },
    stop: async () => {
      await worker?.stop();
      await link?.stop();
    },
  };
}

/** Secrets from files are read again while the worker runs; the others are what they are. */
function secretsOf(
  { config: { argocd }, secretFiles }: WorkerPartOptions,
  context: Pick<Context, 'clock' | 'log'>,
): Pick<HttpOptions, 'credentials' | 'headers'> {
  const source = <Value>(name: string, text: string, parse: ParseSecret<Value>): SecretSource<Value> => {
    const parsed = parse(text);
    if (parsed.fault !== undefined) throw new TypeError(`argocd.${name} ${parsed.fault}`);
    const file = secretFiles.get(`argocd.${name}`);
    if (file === undefined) return fixedSecret(parsed.value);
    const first = { text, value: parsed.value };
    return secretInFile({ ...context, key: `argocd.${name}File`, file, first, parse });
  };
  const { token, username, password, headers } = argocd;
  const extra =
    headers === undefined
      ? {}
      : {
          headers: source('headers', headers, (text) => {
            const parsed = parseHeaders(text);
            return parsed.fault === undefined ? { value: parsed.headers } : parsed;
          }),
        };
  if (token !== undefined)
    return {
      ...extra,
      credentials: {
        tokenFile: secretFiles.get('argocd.token'),
        token: source('token', token, (text) => {
          const fault = tokenFault(text);
          return fault === undefined ? { value: text } : { fault };
        }),
      },
    };
  if (username === undefined || password === undefined)
    throw new TypeError('argocd has neither a token nor username and password');
  return {
    ...extra,
    credentials: { username, password: source('password', password, (text) => ({ value: text })) },
  };
}
