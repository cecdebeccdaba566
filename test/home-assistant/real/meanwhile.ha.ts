// Entities that were removed while a real Home Assistant was off are removed there too when it is back.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { publish } from '../../support/processes.ts';
import { until } from '../../support/wait.ts';
import {
  access,
  configuration,
  connectionLost,
  knownTo,
  openInstallation,
  reason,
  type Installation,
} from './installation.ts';

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
  let installation: Installation;
  beforeAll(async () => {
    if (access !== undefined) installation = await openInstallation(access);
    return () => installation.end();
  });
  afterEach(async () => {
    const complaints = await installation.home.complaints();
    expect(complaints.filter((complaint) => !connectionLost.test(complaint))).toEqual([]);
  });

  const knownEntities = () => knownTo(installation.home);
  const devices = async () =>
    (await installation.home.devices())
      .map(({ identifiers }) => JSON.stringify(identifiers))
      .filter((identifiers) => identifiers.includes('release-button_'));

  it('loses a button, an application and an agent that were removed during that time, and keeps all the rest', async () => {
    const { home, kill, start, configure, brokerUrl, subscriber } = installation;
    const before = await knownEntities();
    const removedEntities = [...ofShop, ...ofTheAgent].filter((id) => before.includes(id));
    expect(removedEntities.length).toBeGreaterThan(7);
    const cleared = (topic: string) =>
      until(`${topic} to be cleared`, () => subscriber.messagesOn(topic).at(-1)?.payload === '');
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
          subscriber.messagesOn('homeassistant/device/release-button_worker_main/config').at(-1)?.payload ??
          '';
        return last !== '' && !/release_shop|app_argocd_shop/.test(last);
      });
      // The service listens by now. It waits for minutes after an info that was cleared before that.
      publish(brokerUrl, ['-r', '-n', '-t', 'release-button/agent/main/info']);
      await cleared('homeassistant/device/release-button_agent_main/config');
    });
    const rest = before.filter((id) => !removedEntities.includes(id)).toSorted();
    let last: readonly string[] = [];
    await until(
      'exactly the rest',
      async () => {
        last = (await knownEntities()).toSorted();
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
