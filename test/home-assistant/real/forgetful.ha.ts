// What is taken out of the configuration goes from a real Home Assistant too where the broker keeps nothing over a restart,
// as the embedded one, while Home Assistant runs on.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { publish, subscribe, type Subscriber } from '../../support/processes.ts';
import { stays, until } from '../../support/wait.ts';
import { access, configuration, connectionLost, knownTo, openHouse, reason, type House } from './house.ts';

const ofShop = [
  'button.release_button_release_shop',
  'event.release_button_press_result_shop',
  'sensor.release_button_signal_shop',
  'switch.release_button_freeze_button_shop',
];
const ofLed = ['button.release_button_identify', 'light.release_button_light'];
const theApplication = 'update.release_button_shop';

describe.skipIf(access === undefined)(`a broker that forgets, and a real Home Assistant ${reason}`, () => {
  let house: House;
  let births: Subscriber;
  beforeAll(async () => {
    if (access === undefined) return;
    house = await openHouse(access);
    births = subscribe(house.workplace, house.brokerUrl, ['homeassistant/status']);
    return () => house.end();
  });
  afterEach(async () => {
    const complaints = await house.home.complaints();
    expect(complaints.filter((complaint) => !connectionLost.test(complaint))).toEqual([]);
  });

  /** What Home Assistant has subscribed to and left again is acknowledged: it does so in turn, and complains of a missing word. */
  const untilSubscribed = async () => {
    const heard: unknown[] = [];
    publish(house.brokerUrl, ['-r', '-t', 'probe', '-m', 'there']);
    await house.home.listen('mqtt/subscribe', { topic: 'probe' }, (event) => heard.push(event));
    await until('Home Assistant to hear the probe', () => heard.length > 0);
  };
  /** Everything of ours, ended and started anew, as `start` is. */
  const startAnew = async () => {
    await untilSubscribed();
    for (const part of ['home-assistant', 'release-worker', 'gpio-agent', 'broker'] as const)
      await house.kill(part);
    for (const part of ['broker', 'gpio-agent', 'release-worker', 'home-assistant'] as const)
      await house.start(part);
  };
  /** Home Assistant is connected again, and listens. */
  const birth = async (act: () => Promise<void>) => {
    const count = () =>
      births.messagesOn('homeassistant/status').filter(({ payload }) => payload === 'online').length;
    const before = count();
    await act();
    await until('the birth message', () => count() > before, 60_000);
  };
  const known = () => knownTo(house.home);
  const untilGone = async (entities: readonly string[]) =>
    until(
      `${entities.join(', ')} to be gone`,
      async () => {
        const all = await known();
        return entities.every((entity) => !all.includes(entity));
      },
      30_000,
    );
  const announcements = () =>
    house.heard
      .messagesOn('homeassistant/device/release-button_worker_main/config')
      .map(({ payload }) => payload);

  let gone: readonly string[] = [...ofShop, ...ofLed, theApplication];
  const smaller = {
    homeAssistant: { applications: [{ names: ['till'] }] },
    agent: { ...configuration.agent, leds: [] },
    worker: { ...configuration.worker, buttons: configuration.worker.buttons.slice(0, 1) },
  };

  it('an application, a button and an LED that were taken out meanwhile vanish, and nothing else does', async () => {
    const before = await known();
    gone = gone.filter((id) => before.includes(id));
    expect(gone.length).toBeGreaterThan(5);
    house.configure(smaller);
    await birth(startAnew);
    await untilGone(gone);
    await house.home.shows('update.release_button_till', 'on');
    expect((await known()).toSorted()).toEqual(before.filter((id) => !gone.includes(id)).toSorted());
    for (const id of gone) expect(await house.home.state(id), id).toBeUndefined();
  });

  it('they stay away over another restart, and what is retained in the end says no more of them', async () => {
    await birth(startAnew);
    await house.home.shows('update.release_button_till', 'on');
    await until('the last word', () => {
      const last = announcements().at(-1);
      return (
        last !== undefined &&
        last !== '' &&
        !last.includes('release_shop') &&
        !last.includes('app_argocd_shop')
      );
    });
    await stays('gone', async () => !(await known()).some((id) => gone.includes(id)), 3_000);
  });

  it('they come back as they were when they are configured again', async () => {
    house.configure({});
    await birth(startAnew);
    for (const id of gone) await until(`${id} to be back`, async () => (await known()).includes(id), 30_000);
    await house.home.shows(theApplication, 'on');
    await house.home.shows('light.release_button_light', 'on');
  });
});
