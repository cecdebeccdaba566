// The blueprints as automations of a real Home Assistant, and what they must not do.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { publishJson, subscribe, type Subscriber } from '../../support/processes.ts';
import { until } from '../../support/wait.ts';
import {
  automate,
  borrowCalendar,
  borrowHelper,
  giveBack,
  importBlueprints,
  leaveSnapshot,
  neighbourOn,
  type Automation,
  type Calendar,
  type Neighbour,
} from './borrowed.ts';
import { access, openInstallation, reason as whySkipped, type Installation } from './installation.ts';

const freeze = 'switch.release_button_freeze';

describe.skipIf(access === undefined)(`blueprints in a real Home Assistant ${whySkipped}`, () => {
  let installation: Installation;
  let neighbour: Neighbour;
  let bell: string;
  let push: string;
  let contact: string;
  let lamp: string;
  /** receives the messages on the neighbour's topics, and the announcements by voice */
  let neighbourMessages: Subscriber;
  /** helpers: a button of the dashboard, and a toggle for the working hours */
  let big: string;
  let hours: string;
  let complaintsOfImport: Readonly<Record<string, string | undefined>>;
  let pressing: Automation;
  let freezing: Automation;
  let resting: Automation;
  let calendar: Calendar;
  let flashing: Automation;

  beforeAll(async () => {
    if (access === undefined) return;
    installation = await openInstallation(access);
    return () => installation.end();
  });
  beforeAll(async () => {
    if (access === undefined) return;
    const { home, workplace, brokerUrl } = installation;
    neighbourMessages = subscribe(workplace, brokerUrl, ['neighbour/#', 'spoken']);
    neighbour = neighbourOn(brokerUrl);
    ({ bell, push, contact, lamp } = neighbour);
    neighbour.is('online');
    neighbour.announce();
    big = await borrowHelper(home, 'input_button');
    hours = await borrowHelper(home, 'input_boolean');
    await home.call('input_boolean', 'turn_on', { entity_id: hours });
    await home.shows(bell, 'unknown');
    complaintsOfImport = await importBlueprints(home);
    pressing = await automate(home, 'release-by-button.yaml', {
      buttons: [bell, contact, push, big],
      event_types: ['single'],
      cool_down: 0,
    });
    freezing = await automate(home, 'freeze-outside-working-hours.yaml', { hours });
    calendar = await borrowCalendar(home);
    resting = await automate(
      home,
      'freeze-outside-working-hours.yaml',
      { hours: calendar.entity, meaning: 'frozen', reason: 'a holiday' },
      '-holidays',
    );
    flashing = await automate(home, 'flash-lamp.yaml', { lamp, seconds: 0.5 });
    await automate(home, 'announce-drift.yaml', {
      minutes: 0,
      announcement: [{ action: 'mqtt.publish', data: { topic: 'spoken', payload: '{{ message }}', qos: 1 } }],
    });
    await automate(home, 'tell-presser.yaml', {
      answer: [{ action: 'mqtt.publish', data: { topic: 'spoken', payload: 'told: {{ message }}', qos: 1 } }],
    });
    return async () => {
      neighbour.remove();
      await giveBack(home);
    };
  });
  afterEach(async () => {
    expect(await installation.home.complaints()).toEqual([]);
  });

  const presses = () => installation.subscriber.messagesOn('release-button/button/main/press').length;
  const press = (entity: string) =>
    installation.home.call(entity.split('.')[0] ?? '', 'press', { entity_id: entity });
  const syncs = async () => (await installation.argocd.syncs()).length;

  /** Checks that an action releases exactly once. */
  const releases = async (event: string, action: () => unknown) => {
    const before = presses();
    await action();
    await until(event, () => presses() > before);
    expect(presses(), event).toBe(before + 1);
    // While a run waits for the acknowledgement of the broker, another press does not count.
    await installation.home.shows(pressing.entity, 'on', { current: 0 });
  };
  /**
   * Checks that an action does not release, after Home Assistant has noticed it. An automation takes its triggers in
   * order, so a press that counts afterwards must be the next one.
   */
  const ignores = async (event: string, action: () => unknown, untilKnown: () => Promise<unknown>) => {
    const before = presses();
    const lastRun = await pressing.lastRun();
    await action();
    await untilKnown();
    expect(await pressing.lastRun(), event).toBe(lastRun);
    await releases(`a press after ${event}`, () => press(big));
    expect(presses(), event).toBe(before + 1);
  };
  /** Waits until an entity has had its state for longer than a contact bounces. */
  const untilOld = async (entity: string, state: string) => {
    const { last_changed: at } = await installation.home.shows(entity, state);
    await until(`${entity} to be ${state} for a second`, () => Date.now() - Date.parse(at) > 1_100);
  };
  const spoken = () => neighbourMessages.messagesOn('spoken').map(({ payload }) => payload);
  const untilFrozen = (is: string, attributes = {}) => installation.home.shows(freeze, is, attributes);
  /** The source of a freeze, from the id that `automate` gives to the automation. */
  const sourceOf = ({ entity }: Automation) => entity.replace('automation.', 'ha_');
  const freezeAs = (payload: object) =>
    publishJson(installation.brokerUrl, 'release-button/freeze/set', payload);
  const setHours = (service: 'turn_on' | 'turn_off') =>
    installation.home.call('input_boolean', service, { entity_id: hours });
  /** Waits until the automation has reacted to an action and has ended. */
  const untilReacted = async (action: () => unknown) => {
    const lastRun = await freezing.lastRun();
    await action();
    await until('the freezing automation to look', async () => (await freezing.lastRun()) !== lastRun);
    await installation.home.shows(freezing.entity, 'on', { current: 0 });
  };
  /** Until it is restored, the earlier state of the lamp is saved as a scene. */
  const untilRestored = () =>
    until('the lamp to be restored', async () => {
      return ![...(await installation.home.states()).keys()].some((id) =>
        id.startsWith('scene.release_button'),
      );
    });

  it('are all accepted without a change', () => {
    const complaints = Object.entries(complaintsOfImport);
    expect(complaints.length).toBeGreaterThan(4);
    expect(complaints.filter(([, complaint]) => complaint !== undefined)).toEqual([]);
  });

  describe('the blueprint for releasing by a button', () => {
    it('releases at the first event ever of an event entity, with one sync for each application', async () => {
      const before = await syncs();
      await releases('the first event', () => neighbour.event('single'));
      await installation.home.shows('binary_sensor.release_button_drift', 'off');
      expect(await syncs()).toBe(before + 2);
    });

    it('releases at the next event too, and at the first and next press of each other kind of button', async () => {
      await releases('an event', () => neighbour.event('single'));
      for (const entity of [big, push])
        for (const which of ['a press', 'another press'])
          await releases(`${which} of ${entity}`, () => press(entity));
    });

    it('releases when a contact closes, and not when it is closed at first sight', async () => {
      await untilOld(contact, 'unknown');
      await ignores(
        'a first state of on',
        () => neighbour.contactIs('on'),
        () => installation.home.shows(contact, 'on'),
      );
      neighbour.contactIs('off');
      await untilOld(contact, 'off');
      await releases('the contact', () => neighbour.contactIs('on'));
    });

    it('does not release at an event of another type', async () => {
      await ignores(
        'a long press',
        () => neighbour.event('long'),
        () =>
          until(
            'the long press',
            async () => (await installation.home.state(bell))?.attributes['event_type'] === 'long',
          ),
      );
    });

    it('does not release at a time in the past, or at one older than an unknown state, wherever it comes from', async () => {
      const { home } = installation;
      const setState = (state: string) =>
        home.post(`/api/states/${bell}`, { state, attributes: { event_type: 'single' } });
      const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString();
      for (const [before, after] of [
        [ago(3_600), ago(60)],
        ['unknown', ago(2)],
      ] as const) {
        await setState(before);
        await ignores(
          `${after} after ${before}`,
          () => setState(after),
          () => home.shows(bell, after),
        );
      }
    });

    it('does not release when an entity becomes available again, or at an event from before that', async () => {
      await ignores(
        'an event while unavailable',
        async () => {
          neighbour.is('offline');
          await installation.home.shows(bell, 'unavailable');
          await installation.home.shows(contact, 'unavailable');
          neighbour.event('single');
          neighbour.is('online');
        },
        async () => {
          await until(
            'the event entity',
            async () => (await installation.home.state(bell))?.attributes['event_type'] === 'single',
          );
          await installation.home.shows(contact, 'on');
        },
      );
    });

    it('does not release when a device is removed and found again', async () => {
      await ignores(
        'a removal',
        async () => {
          neighbour.remove();
          await until('it to be gone', async () => (await installation.home.state(contact)) === undefined);
          neighbour.announce();
        },
        () => installation.home.shows(contact, 'on'),
      );
    });
  });

  describe('the blueprint for working hours', () => {
    it('freezes when they end, and lifts its freeze when they begin', async () => {
      await setHours('turn_off');
      await untilFrozen('on', { by: 'Home Assistant', reason: 'outside working hours' });
      await setHours('turn_on');
      await untilFrozen('off');
    });

    it.each([
      ['Ann', 'outside working hours'],
      ['Home Assistant', 'fair'],
    ])('never lifts a freeze of %s, %s, and freezes in addition', async (by, reason) => {
      freezeAs({ frozen: true, by, reason });
      await untilFrozen('on', { by, reason, sources: ['person'] });
      await setHours('turn_off');
      await untilFrozen('on', { by, reason, sources: ['person', sourceOf(freezing)] });
      await setHours('turn_on');
      await untilFrozen('on', { by, reason, sources: ['person'] });
      freezeAs({ frozen: false });
      await untilFrozen('off');
    });

    it('keeps the freeze of a holiday that began in the evening, in the morning and until the holiday is over', async () => {
      await untilFrozen('off');
      await setHours('turn_off');
      await untilFrozen('on', { reason: 'outside working hours', sources: [sourceOf(freezing)] });
      await calendar.beginHoliday();
      await untilFrozen('on', { sources: [sourceOf(freezing), sourceOf(resting)] });
      await setHours('turn_on');
      await untilFrozen('on', { reason: 'a holiday', sources: [sourceOf(resting)] });
      const before = presses();
      const released = await syncs();
      await installation.argocd.post('drift', { app: 'shop' });
      await installation.home.shows('sensor.release_button_signal', 'Blocked');
      await press(big);
      await until('the press', () => presses() > before);
      await until('its refusal', () => {
        const { outcome, reason, message } =
          installation.subscriber.latest('release-button/button/main/result') ?? {};
        return outcome === 'rejected' && reason === 'frozen' && String(message).includes('a holiday');
      });
      expect(await syncs()).toBe(released);
      await calendar.endHoliday();
      await untilFrozen('off', { sources: [] });
      await releases('a press after the holiday', () => press(big));
      await installation.home.shows('binary_sensor.release_button_drift', 'off');
    });

    it('lets a person who turns the switch off end all freezes, until the hours change', async () => {
      await setHours('turn_off');
      await calendar.beginHoliday();
      await untilFrozen('on', { sources: [sourceOf(freezing), sourceOf(resting)] });
      await installation.home.call('switch', 'turn_off', { entity_id: freeze });
      await untilFrozen('off', { sources: [] });
      await untilReacted(() => setHours('turn_on'));
      await untilFrozen('off', { sources: [] });
      await setHours('turn_off');
      await untilFrozen('on', { sources: [sourceOf(freezing)] });
      await calendar.endHoliday();
      await setHours('turn_on');
      await untilFrozen('off');
    });

    it('freezes late if the worker was away when the hours ended', async () => {
      await freezing.turn('turn_off');
      await setHours('turn_off');
      await freezing.turn('turn_on');
      await untilFrozen('off');
      await installation.kill('release-worker');
      await untilFrozen('unavailable');
      await installation.start('release-worker');
      await untilFrozen('on', { by: 'Home Assistant' });
      await setHours('turn_on');
      await untilFrozen('off');
    });
  });

  it('a presser is told why nothing was released, and is told nothing about an accepted press', async () => {
    const { home, argocd } = installation;
    const announced = spoken().length;
    await argocd.post('drift', { app: 'shop' });
    await until('the announcement', () => spoken().length > announced);
    const toldMessages = () =>
      neighbourMessages
        .messagesOn('spoken')
        .flatMap(({ payload }) => (payload.startsWith('told: ') ? [payload] : []));
    const before = toldMessages().length;
    await home.call('switch', 'turn_on', { entity_id: freeze });
    await home.shows(freeze, 'on');
    await home.call('button', 'press', { entity_id: 'button.release_button_release' });
    await until('the refusal to be told', () => toldMessages().length > before);
    await home.call('switch', 'turn_off', { entity_id: freeze });
    await home.shows(freeze, 'off');
    await releases('a press', () => press(big));
    await until(
      'the answer',
      async () =>
        (await home.state('event.release_button_press_result'))?.attributes['event_type'] === 'accepted',
    );
    await home.shows('binary_sensor.release_button_drift', 'off');
    expect(toldMessages().slice(before)).toEqual([expect.stringMatching(/^told: .*frozen/)]);
  });

  it('a drift is announced with its applications, and a lamp flashes during the release and then returns to its earlier state', async () => {
    const { home, argocd } = installation;
    await home.shows('binary_sensor.release_button_drift', 'off');
    await home.call('light', 'turn_on', { entity_id: lamp, brightness: 77 });
    await leaveSnapshot(home, flashing, 'light.release_button_light');
    const before = spoken().length;
    const commands = neighbourMessages.messagesOn('neighbour/lamp/set').length;
    await argocd.post('drift', { app: 'till' });
    await until('the announcement', () => spoken().length > before);
    expect(spoken().slice(before)).toEqual([
      'Release worker (simulated): 1 application is out of sync: till.',
    ]);
    await releases('the bell', () => neighbour.event('single'));
    await home.shows(lamp, 'off');
    await home.shows(lamp, 'on');
    await home.shows('sensor.release_button_signal', 'Clear');
    await untilRestored();
    await home.shows(lamp, 'on', { brightness: 77 });
    expect(neighbourMessages.messagesOn('neighbour/lamp/set').length).toBeGreaterThan(commands + 3);
    expect(spoken()).toHaveLength(before + 1);
  });

  it('a restart presses nothing, freezes if that became due, and announces nothing twice', async () => {
    const { home, argocd } = installation;
    await argocd.post('drift', { app: 'shop' });
    const before = spoken().length;
    await until('the announcement', () => spoken().length > before);
    // Each button has just been pressed, and the contact stays pressed.
    await releases('the bell', () => neighbour.event('single'));
    await releases('the button', () => press(push));
    await releases('the helper', () => press(big));
    await home.shows(contact, 'on');
    await home.shows('binary_sensor.release_button_drift', 'off');
    await argocd.post('drift', { app: 'shop' });
    await until('another announcement', () => spoken().length > before + 1);
    await freezing.turn('turn_off');
    await setHours('turn_off');
    await freezing.turn('turn_on');
    const pressesBefore = presses();
    const spokenBefore = spoken();

    await home.restart();
    await untilFrozen('on', { by: 'Home Assistant', reason: 'outside working hours' });
    await home.shows(contact, 'on');
    await home.shows('binary_sensor.release_button_drift', 'on');
    expect(presses()).toBe(pressesBefore);
    await setHours('turn_on');
    await untilFrozen('off');
    await releases('the first press after the restart', () => press(big));
    expect(presses()).toBe(pressesBefore + 1);
    await home.shows('binary_sensor.release_button_drift', 'off');
    await untilRestored();
    expect(spoken(), 'after the second for which it waits').toEqual(spokenBefore);
  });
});
