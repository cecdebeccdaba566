// What a real Home Assistant shows when a part is killed, when it is restarted itself, and when things are renamed and removed.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stays, until } from '../../support/wait.ts';
import {
  access,
  broughtBack,
  configuration,
  connectionLost,
  openHouse,
  reason,
  untilUnavailable,
  type House,
} from './house.ts';

const agentEntities = [
  'binary_sensor.release_button_stuck',
  'button.release_button_identify',
  'event.release_button_press',
  'light.release_button_light',
];
/** Of the worker's, those that need nothing but the worker. */
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
/** And those that nobody vouches for without Argo CD. */
const argocdEntities = [
  'binary_sensor.release_button_drift',
  'sensor.release_button_oldest_drift',
  'sensor.release_button_out_of_sync',
  'update.release_button_shop',
  'update.release_button_till',
];

describe.skipIf(access === undefined)(`a real Home Assistant, when something fails ${reason}`, () => {
  let house: House;
  beforeAll(async () => {
    if (access !== undefined) house = await openHouse(access);
    return () => house.end();
  });
  afterEach(async () => {
    // 2024.11 says so of what goes with its device.
    const old = house.home.version.startsWith('2024.') ? /No device components to cleanup/ : /^$/;
    const complaints = await house.home.complaints();
    expect(complaints.filter((complaint) => !connectionLost.test(complaint) && !old.test(complaint))).toEqual(
      [],
    );
  });

  const untilThese = (...entities: readonly string[]) =>
    untilUnavailable(house.home, entities, [broughtBack]);

  it.each<['gpio-agent' | 'release-worker' | 'argocd', readonly string[]]>([
    ['gpio-agent', agentEntities],
    ['release-worker', [...workerEntities, ...argocdEntities]],
    ['argocd', argocdEntities],
  ])(
    'shows exactly what is unavailable without %s, and all of it again when it is back',
    async (part, entities) => {
      await untilThese();
      await house.kill(part);
      await untilThese(...entities);
      if (part === 'argocd') await house.home.shows('binary_sensor.release_button_argo_cd', 'off');
      await house.start(part);
      await untilThese();
    },
  );

  it('shows everything as unavailable without the broker, and all of it again when it is back, empty as it is', async () => {
    await house.kill('broker');
    await untilThese(...agentEntities, ...workerEntities, ...argocdEntities);
    await house.start('broker');
    await untilThese();
    await house.home.shows('sensor.release_button_signal', 'Drifted');
  });

  it('has everything again after its own restart, and presses nothing by it', async () => {
    const { home, argocd } = house;
    const before = (await argocd.syncs()).length;
    const ids = async () => (await home.entities()).map(({ entity_id: id }) => id).toSorted();
    const known = await ids();
    await home.restart();
    await untilThese();
    await home.shows('sensor.release_button_signal', 'Drifted');
    expect(await ids()).toEqual(known);
    expect(await argocd.syncs()).toHaveLength(before);
  });

  it('renames a button in place, and forgets one that is gone', async () => {
    const { home, kill, start, configure } = house;
    const [main] = configuration.worker.buttons;
    configure({ worker: { ...configuration.worker, buttons: [{ ...main, title: 'Ship it' }] } });
    await kill('release-worker');
    await start('release-worker');
    const entity = async (unique: string) =>
      (await home.entities()).find(({ unique_id: id }) => id === `release-button_worker_main.${unique}`);
    // What people see: an old version leaves the name in its registry until it starts again (2024.11.3).
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

  it('clean takes every device away', async () => {
    const { home, kill, workplace, brokerUrl } = house;
    await kill('home-assistant');
    const clean = workplace.start(['home-assistant', 'clean'], { RELEASE_BUTTON_MQTT_URL: brokerUrl });
    expect(await clean.exited).toMatchObject({ code: 0 });
    const ours = async () =>
      (await home.devices()).filter(({ identifiers }) => /release-button_/.test(JSON.stringify(identifiers)));
    await until('no device to be left', async () => (await ours()).length === 0, 30_000);
    await stays('no device', async () => (await ours()).length === 0, 2_000);
  });
});
