// A whole worker with an Argo CD that breaks, and everything that is visible of it on the broker.
import type { Clock } from '../../../service/clock.ts';
import { createHealth } from '../../../service/health.ts';
import { silentLog, type Log } from '../../../service/log.ts';
import { hurriedClock } from '../../support/hurried-clock.ts';
import { until } from '../../support/wait.ts';
import { breakableArgoCd, type Apps } from './breakable-argocd.ts';
import { onBroker, startWorker, stateDirectory, workerConfig } from './worker.ts';

/** How many times as fast the worker's clock goes. */
export const hurry = 20;

export interface ShowingOptions {
  readonly apps: Apps;
  readonly maxAgeMs?: number;
  readonly maxPublishesPerSecond?: number;
  readonly clock?: Clock;
  readonly log?: Log;
}

export async function showing(options: ShowingOptions) {
  const argocd = await breakableArgoCd(15_000 / hurry);
  argocd.secretlyHas(options.apps);
  const broker = await onBroker();
  const config = workerConfig(broker.url, argocd.url, { stateDir: stateDirectory() });
  const { maxAgeMs = 60_000, maxPublishesPerSecond = 1_000, clock = hurriedClock(hurry) } = options;
  const { worker } = config;
  await startWorker(
    {
      ...config,
      worker: { ...worker, drift: { ...worker.drift, maxAgeMs, maxPublishesPerSecond } },
      argocd: { ...config.argocd, requestTimeoutMs: 10_000 },
    },
    new Map(),
    { clock, health: createHealth(clock), log: options.log ?? silentLog() },
  );

  const retained = () => {
    const last = new Map(broker.heard.map(({ topic, text }) => [topic, text]));
    return [...last]
      .filter(([topic, text]) => topic.startsWith('worker/main/app/') && text !== '')
      .map(([topic]) => topic);
  };
  const shows = (apps: Apps): boolean => {
    const names = Object.keys(apps);
    const drifted = names.filter((name) => apps[name] === 'OutOfSync');
    const drift = broker.latest('worker/main/drift');
    const topics = names.map((name) => `worker/main/app/argocd/${name}`);
    return (
      drift?.['total'] === names.length &&
      drift['outOfSync'] === drifted.length &&
      drift['state'] === (drifted.length > 0 ? 'drifted' : 'clear') &&
      broker.latest('button/main/signal')?.['signal'] === (drifted.length > 0 ? 'drifted' : 'clear') &&
      retained().toSorted().join() === topics.toSorted().join() &&
      names.every((name) => broker.latest(`worker/main/app/argocd/${name}`)?.['sync'] === apps[name])
    );
  };
  return {
    argocd,
    ...broker,
    retained,
    /** The signals of the button, oldest first. */
    signals: () => broker.on('button/main/signal').map(({ signal }) => signal),
    /** Waits until summary, signal and topics show exactly these applications. */
    untilShown: (apps: Apps) => until(`to see ${JSON.stringify(apps).slice(0, 200)}`, () => shows(apps)),
    /** Waits until the light shows unknown with this reason. */
    untilUnknown: (reason: RegExp) =>
      until(`unknown, ${String(reason)}`, () => {
        const latest = broker.latest('button/main/signal');
        return latest?.['signal'] === 'unknown' && reason.test(String(latest['reason']));
      }),
  };
}
