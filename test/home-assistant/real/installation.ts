// A whole installation beside a real Home Assistant, which connects to its broker. Broker, simulated Argo CD, agent,
// worker and Home Assistant part are separate processes.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import {
  createWorkplace,
  subscribe,
  type Running,
  type Subscriber,
  type Workplace,
} from '../../support/processes.ts';
import { freePort } from '../../support/ports.ts';
import { argocdControl, controlOf, worldOf, type ArgoCdControl } from '../../support/argocd-control.ts';
import { until } from '../../support/wait.ts';
import { openHomeAssistant, type Access, type HomeAssistant } from './client.ts';

export const access = accessFrom(process.env);

function accessFrom(env: NodeJS.ProcessEnv): Access | undefined {
  const { HOME_ASSISTANT_URL: url, HOME_ASSISTANT_TOKEN_FILE: file, HOME_ASSISTANT_RESTART: restart } = env;
  const token =
    env['HOME_ASSISTANT_TOKEN'] ?? (file === undefined ? undefined : readFileSync(file, 'utf8').trim());
  if (url !== undefined && token !== undefined) return { url: url.replace(/\/+$/, ''), token, restart };
  if (env['CI'] !== undefined)
    throw new Error(
      'HOME_ASSISTANT_URL and HOME_ASSISTANT_TOKEN are not set, and with CI set no test is skipped',
    );
  return undefined;
}

export const reason = '(skipped without HOME_ASSISTANT_URL and HOME_ASSISTANT_TOKEN)';

const parts = ['broker', 'argocd', 'gpio-agent', 'release-worker', 'home-assistant'] as const;
export type PartName = (typeof parts)[number];

export interface Installation {
  readonly home: HomeAssistant;
  readonly workplace: Workplace;
  readonly brokerUrl: string;
  readonly argocd: ArgoCdControl;
  /** receives everything on the broker, including the announcements */
  subscriber: Subscriber;
  running(part: PartName): Running;
  /** Sends SIGKILL, and waits for the end of the process. */
  kill(part: PartName): Promise<void>;
  start(part: PartName): Promise<void>;
  /** Changes the configuration for the next start. */
  configure(change: object): void;
  end(): Promise<void>;
}

/** Two buttons at the worker, one at the agent. */
export const configuration = {
  mqtt: { keepAliveSeconds: 2, reconnectMinMs: 100, reconnectMaxMs: 500 },
  health: { port: 0 },
  agent: {
    driver: 'simulated',
    buttons: [{ id: 'main', gestures: ['press', 'double', 'hold'] }],
    leds: [{ id: 'main', follows: 'main' }],
  },
  worker: {
    buttons: [
      {
        id: 'main',
        select: { all: true },
        on: { press: 'release', hold: 'rollback', double: 'refresh' },
        coolDownMs: 0,
      },
      { id: 'shop', title: 'Release the shop', select: { names: ['shop'] }, coolDownMs: 0 },
    ],
    drift: { maxAgeMs: 4_000, listEveryMs: 1_000 },
  },
};

/**
 * Disabled until it has been removed and comes back. Then Home Assistant 2026 enables it, and earlier test files have
 * done that.
 */
export const broughtBack = 'switch.release_button_freeze_button_shop';

/**
 * The ids of all entities. In an old version without the disabled ones, because it does not remove those (seen in
 * 2025.6.3; 2026.11.0 removes them).
 */
export async function knownTo(home: HomeAssistant): Promise<readonly string[]> {
  const entities = await home.entities();
  return entities
    .filter(({ disabled_by: disabled }) => disabled === null || Number.parseInt(home.version, 10) >= 2026)
    .map(({ entity_id: id }) => id);
}

/** What Home Assistant and its MQTT client log when the connection is lost, which is right. */
export const connectionLost = new RegExp(
  [
    /homeassistant\.components\.mqtt\.client .*(Disconnected from|Failed to connect to|Error returned from) /,
    /homeassistant\.components\.mqtt\.util .*The client is not currently connected/,
    /paho\.mqtt\.client .*failed to (receive|send) on socket/,
  ]
    .map(({ source }) => source)
    .join('|'),
);

/** Long enough that a test can see the sync, in milliseconds. */
const syncMs = 3_000;

export async function openInstallation(given: Access): Promise<Installation> {
  const workplace = createWorkplace();
  try {
    return await furnish(given, workplace);
  } catch (error) {
    await workplace.clear();
    throw error;
  }
}

async function furnish(given: Access, workplace: Workplace): Promise<Installation> {
  const brokerPort = await freePort();
  const simulatorPort = await freePort();
  const brokerUrl = `mqtt://127.0.0.1:${brokerPort}`;
  const argocd = argocdControl(`http://127.0.0.1:${simulatorPort}`);
  const running = new Map<PartName, Running>();
  const file = join(workplace.directory, 'config/release-button.yaml');
  mkdirSync(join(workplace.directory, 'config'));
  const configure = (change: object) => writeFileSync(file, stringify({ ...configuration, ...change }));
  const get = (part: PartName) => {
    const process = running.get(part);
    if (process === undefined) throw new Error(`${part} does not run`);
    return process;
  };
  const start = async (part: PartName) => {
    if (part === 'argocd') {
      const started = workplace.startArgoCd({ port: simulatorPort });
      running.set(part, started);
      await controlOf(started);
      await argocd.post(
        'world',
        worldOf([
          { name: 'shop', drifted: true, syncMs },
          { name: 'till', drifted: true, syncMs },
        ]),
      );
      return;
    }
    const started = workplace.start([part], {
      RELEASE_BUTTON_BROKER_PORT: String(brokerPort),
      RELEASE_BUTTON_MQTT_URL: brokerUrl,
      ARGOCD_SERVER: argocd.url,
      ARGOCD_AUTH_TOKEN: 'simulated',
    });
    running.set(part, started);
    if (part === 'broker') await started.untilListening((line) => line['part'] === 'broker');
    else await started.untilOutput('connected to the broker');
  };

  configure({});
  await start('broker');
  await start('argocd');
  const installation: Installation = {
    home: await openHomeAssistant(given),
    workplace,
    brokerUrl,
    argocd,
    subscriber: subscribe(workplace, brokerUrl, ['homeassistant/device/#']),
    running: get,
    kill: async (part) => {
      get(part).signal('SIGKILL');
      await get(part).exited;
    },
    start,
    configure,
    end: async () => {
      installation.home.close();
      await workplace.clear();
    },
  };
  await installation.home.connectTo('127.0.0.1', brokerPort);
  // Ignores complaints from before, and those about the removal. Home Assistant complains of device triggers that do not
  // exist any longer.
  await installation.home.complaints();
  for (const part of ['gpio-agent', 'release-worker', 'home-assistant'] as const) await start(part);
  await until(
    'the entities in Home Assistant',
    async () => {
      const states = await installation.home.states();
      return [
        'binary_sensor.release_button_drift',
        'update.release_button_shop',
        'light.release_button_light',
      ].every((entity) => ![undefined, 'unavailable', 'unknown'].includes(states.get(entity)?.state));
    },
    90_000,
  );
  return installation;
}

/**
 * Waits until exactly these of our entities are unavailable.
 * @param ignored entities that may be available or not
 */
export async function untilUnavailable(
  home: HomeAssistant,
  entities: readonly string[],
  ignored: readonly string[] = [],
): Promise<void> {
  const expectedEntities = entities.toSorted();
  let last: readonly string[] = [];
  await until(
    'exactly these to be unavailable',
    async () => {
      last = [...(await home.states()).values()]
        .filter(
          ({ entity_id: id, state }) =>
            /^\w+\.release_button_/.test(id) && !ignored.includes(id) && state === 'unavailable',
        )
        .map(({ entity_id: id }) => id)
        .toSorted();
      return JSON.stringify(last) === JSON.stringify(expectedEntities);
    },
    60_000,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${expectedEntities.join(', ')}; there are ${last.join(', ')}`);
  });
}
