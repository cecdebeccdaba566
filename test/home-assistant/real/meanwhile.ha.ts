// What was taken away while a real Home Assistant was off is gone from it too once it is back.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { publish } from '../../support/processes.ts';
import { until } from '../../support/wait.ts';
import { access, configuration, connectionLost, knownTo, openHouse, reason, type House } from './house.ts';

const ofShop = [
  'button.release_button_release_shop',
  'event.release_button_press_result_shop',
  'sensor.release_button_signal_shop',
  'switch.release_button_freeze_button_shop',
  'update.release_button_shop',
];
const ofTheAgent = [
  'binary_sensor.release_button_stuck',
  'button.release_button_identify',
  'event.release_button_press',
  'light.release_button_light',
];

describe.skipIf(access === undefined)(`a real Home Assistant that was off ${reason}`, () => {
  let house: House;
  beforeAll(async () => {
    if (access !== undefined) house = await openHouse(access);
    return () => house.end();
  });
  afterEach(async () => {
    const complaints = await house.home.complaints();
    expect(complaints.filter((complaint) => !connectionLost.test(complaint))).toEqual([]);
  });

  const known = () => knownTo(house.home);
  const devices = async () =>
    (await house.home.devices())
      .map(({ identifiers }) => JSON.stringify(identifiers))
      .filter((identifiers) => identifiers.includes('release-button_'));

  it('has neither a button, an application nor an agent that went meanwhile, and all the rest', async () => {
    const { home, kill, start, configure, brokerUrl, heard } = house;
    const before = await known();
    const gone = [...ofShop, ...ofTheAgent].filter((id) => before.includes(id));
    expect(gone.length).toBeGreaterThan(7);
    const cleared = (topic: string) =>
      until(`${topic} to be cleared`, () => heard.messagesOn(topic).at(-1)?.payload === '');
    await home.restart(async () => {
      configure({
        homeAssistant: { applications: [{ names: ['till'] }] },
        worker: { ...configuration.worker, buttons: configuration.worker.buttons.slice(0, 1) },
      });
      await kill('gpio-agent');
      await kill('release-worker');
      await kill('home-assistant');
      await start('release-worker');
      await start('home-assistant');
      await until('the worker without them', () => {
        const last =
          heard.messagesOn('homeassistant/device/release-button_worker_main/config').at(-1)?.payload ?? '';
        return last !== '' && !/release_shop|app_argocd_shop/.test(last);
      });
      // Once the service listens: an info that went before that says nothing for minutes.
      publish(brokerUrl, ['-r', '-n', '-t', 'release-button/agent/main/info']);
      await cleared('homeassistant/device/release-button_agent_main/config');
    });
    const rest = before.filter((id) => !gone.includes(id)).toSorted();
    let last: readonly string[] = [];
    await until(
      'exactly the rest',
      async () => {
        last = (await known()).toSorted();
        return JSON.stringify(last) === JSON.stringify(rest);
      },
      60_000,
    ).catch(() => expect(last).toEqual(rest));
    expect(await devices()).toEqual([expect.stringContaining('release-button_worker_main')]);
    const states = await home.states();
    for (const id of [...ofShop, ...ofTheAgent]) expect(states.get(id), id).toBeUndefined();
    await home.shows('update.release_button_till', 'on');
  });
});
