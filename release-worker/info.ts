// The retained `info` of the worker: its identity, its Argo CD and the actions of its buttons.
import type { Config } from '../config/sections.ts';
import type { ClockState } from '../messages/presence.ts';
import { toTime } from '../messages/time.ts';
import { workerInfo } from '../messages/worker.ts';
import type { Clock, Timer } from '../service/clock.ts';
import type { Link } from '../service/link/link.ts';
import type { ArgoCd } from './argocd/client.ts';
import type { ArgoCdWatch } from './drift/argocd-watch.ts';

export interface InfoOptions {
  readonly config: Pick<Config['worker'], 'id' | 'title' | 'buttons'>;
  readonly link: Link;
  readonly argocd: Pick<ArgoCd, 'server'>;
  readonly server: ArgoCdWatch['server'];
  readonly clock: Clock;
  readonly clockState: () => ClockState;
  readonly version: string;
  readonly host: string;
  readonly instance: string;
}

export interface Info {
  start(): void;
  stop(): void;
  /** Publishes the info if it differs from the last one. */
  changed(): void;
}

/** A recent `at` shows readers that the info is still true. */
const infoEveryMs = 60_000;

export function createInfo(options: InfoOptions): Info {
  const { config, link, argocd, clock } = options;
  let timer: Timer | undefined;
  let published = '';

  const info = () => {
    const server = options.server();
    return {
      worker: config.id,
      ...(config.title === undefined ? {} : { title: config.title }),
      version: options.version,
      host: options.host,
      instance: options.instance,
      clock: { synchronised: options.clockState() },
      simulated: server?.simulated ?? false,
      argocd: { server: argocd.server, ...(server === undefined ? {} : { version: server.version }) },
      buttons: config.buttons.map(({ id, title, on }) => ({
        id,
        on,
        ...(title === undefined ? {} : { title }),
      })),
    };
  };
  const publish = (always: boolean) => {
    const now = info();
    const text = JSON.stringify(now);
    if (!always && text === published) return;
    published = text;
    link.publish(workerInfo.at({ worker: config.id }), { ...now, at: toTime(clock.now()) });
  };
  const everyMinute = () => {
    publish(true);
    timer = clock.setTimeout(everyMinute, infoEveryMs);
  };
  return { start: everyMinute, stop: () => timer?.cancel(), changed: () => publish(false) };
}
