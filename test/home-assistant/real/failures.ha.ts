// What a real Home Assistant shows when a part is killed, when it is restarted itself, and when entities are renamed and
// removed.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stays, until } from '../../support/wait.ts';
import {
  access,
  broughtBack,
  configuration,
  connectionLost,
  openInstallation,
  reason,
  untilUnavailable,
  type Installation,
} from './installation.ts';

const agentEntities = [
  'binary_sensor.release_button_stuck',
  'button.release_button_identify',
  'event.release_button_press',
  'light.release_button_light',
];
/** The entities of the worker that need only the worker. */
const workerEntities = [
  'binary_sensor.release_button_argo_cd',
  'button.release_button_refresh',
  'button.release_button_release',
  'button.release_button_release_shop',
  'event.release_button_press_result',
  'event.release_button_press_result_shop',
  'event.release_button_releases',
  'sensor.release_button_last_release',
  'sensor.release_button_signal',
  'sensor.release_button_signal_shop',
  'switch.release_button_freeze',
];
/** The entities of the worker that also need Argo CD. */
const argocdEntities = [
  'binary_sensor.release_button_drift',
  'sensor.release_button_oldest_drift',
  'sensor.release_button_out_of_sync',
  'update.release_button_shop',
  'update.release_button_till',
];

describe.skipIf(access === undefined)(`a real Home Assistant, when something fails ${reason}`, () => {
  let installation: Installation;
  beforeAll(async () => {
    if (access !== undefined) installation = await openInstallation(access);
    return () => installation.end();
  });
  afterEach(async () => {
    // 2024.11 complains of this when a component goes together with its device.
    const old = installation.home.version.startsWith('2024.') ? /No device components to cleanup/ : /^$/;
    const complaints = await installation.home.complaints();
    expect(complaints.filter((complaint) => !connectionLost.test(complaint) && !old.test(complaint))).toEqual(
      [],
    );
  });

  const untilThese = (...entities: readonly string[]) =>
    untilUnavailable(installation.home, entities, [broughtBack]);

  it.each<['gpio-agent' | 'release-worker' | 'argocd', readonly string[]]>([
    ['gpio-agent', agentEntities],
    ['release-worker', [...workerEntities, ...argocdEntities]],
    ['argocd', argocdEntities],
  ])(
    'without %s shows exactly the entities that need it as unavailable, and all of them again when it is back',
    async (part, entities) => {
      await untilThese();
      await installation.kill(part);
      await untilThese(...entities);
      if (part === 'argocd') await installation.home.shows('binary_sensor.release_button_argo_cd', 'off');
      await installation.start(part);
      await untilThese();
    },
  );

  it('shows all entities as unavailable without the broker, and all of them again when an empty broker is back', async () => {
    await installation.kill('broker');
    await untilThese(...agentEntities, ...workerEntities, ...argocdEntities);
    await installation.start('broker');
    await untilThese();
    await installation.home.shows('sensor.release_button_signal', 'Drifted');
  });

  it('has all entities again after its own restart, and presses nothing', async () => {
    const { home, argocd } = installation;
    const before = (await argocd.syncs()).length;
    const ids = async () => (await home.entities()).map(({ entity_id: id }) => id).toSorted();
    const idsBefore = await ids();
    await home.restart();
    await untilThese();
    await home.shows('sensor.release_button_signal', 'Drifted');
    expect(await ids()).toEqual(idsBefore);
    expect(await argocd.syncs()).toHaveLength(before);
  });

  it('renames a button in place, and forgets a removed button', async () => {
    const { home, kill, start, configure } = installation;
    const [main] = configuration.worker.buttons;
    configure({ worker: { ...configuration.worker, buttons: [{ ...main, title: 'Ship it' }] } });
    await kill('release-worker');
    await start('release-worker');
    const entity = async (unique: string) =>
      (await home.entities()).find(({ unique_id: id }) => id === `release-button_worker_main.${unique}`);
    // Looks at the name that people see, because an old version keeps the name in its registry until it starts again
    // (2024.11.3).
    const called = (name: string) =>
      until(`the button to be called ${name}`, async () =>
        String((await home.state('button.release_button_release'))?.attributes['friendly_name']).endsWith(
          ` ${name}`,
        ),
      );
    await until('the button to be gone', async () => (await entity('release_shop')) === undefined, 30_000);
    expect(await entity('signal_shop')).toBeUndefined();
    await called('Ship it');
    await home.shows('update.release_button_shop', 'on');

    configure({});
    await kill('release-worker');
    await start('release-worker');
    await until('it to be there again', async () => (await entity('release_shop')) !== undefined, 30_000);
    expect(await entity('release_shop')).toMatchObject({ entity_id: 'button.release_button_release_shop' });
    await called('Release');
  });

  it('loses every device by `clean`', async () => {
    const { home, kill, workplace, brokerUrl } = installation;
    await kill('home-assistant');
    const clean = workplace.start(['home-assistant', 'clean'], { RELEASE_BUTTON_MQTT_URL: brokerUrl });
    expect(await clean.exited).toMatchObject({ code: 0 });
    const ownDevices = async () =>
      (await home.devices()).filter(({ identifiers }) => /release-button_/.test(JSON.stringify(identifiers)));
    await until('no device to be left', async () => (await ownDevices()).length === 0, 30_000);
    await stays('no device', async () => (await ownDevices()).length === 0, 2_000);
  });
});
