// A whole installation for end-to-end tests, in one process or in several, with the Argo CD of the tests.
import { createWorkplace, subscribe, type Running, type Subscriber, type Workplace } from './processes.ts';
import { controlOf, worldOf, type ArgoCdControl } from './argocd-control.ts';
import { until } from './wait.ts';

export type Applications = Parameters<typeof worldOf>[0];

export interface Installation {
  readonly workplace: Workplace;
  readonly brokerUrl: string;
  readonly argocd: ArgoCdControl;
  /** It starts before everything else, so it receives every message. */
  readonly subscriber: Subscriber;
  signal(): unknown;
  light(): unknown;
  untilSignal(signal: string): Promise<void>;
}

const button = 'release-button/button/main';
const led = 'release-button/led/main/state';

function installationOf(
  workplace: Workplace,
  brokerUrl: string,
  argocd: ArgoCdControl,
  subscriber: Subscriber,
): Installation {
  const signal = () => subscriber.latest(`${button}/signal`)?.['signal'];
  return {
    workplace,
    brokerUrl,
    argocd,
    subscriber,
    signal,
    light: () => subscriber.latest(led)?.['pattern'],
    untilSignal: async (expected) => {
      await until(`the signal ${expected}; it is ${String(signal())}`, () => signal() === expected);
    },
  };
}

/** `release-button start`: broker, agent and worker in one process, with the Argo CD of the tests beside it. */
export async function startInOne(
  applications: Applications,
  env: Readonly<Record<string, string>> = {},
): Promise<Installation & { readonly start: Running }> {
  const workplace = createWorkplace();
  const argocd = await controlOf(workplace.startArgoCd());
  await argocd.post('world', worldOf(applications));
  const start = workplace.start(['start', '--argocd'], {
    ARGOCD_SERVER: argocd.url,
    ARGOCD_AUTH_TOKEN: 'simulated',
    RELEASE_BUTTON_WORKER_BUTTONS: '[{select: {all: true}, on: {press: release, hold: rollback}}]',
    RELEASE_BUTTON_AGENT_BUTTONS: '[{gestures: [press, hold]}]',
    ...env,
  });
  const brokerUrl = await start.untilListening((line) => line['part'] === 'broker');
  const subscriber = subscribe(workplace, brokerUrl);
  const running = installationOf(workplace, brokerUrl, argocd, subscriber);
  await untilShown(running, applications);
  return { ...running, start };
}

export interface SeparateInstallation extends Installation {
  readonly broker: Running;
  readonly simulator: Running;
  readonly agent: Running;
  worker: Running;
  startWorker(): Running;
  startAgent(): Running;
  startHomeAssistant(): Running;
  startBroker(): Promise<Running>;
}

/** Broker, simulator, agent and worker as processes of their own. */
export async function startSeparately(
  applications: Applications,
  env: Readonly<Record<string, string>> = {},
  /** The version of Argo CD. The default is the newest. */
  version?: string,
): Promise<SeparateInstallation> {
  const workplace = createWorkplace();
  const broker = workplace.start(['broker'], env);
  const simulator = workplace.startArgoCd(version === undefined ? {} : { version });
  const brokerUrl = await broker.untilListening((line) => line['part'] === 'broker');
  const argocd = await controlOf(simulator);
  await argocd.post('world', worldOf(applications));
  const subscriber = subscribe(workplace, brokerUrl, ['homeassistant/#']);
  const startWorker = () =>
    workplace.start(['release-worker'], {
      RELEASE_BUTTON_MQTT_URL: brokerUrl,
      ARGOCD_SERVER: argocd.url,
      ARGOCD_AUTH_TOKEN: 'simulated',
      RELEASE_BUTTON_WORKER_BUTTONS: '[{"id":"main","select":{"all":true},"coolDownMs":0}]',
      ...env,
    });
  const startAgent = () => workplace.start(['gpio-agent'], { RELEASE_BUTTON_MQTT_URL: brokerUrl, ...env });
  const agent = startAgent();
  const running = installationOf(workplace, brokerUrl, argocd, subscriber);
  const separate: SeparateInstallation = {
    ...running,
    broker,
    simulator,
    agent,
    worker: startWorker(),
    startWorker,
    startAgent,
    startHomeAssistant: () =>
      workplace.start(['home-assistant'], { RELEASE_BUTTON_MQTT_URL: brokerUrl, ...env }),
    startBroker: async () => {
      const restarted = workplace.start(['broker'], {
        ...env,
        RELEASE_BUTTON_BROKER_PORT: new URL(brokerUrl).port,
      });
      await restarted.untilListening((line) => line['part'] === 'broker');
      return restarted;
    },
  };
  await untilShown(running, applications);
  return separate;
}

async function untilShown({ subscriber }: Installation, applications: Applications): Promise<void> {
  const drifted = applications.filter((app) => app.drifted === true).length;
  await until(
    `the worker to show ${applications.length} applications, ${drifted} out of sync; the last summary is ${JSON.stringify(subscriber.latest('release-button/worker/main/drift'))}`,
    () => {
      const drift = subscriber.latest('release-button/worker/main/drift');
      return (
        drift?.['total'] === applications.length &&
        drift['outOfSync'] === drifted &&
        drift['state'] !== 'unknown'
      );
    },
  );
}
