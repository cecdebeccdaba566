// A broker that keeps nothing over a restart, such as the embedded one, restarts while Home Assistant goes on. Entities
// that were removed from the configuration must vanish from a real Home Assistant.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { publish, subscribe, type Subscriber } from '../../support/processes.ts';
import { stays, until } from '../../support/wait.ts';
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
];
const ofLed = ['button.release_button_identify', 'light.release_button_light'];
const theApplication = 'update.release_button_shop';

describe.skipIf(access === undefined)(`a broker that forgets, and a real Home Assistant ${reason}`, () => {
  let installation: Installation;
  let births: Subscriber;
  beforeAll(async () => {
    if (access === undefined) return;
    installation = await openInstallation(access);
    births = subscribe(installation.workplace, installation.brokerUrl, ['homeassistant/status']);
    return () => installation.end();
  });
  afterEach(async () => {
    const complaints = await installation.home.complaints();
    expect(complaints.filter((complaint) => !connectionLost.test(complaint))).toEqual([]);
  });

  /**
   * Waits until the broker has acknowledged what Home Assistant has subscribed to and unsubscribed from, which it does in
   * order. Home Assistant complains if an acknowledgement is missing.
   */
  const untilSubscribed = async () => {
    const events: unknown[] = [];
    publish(installation.brokerUrl, ['-r', '-t', 'probe', '-m', 'there']);
    await installation.home.listen('mqtt/subscribe', { topic: 'probe' }, (event) => events.push(event));
    await until('Home Assistant to hear the probe', () => events.length > 0);
  };
  /** Kills all our processes and starts them again, as a restart of `start` does. */
  const startAnew = async () => {
    await untilSubscribed();
    for (const part of ['home-assistant', 'release-worker', 'gpio-agent', 'broker'] as const)
      await installation.kill(part);
    for (const part of ['broker', 'gpio-agent', 'release-worker', 'home-assistant'] as const)
      await installation.start(part);
  };
  /** Waits until Home Assistant is connected again and listens. */
  const birth = async (action: () => Promise<void>) => {
    const count = () =>
      births.messagesOn('homeassistant/status').filter(({ payload }) => payload === 'online').length;
    const before = count();
    await action();
    await until('the birth message', () => count() > before, 60_000);
  };
  const knownEntities = () => knownTo(installation.home);
  const untilGone = async (entities: readonly string[]) =>
    until(
      `${entities.join(', ')} to be gone`,
      async () => {
        const entitiesNow = await knownEntities();
        return entities.every((entity) => !entitiesNow.includes(entity));
      },
      30_000,
    );
  const announcements = () =>
    installation.subscriber
      .messagesOn('homeassistant/device/release-button_worker_main/config')
      .map(({ payload }) => payload);

  let removedEntities: readonly string[] = [...ofShop, ...ofLed, theApplication];
  const smaller = {
    homeAssistant: { applications: [{ names: ['till'] }] },
    agent: { ...configuration.agent, leds: [] },
    worker: { ...configuration.worker, buttons: configuration.worker.buttons.slice(0, 1) },
  };

  it('removes an application, a button and an LED that were removed from the configuration during its restart, and nothing else', async () => {
    const before = await knownEntities();
    removedEntities = removedEntities.filter((id) => before.includes(id));
    expect(removedEntities.length).toBeGreaterThan(5);
    installation.configure(smaller);
    await birth(startAnew);
    await untilGone(removedEntities);
    await installation.home.shows('update.release_button_till', 'on');
    expect((await knownEntities()).toSorted()).toEqual(
      before.filter((id) => !removedEntities.includes(id)).toSorted(),
    );
    for (const id of removedEntities) expect(await installation.home.state(id), id).toBeUndefined();
  });

  it('keeps them away over another restart, and in the end the retained message does not mention them', async () => {
    await birth(startAnew);
    await installation.home.shows('update.release_button_till', 'on');
    await until('the last word', () => {
      const last = announcements().at(-1);
      return (
        last !== undefined &&
        last !== '' &&
        !last.includes('release_shop') &&
        !last.includes('app_argocd_shop')
      );
    });
    await stays(
      'gone',
      async () => !(await knownEntities()).some((id) => removedEntities.includes(id)),
      3_000,
    );
  });

  it('restores them when they are configured again', async () => {
    installation.configure({});
    await birth(startAnew);
    for (const id of removedEntities)
      await until(`${id} to be back`, async () => (await knownEntities()).includes(id), 30_000);
    await installation.home.shows(theApplication, 'on');
    await installation.home.shows('light.release_button_light', 'on');
  });
});
