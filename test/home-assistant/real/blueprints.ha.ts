// The blueprints as automations of a real Home Assistant, and what they must not do.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { publish, subscribe, type Subscriber } from '../../support/processes.ts';
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
import { access, openHouse, reason as whySkipped, type House } from './house.ts';

const freeze = 'switch.release_button_freeze';

describe.skipIf(access === undefined)(`blueprints in a real Home Assistant ${whySkipped}`, () => {
  let house: House;
  let neighbour: Neighbour;
  let bell: string;
  let push: string;
  let contact: string;
  let lamp: string;
  /** what is said on the neighbour's topics, and what is announced by voice */
  let around: Subscriber;
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
    house = await openHouse(access);
    return () => house.end();
  });
  beforeAll(async () => {
    if (access === undefined) return;
    const { home, workplace, brokerUrl } = house;
    around = subscribe(workplace, brokerUrl, ['neighbour/#', 'spoken']);
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
    expect(await house.home.complaints()).toEqual([]);
  });

  const presses = () => house.heard.messagesOn('release-button/button/main/press').length;
  const press = (entity: string) =>
    house.home.call(entity.split('.')[0] ?? '', 'press', { entity_id: entity });
  const syncs = async () => (await house.argocd.syncs()).length;

  /** What is done releases, and once. */
  const releases = async (what: string, act: () => unknown) => {
    const before = presses();
    await act();
    await until(what, () => presses() > before);
    expect(presses(), what).toBe(before + 1);
    // While a run waits for the broker's acknowledgement, another press is none.
    await house.home.shows(pressing.entity, 'on', { current: 0 });
  };
  /**
   * What is done, once Home Assistant knows of it, does not release. Automations take their triggers in order, so a press
   * that counts afterwards is the next one.
   */
  const ignores = async (what: string, act: () => unknown, known: () => Promise<unknown>) => {
    const before = presses();
    const ran = await pressing.ran();
    await act();
    await known();
    expect(await pressing.ran(), what).toBe(ran);
    await releases(`a press after ${what}`, () => press(big));
    expect(presses(), what).toBe(before + 1);
  };
  /** Has been so for longer than a contact bounces. */
  const untilOld = async (entity: string, state: string) => {
    const { last_changed: at } = await house.home.shows(entity, state);
    await until(`${entity} to be ${state} for a second`, () => Date.now() - Date.parse(at) > 1_100);
  };
  const spoken = () => around.messagesOn('spoken').map(({ payload }) => payload);
  const untilFrozen = (is: string, attributes = {}) => house.home.shows(freeze, is, attributes);
  /** Whose freeze it is, from the id that `automate` gives it. */
  const sourceOf = ({ entity }: Automation) => entity.replace('automation.', 'ha_');
  const freezeAs = (payload: object) =>
    publish(house.brokerUrl, ['-q', '1', '-t', 'release-button/freeze/set', '-m', JSON.stringify(payload)]);
  const setHours = (service: 'turn_on' | 'turn_off') =>
    house.home.call('input_boolean', service, { entity_id: hours });
  /** The automation has looked at this, and has come to its end. */
  const looked = async (act: () => unknown) => {
    const ran = await freezing.ran();
    await act();
    await until('the freezing automation to look', async () => (await freezing.ran()) !== ran);
    await house.home.shows(freezing.entity, 'on', { current: 0 });
  };
  /** What the lamp was is remembered as a scene until then. */
  const untilRestored = () =>
    until('the lamp to be restored', async () => {
      return ![...(await house.home.states()).keys()].some((id) => id.startsWith('scene.release_button'));
    });

  it('are all taken as they are', () => {
    const complaints = Object.entries(complaintsOfImport);
    expect(complaints.length).toBeGreaterThan(4);
    expect(complaints.filter(([, complaint]) => complaint !== undefined)).toEqual([]);
  });

  describe('release by a button', () => {
    it('the first event ever of an event entity releases, with one sync for each application', async () => {
      const before = await syncs();
      await releases('the first event', () => neighbour.event('single'));
      await house.home.shows('binary_sensor.release_button_drift', 'off');
      expect(await syncs()).toBe(before + 2);
    });

    it('so does the next one, and the first and the next press of each other kind', async () => {
      await releases('an event', () => neighbour.event('single'));
      for (const entity of [big, push])
        for (const which of ['a press', 'another press'])
          await releases(`${which} of ${entity}`, () => press(entity));
    });

    it('so does a contact that closes, but not one that is found closed', async () => {
      await untilOld(contact, 'unknown');
      await ignores(
        'a first state of on',
        () => neighbour.contactIs('on'),
        () => house.home.shows(contact, 'on'),
      );
      neighbour.contactIs('off');
      await untilOld(contact, 'off');
      await releases('the contact', () => neighbour.contactIs('on'));
    });

    it('an event of another type does not', async () => {
      await ignores(
        'a long press',
        () => neighbour.event('long'),
        () =>
          until(
            'the long press',
            async () => (await house.home.state(bell))?.attributes['event_type'] === 'long',
          ),
      );
    });

    it('nor does a time that is past, or older than what is not known, wherever it comes from', async () => {
      const { home } = house;
      const put = (state: string) =>
        home.post(`/api/states/${bell}`, { state, attributes: { event_type: 'single' } });
      const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString();
      for (const [before, after] of [
        [ago(3_600), ago(60)],
        ['unknown', ago(2)],
      ] as const) {
        await put(before);
        await ignores(
          `${after} after ${before}`,
          () => put(after),
          () => home.shows(bell, after),
        );
      }
    });

    it('nor does what comes back from unavailable, nor an event that came meanwhile', async () => {
      await ignores(
        'an event while unavailable',
        async () => {
          neighbour.is('offline');
          await house.home.shows(bell, 'unavailable');
          await house.home.shows(contact, 'unavailable');
          neighbour.event('single');
          neighbour.is('online');
        },
        async () => {
          await until(
            'the event entity',
            async () => (await house.home.state(bell))?.attributes['event_type'] === 'single',
          );
          await house.home.shows(contact, 'on');
        },
      );
    });

    it('nor does a device that is removed and found again', async () => {
      await ignores(
        'a removal',
        async () => {
          neighbour.remove();
          await until('it to be gone', async () => (await house.home.state(contact)) === undefined);
          neighbour.announce();
        },
        () => house.home.shows(contact, 'on'),
      );
    });
  });

  describe('freeze outside working hours', () => {
    it('freezes when they end, and lifts that when they begin', async () => {
      await setHours('turn_off');
      await untilFrozen('on', { by: 'Home Assistant', reason: 'outside working hours' });
      await setHours('turn_on');
      await untilFrozen('off');
    });

    it.each([
      ['Ann', 'outside working hours'],
      ['Home Assistant', 'fair'],
    ])('never lifts a freeze of %s, %s, and freezes besides it', async (by, reason) => {
      freezeAs({ frozen: true, by, reason });
      await untilFrozen('on', { by, reason, sources: ['person'] });
      await setHours('turn_off');
      await untilFrozen('on', { by, reason, sources: ['person', sourceOf(freezing)] });
      await setHours('turn_on');
      await untilFrozen('on', { by, reason, sources: ['person'] });
      freezeAs({ frozen: false });
      await untilFrozen('off');
    });

    it('a holiday that begins in the evening still freezes in the morning, and until it is over', async () => {
      await untilFrozen('off');
      await setHours('turn_off');
      await untilFrozen('on', { reason: 'outside working hours', sources: [sourceOf(freezing)] });
      await calendar.beginHoliday();
      await untilFrozen('on', { sources: [sourceOf(freezing), sourceOf(resting)] });
      await setHours('turn_on');
      await untilFrozen('on', { reason: 'a holiday', sources: [sourceOf(resting)] });
      const before = presses();
      const released = await syncs();
      await house.argocd.post('drift', { app: 'shop' });
      await house.home.shows('sensor.release_button_signal', 'Blocked');
      await press(big);
      await until('the press', () => presses() > before);
      await until('its refusal', () => {
        const { outcome, reason, message } = house.heard.latest('release-button/button/main/result') ?? {};
        return outcome === 'rejected' && reason === 'frozen' && String(message).includes('a holiday');
      });
      expect(await syncs()).toBe(released);
      await calendar.endHoliday();
      await untilFrozen('off', { sources: [] });
      await releases('a press after the holiday', () => press(big));
      await house.home.shows('binary_sensor.release_button_drift', 'off');
    });

    it('a person who turns the switch off ends the freezes of all, until the hours change', async () => {
      await setHours('turn_off');
      await calendar.beginHoliday();
      await untilFrozen('on', { sources: [sourceOf(freezing), sourceOf(resting)] });
      await house.home.call('switch', 'turn_off', { entity_id: freeze });
      await untilFrozen('off', { sources: [] });
      await looked(() => setHours('turn_on'));
      await untilFrozen('off', { sources: [] });
      await setHours('turn_off');
      await untilFrozen('on', { sources: [sourceOf(freezing)] });
      await calendar.endHoliday();
      await setHours('turn_on');
      await untilFrozen('off');
    });

    it('catches up when the worker comes back', async () => {
      await freezing.turn('turn_off');
      await setHours('turn_off');
      await freezing.turn('turn_on');
      await untilFrozen('off');
      await house.kill('release-worker');
      await untilFrozen('unavailable');
      await house.start('release-worker');
      await untilFrozen('on', { by: 'Home Assistant' });
      await setHours('turn_on');
      await untilFrozen('off');
    });
  });

  it('whoever presses is told why nothing was released, and of an accepted press nothing', async () => {
    const { home, argocd } = house;
    const announced = spoken().length;
    await argocd.post('drift', { app: 'shop' });
    await until('the announcement', () => spoken().length > announced);
    const told = () =>
      around.messagesOn('spoken').flatMap(({ payload }) => (payload.startsWith('told: ') ? [payload] : []));
    const before = told().length;
    await home.call('switch', 'turn_on', { entity_id: freeze });
    await home.shows(freeze, 'on');
    await home.call('button', 'press', { entity_id: 'button.release_button_release' });
    await until('the refusal to be told', () => told().length > before);
    await home.call('switch', 'turn_off', { entity_id: freeze });
    await home.shows(freeze, 'off');
    await releases('a press', () => press(big));
    await until(
      'the answer',
      async () =>
        (await home.state('event.release_button_press_result'))?.attributes['event_type'] === 'accepted',
    );
    await home.shows('binary_sensor.release_button_drift', 'off');
    expect(told().slice(before)).toEqual([expect.stringMatching(/^told: .*frozen/)]);
  });

  it('a drift is announced with its applications, and a lamp flashes while it is released and is as before then', async () => {
    const { home, argocd } = house;
    await home.shows('binary_sensor.release_button_drift', 'off');
    await home.call('light', 'turn_on', { entity_id: lamp, brightness: 77 });
    await leaveSnapshot(home, flashing, 'light.release_button_light');
    const before = spoken().length;
    const commands = around.messagesOn('neighbour/lamp/set').length;
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
    expect(around.messagesOn('neighbour/lamp/set').length).toBeGreaterThan(commands + 3);
    expect(spoken()).toHaveLength(before + 1);
  });

  it('a restart presses nothing, freezes what has become due, and announces nothing twice', async () => {
    const { home, argocd } = house;
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
    const pressed = presses();
    const said = spoken();

    await home.restart();
    await untilFrozen('on', { by: 'Home Assistant', reason: 'outside working hours' });
    await home.shows(contact, 'on');
    await home.shows('binary_sensor.release_button_drift', 'on');
    expect(presses()).toBe(pressed);
    await setHours('turn_on');
    await untilFrozen('off');
    await releases('the first press after the restart', () => press(big));
    expect(presses()).toBe(pressed + 1);
    await home.shows('binary_sensor.release_button_drift', 'off');
    await untilRestored();
    expect(spoken(), 'after the second for which it waits').toEqual(said);
  });
});
