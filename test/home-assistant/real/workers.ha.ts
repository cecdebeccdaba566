// Staging and production on one panel, in a real Home Assistant: two workers, each with its own Argo CD, and one agent.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { argocdControl, controlOf, worldOf, type ArgoCdControl } from '../../support/argocd-control.ts';
import { freePort } from '../../support/ports.ts';
import {
  createWorkplace,
  publish,
  subscribe,
  type Running,
  type Subscriber,
  type Workplace,
} from '../../support/processes.ts';
import { stays, until } from '../../support/wait.ts';
import { automate, borrowHelper, giveBack, importBlueprints } from './borrowed.ts';
import { openHomeAssistant, type Access, type HomeAssistant } from './client.ts';
import { access, reason, untilUnavailable } from './installation.ts';

const environments = ['staging', 'production'] as const;
type Environment = (typeof environments)[number];
/** The names of the devices in Home Assistant. */
const nameOf = { staging: 'Staging (simulated)', production: 'Production (simulated)' };

const entitiesOf = (worker: Environment) => [
  ...argocdEntitiesOf(worker),
  `binary_sensor.release_button_${worker}_argo_cd`,
  `button.release_button_${worker}_release_${worker}`,
  `event.release_button_${worker}_press_result_${worker}`,
  `event.release_button_${worker}_releases`,
  `sensor.release_button_${worker}_last_release`,
  `sensor.release_button_${worker}_signal_${worker}`,
  `switch.release_button_${worker}_freeze`,
];
const argocdEntitiesOf = (worker: Environment) => [
  `binary_sensor.release_button_${worker}_drift`,
  `sensor.release_button_${worker}_oldest_drift`,
  `sensor.release_button_${worker}_out_of_sync`,
  `update.release_button_${worker}_shop`,
];
/** The entities of its button, which another worker may also have. */
const buttonEntitiesOf = (worker: Environment) => [
  `button.release_button_${worker}_release_${worker}`,
  `event.release_button_${worker}_press_result_${worker}`,
  `sensor.release_button_${worker}_signal_${worker}`,
];

/** Long enough that a test can see the sync, in milliseconds. */
const syncMs = 3_000;

interface Panel {
  readonly home: HomeAssistant;
  readonly workplace: Workplace;
  readonly brokerUrl: string;
  readonly subscriber: Subscriber;
  readonly argocds: Readonly<Record<Environment, ArgoCdControl>>;
  /** @param buttons by default one button with the name of the worker */
  startWorker(worker: Environment, buttons?: readonly string[]): Promise<void>;
  killWorker(worker: Environment): Promise<void>;
}

async function openPanel(given: Access): Promise<Panel> {
  const workplace = createWorkplace();
  const brokerPort = await freePort();
  const brokerUrl = `mqtt://127.0.0.1:${brokerPort}`;
  const common = {
    RELEASE_BUTTON_MQTT_URL: brokerUrl,
    RELEASE_BUTTON_MQTT_KEEP_ALIVE_SECONDS: '2',
    RELEASE_BUTTON_HEALTH_PORT: '0',
  };
  const broker = workplace.start(['broker'], {
    RELEASE_BUTTON_BROKER_PORT: String(brokerPort),
    RELEASE_BUTTON_HEALTH_PORT: '0',
  });
  await broker.untilListening((line) => line['part'] === 'broker');
  const startArgoCd = async () => {
    const port = await freePort();
    await controlOf(workplace.startArgoCd({ port }));
    const argocd = argocdControl(`http://127.0.0.1:${port}`);
    await argocd.post('world', worldOf([{ name: 'shop', drifted: true, syncMs }]));
    return argocd;
  };
  const argocds = { staging: await startArgoCd(), production: await startArgoCd() };
  const running = new Map<Environment, Running>();
  const home = await openHomeAssistant(given);
  await home.connectTo('127.0.0.1', brokerPort);
  await home.complaints();
  const subscriber = subscribe(workplace, brokerUrl, ['homeassistant/device/#']);
  const startWorker: Panel['startWorker'] = async (worker, buttons = [worker]) => {
    const started = workplace.start(['release-worker'], {
      ...common,
      ARGOCD_SERVER: argocds[worker].url,
      ARGOCD_AUTH_TOKEN: 'simulated',
      RELEASE_BUTTON_WORKER_ID: worker,
      RELEASE_BUTTON_WORKER_TITLE: worker === 'staging' ? 'Staging' : 'Production',
      RELEASE_BUTTON_WORKER_STATE_DIR: `./state-${worker}`,
      RELEASE_BUTTON_WORKER_BUTTONS: JSON.stringify(
        buttons.map((id) => ({ id, select: { all: true }, coolDownMs: 0 })),
      ),
      RELEASE_BUTTON_WORKER_DRIFT_MAX_AGE_MS: '4000',
      RELEASE_BUTTON_WORKER_DRIFT_LIST_EVERY_MS: '1000',
    });
    running.set(worker, started);
    await started.untilOutput('connected to the broker');
  };
  const agent = workplace.start(['gpio-agent'], {
    ...common,
    RELEASE_BUTTON_AGENT_DRIVER: 'simulated',
    RELEASE_BUTTON_AGENT_BUTTONS: JSON.stringify(environments.map((id, index) => ({ id, line: 17 + index }))),
    RELEASE_BUTTON_AGENT_LEDS: JSON.stringify(
      environments.map((id, index) => ({ id, follows: id, line: 27 - index })),
    ),
  });
  await agent.untilOutput('connected to the broker');
  await Promise.all(environments.map((worker) => startWorker(worker)));
  await workplace.start(['home-assistant'], common).untilOutput('connected to the broker');
  return {
    home,
    workplace,
    brokerUrl,
    subscriber,
    argocds,
    startWorker,
    killWorker: async (worker) => {
      running.get(worker)?.signal('SIGKILL');
      await running.get(worker)?.exited;
    },
  };
}

describe.skipIf(access === undefined)(`two workers in a real Home Assistant ${reason}`, () => {
  let panel: Panel;
  let home: HomeAssistant;
  beforeAll(async () => {
    if (access === undefined) return;
    panel = await openPanel(access);
    ({ home } = panel);
    return async () => {
      await giveBack(home);
      home.close();
      await panel.workplace.clear();
    };
  });
  afterEach(async () => {
    expect(await home.complaints()).toEqual([]);
  });

  const untilThese = (entities: readonly string[]) => untilUnavailable(home, entities);
  const signal = (worker: Environment, state: string) =>
    home.shows(`sensor.release_button_${worker}_signal_${worker}`, state);
  const syncs = async (worker: Environment) => (await panel.argocds[worker].syncs()).length;
  const release = (worker: Environment) =>
    home.call('button', 'press', { entity_id: `button.release_button_${worker}_release_${worker}` });
  const drift = async (worker: Environment) => {
    await panel.argocds[worker].post('drift', { app: 'shop' });
    await signal(worker, 'Drifted');
  };

  it('have separate devices with the same entities, and no name or id twice', async () => {
    for (const worker of environments) {
      await signal(worker, 'Drifted');
      await home.shows(`update.release_button_${worker}_shop`, 'on');
    }
    await untilThese([]);
    const devices = new Map((await home.devices()).map((device) => [device.id, device.name]));
    const ownEntities = (await home.entities()).filter(({ unique_id: id }) =>
      id.startsWith('release-button_worker_'),
    );
    for (const worker of environments)
      expect(
        ownEntities
          .filter(
            ({ device_id: id, disabled_by: by }) => devices.get(id ?? '') === nameOf[worker] && by === null,
          )
          .map(({ entity_id: id }) => id)
          .filter((id) => !id.startsWith('switch.') || id.endsWith('_freeze'))
          .toSorted(),
      ).toEqual(entitiesOf(worker).toSorted());
    const friendly = [...(await home.states()).values()].flatMap(({ entity_id: id, attributes }) =>
      /^\w+\.release_button_/.test(id) ? [`${id.split('.')[0]} ${String(attributes['friendly_name'])}`] : [],
    );
    expect(friendly).toHaveLength(new Set(friendly).size);
    expect(friendly).toContain('button Production (simulated) Release production');
    expect(friendly).toContain('light Release button (simulated) Light production');
  });

  it('release at their own Argo CD, and the light of their own button shows it', async () => {
    await release('staging');
    await signal('staging', 'Releasing');
    await home.shows('light.release_button_light_staging', 'on', { signal: 'releasing', button: 'staging' });
    await home.shows('light.release_button_light_production', 'on', {
      signal: 'drifted',
      button: 'production',
    });
    await signal('staging', 'Clear');
    await home.shows('update.release_button_staging_shop', 'off');
    await home.shows('update.release_button_production_shop', 'on');
    await home.shows('sensor.release_button_production_last_release', 'unknown');
    expect([await syncs('staging'), await syncs('production')]).toEqual([1, 0]);
  });

  it('are frozen separately', async () => {
    await drift('staging');
    await home.call('switch', 'turn_on', { entity_id: 'switch.release_button_production_freeze' });
    await home.shows('switch.release_button_production_freeze', 'on');
    await signal('production', 'Blocked');
    await stays(
      'staging not to be frozen',
      async () =>
        (await home.state('switch.release_button_staging_freeze'))?.state === 'off' &&
        (await home.state('sensor.release_button_staging_signal_staging'))?.state === 'Drifted',
      2_000,
    );
    await home.call('switch', 'turn_off', { entity_id: 'switch.release_button_production_freeze' });
    await signal('production', 'Drifted');
  });

  it('have blueprints that freeze and announce only their own worker', async () => {
    expect(Object.values(await importBlueprints(home)).filter((fault) => fault !== undefined)).toEqual([]);
    const hours = await borrowHelper(home, 'input_boolean');
    await home.call('input_boolean', 'turn_on', { entity_id: hours });
    const announcements = subscribe(panel.workplace, panel.brokerUrl, ['spoken']);
    await automate(home, 'freeze-outside-working-hours.yaml', {
      hours,
      freeze: ['switch.release_button_production_freeze'],
    });
    await automate(home, 'announce-drift.yaml', {
      drift: 'binary_sensor.release_button_production_drift',
      out_of_sync: 'sensor.release_button_production_out_of_sync',
      oldest_drift: 'sensor.release_button_production_oldest_drift',
      minutes: 0,
      announcement: [{ action: 'mqtt.publish', data: { topic: 'spoken', payload: '{{ message }}', qos: 1 } }],
    });
    await home.call('input_boolean', 'turn_off', { entity_id: hours });
    await home.shows('switch.release_button_production_freeze', 'on', { reason: 'outside working hours' });
    await stays(
      'staging not to be frozen',
      async () => (await home.state('switch.release_button_staging_freeze'))?.state === 'off',
      2_000,
    );
    await home.call('input_boolean', 'turn_on', { entity_id: hours });
    await home.shows('switch.release_button_production_freeze', 'off');
    await release('production');
    await signal('production', 'Clear');
    await drift('production');
    await until('the announcement', () => announcements.messagesOn('spoken').length > 0);
    expect(announcements.messagesOn('spoken').map(({ payload }) => payload)).toEqual([
      'Production (simulated): 1 application is out of sync: shop.',
    ]);
  });

  it('lose nothing when the other worker is gone, even during a release', async () => {
    const before = await syncs('staging');
    await release('staging');
    await signal('staging', 'Releasing');
    await panel.killWorker('production');
    await untilThese(entitiesOf('production'));
    await signal('staging', 'Clear');
    expect(await syncs('staging')).toBe(before + 1);
    await untilThese(entitiesOf('production'));
    await panel.startWorker('production');
    await untilThese([]);
    await signal('production', 'Drifted');
  });

  it('share a button by offering it at the first worker by id, which answers for it', async () => {
    await panel.killWorker('production');
    await panel.startWorker('production', ['production', 'staging']);
    await untilThese(buttonEntitiesOf('staging'));
    const entity = 'event.release_button_production_press_result_staging';
    const releaseEntity = 'button.release_button_production_release_staging';
    // Home Assistant adds the entities of the new button one after the other.
    await until('the entities of the new button', async () => {
      const states = await Promise.all([entity, releaseEntity].map((each) => home.state(each)));
      return states.every((each) => each !== undefined && each.state !== 'unavailable');
    });
    await home.call('button', 'press', { entity_id: releaseEntity });
    await until(
      'the refusal',
      async () => (await home.state(entity))?.attributes['reason'] === 'claimed-twice',
    );
    await panel.killWorker('production');
    await panel.startWorker('production');
    await until('its entity to be gone', async () => (await home.state(entity)) === undefined, 60_000);
    await untilThese([]);
  });

  it('lose only the device of a worker that is removed for good', async () => {
    await panel.killWorker('production');
    await untilThese(entitiesOf('production'));
    const topics = panel.subscriber
      .messages()
      .map(({ topic }) => topic)
      .filter((topic) => topic.startsWith('release-button/worker/production/'));
    for (const topic of new Set(topics)) publish(panel.brokerUrl, ['-r', '-n', '-t', topic]);
    const names = async () => (await home.devices()).map(({ name }) => name);
    await until('its device to be gone', async () => !(await names()).includes(nameOf.production), 60_000);
    expect(await names()).toEqual(expect.arrayContaining([nameOf.staging, 'Release button (simulated)']));
    await untilThese([]);
    for (const entity of entitiesOf('production')) expect(await home.state(entity), entity).toBeUndefined();
    for (const entity of entitiesOf('staging')) expect(await home.state(entity), entity).toBeDefined();
  });
});
