// A whole installation for end-to-end tests: one process or several, with a simulated Argo CD.
import { createWorkplace, subscribe, type Running, type Subscriber, type Workplace } from './processes.ts';
import { controlOf, worldOf, type ArgoCdControl } from './argocd-control.ts';
import { until } from './wait.ts';

export type Applications = Parameters<typeof worldOf>[0];

export interface Installation {
  readonly workplace: Workplace;
  readonly brokerUrl: string;
  readonly argocd: ArgoCdControl;
  /** started before everything else, so it has received every message */
  readonly heard: Subscriber;
  signal(): unknown;
  light(): unknown;
  untilSignal(signal: string): Promise<void>;
}

const button = 'release-button/button/main';
const led = 'release-button/led/main/state';

function installation(
  workplace: Workplace,
  brokerUrl: string,
  argocd: ArgoCdControl,
  heard: Subscriber,
): Installation {
  const signal = () => heard.latest(`${button}/signal`)?.['signal'];
  return {
    workplace,
    brokerUrl,
    argocd,
    heard,
    signal,
    light: () => heard.latest(led)?.['pattern'],
    untilSignal: async (wanted) => {
      await until(`the signal ${wanted}; it is ${String(signal())}`, () => signal() === wanted);
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
  const brokerUrl = await start.listening((line) => line['part'] === 'broker');
  const heard = subscribe(workplace, brokerUrl);
  const made = installation(workplace, brokerUrl, argocd, heard);
  await untilShown(made, applications);
  return { ...made, start };
}

export interface Apart extends Installation {
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
export async function startApart(
  applications: Applications,
  env: Readonly<Record<string, string>> = {},
  /** the version of Argo CD; the newest by default */
  version?: string,
): Promise<Apart> {
  const workplace = createWorkplace();
  const broker = workplace.start(['broker'], env);
  const simulator = workplace.startArgoCd(version === undefined ? {} : { version });
  const brokerUrl = await broker.listening((line) => line['part'] === 'broker');
  const argocd = await controlOf(simulator);
  await argocd.post('world', worldOf(applications));
  const heard = subscribe(workplace, brokerUrl, ['homeassistant/#']);
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
  const made = installation(workplace, brokerUrl, argocd, heard);
  const apart: Apart = {
    ...made,
    broker,
    simulator,
    agent,
    worker: startWorker(),
    startWorker,
    startAgent,
    startHomeAssistant: () =>
      workplace.start(['home-assistant'], { RELEASE_BUTTON_MQTT_URL: brokerUrl, ...env }),
    startBroker: async () => {
      const again = workplace.start(['broker'], {
        ...env,
        RELEASE_BUTTON_BROKER_PORT: new URL(brokerUrl).port,
      });
      await again.listening((line) => line['part'] === 'broker');
      return again;
    },
  };
  await untilShown(made, applications);
  return apart;
}

async function untilShown({ heard }: Installation, applications: Applications): Promise<void> {
  const drifted = applications.filter((app) => app.drifted === true).length;
  await until(
    `the worker to show ${applications.length} applications, ${drifted} out of sync; the last summary is ${JSON.stringify(heard.latest('release-button/worker/main/drift'))}`,
    () => {
      const drift = heard.latest('release-button/worker/main/drift');
      return (
        drift?.['total'] === applications.length &&
        drift['outOfSync'] === drifted &&
        drift['state'] !== 'unknown'
      );
    },
  );
}
