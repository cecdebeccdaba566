// Which entities appear in a real Home Assistant, and what they do.
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod/mini';
import packageJson from '../../../package.json' with { type: 'json' };
import { publish } from '../../support/processes.ts';
import { stays, until } from '../../support/wait.ts';
import { access, broughtBack, openInstallation, reason, type Installation } from './installation.ts';

const worker = 'Release worker (simulated)';
const agent = 'Release button (simulated)';

/** Entity id, name, category, whether it is disabled, device. */
const expected: readonly (readonly [string, string, string | null, boolean, string])[] = [
  ['binary_sensor.release_button_argo_cd', 'Argo CD', 'diagnostic', false, worker],
  ['binary_sensor.release_button_drift', 'Drift', null, false, worker],
  ['binary_sensor.release_button_stuck', 'Stuck', 'diagnostic', false, agent],
  ['button.release_button_identify', 'Identify', 'config', false, agent],
  ['button.release_button_refresh', 'Refresh', null, false, worker],
  ['button.release_button_release', 'Release', null, false, worker],
  ['button.release_button_release_shop', 'Release the shop', null, false, worker],
  ['button.release_button_roll_back', 'Roll back', null, true, worker],
  ['event.release_button_press', 'Press', null, false, agent],
  ['event.release_button_press_result', 'Press result', 'diagnostic', false, worker],
  ['event.release_button_press_result_shop', 'Release the shop: press result', 'diagnostic', false, worker],
  ['event.release_button_releases', 'Releases', null, false, worker],
  ['light.release_button_light', 'Light', 'config', false, agent],
  ['sensor.release_button_last_release', 'Last release', null, false, worker],
  ['sensor.release_button_oldest_drift', 'Oldest drift', null, false, worker],
  ['sensor.release_button_out_of_sync', 'Out of sync', null, false, worker],
  ['sensor.release_button_signal', 'Signal', null, false, worker],
  ['sensor.release_button_signal_shop', 'Release the shop: signal', null, false, worker],
  ['switch.release_button_freeze', 'Freeze', null, false, worker],
  ['switch.release_button_freeze_button', 'Freeze button', null, true, worker],
  ['switch.release_button_freeze_button_shop', 'Release the shop: freeze button', null, true, worker],
  ['update.release_button_shop', 'shop', 'config', false, worker],
  ['update.release_button_till', 'till', 'config', false, worker],
];

/** The texts of the cards in it, at any depth. */
function contentsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    key === 'content' && typeof inner === 'string' ? [inner] : contentsIn(inner),
  );
}

describe.skipIf(access === undefined)(`entities in a real Home Assistant ${reason}`, () => {
  let installation: Installation;
  beforeAll(async () => {
    if (access !== undefined) installation = await openInstallation(access);
    return () => installation.end();
  });
  // In every test, Home Assistant accepts all our messages without a complaint.
  afterEach(async () => {
    expect(await installation.home.complaints()).toEqual([]);
  });

  const drift = async (app: string) => {
    await installation.argocd.post('drift', { app });
    await installation.home.shows(`update.release_button_${app}`, 'on');
  };
  const page = readFileSync(new URL('../../../docs/home-assistant-automations.md', import.meta.url), 'utf8');
  /** The content of the card on that page. As on the page, a missing value is an error, because it would be blank. */
  const onCard = async () => {
    const contents = contentsIn(parse(/<!-- card: begin -->\n+```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? ''));
    const renderings: string[] = [];
    for (const template of contents) {
      const events: unknown[] = [];
      await installation.home.listen(
        'render_template',
        { template, strict: true, report_errors: true },
        (event) => events.push(event),
      );
      await until('the card', () => events.length > 0);
      renderings.push(JSON.stringify(events.at(-1)));
    }
    expect(renderings.filter((event) => !event.startsWith('{"result"'))).toEqual([]);
    return renderings.join('\n');
  };
  const syncs = async () => (await installation.argocd.syncs()).map(({ name }) => name);

  it('appear with their ids, names, categories and devices', async () => {
    const { home } = installation;
    const devices = new Map((await home.devices()).map((device) => [device.id, device]));
    const ownEntities = (await home.entities()).filter(({ unique_id: id }) =>
      id.startsWith('release-button_'),
    );
    expect(
      ownEntities
        .map((entity) => [
          entity.entity_id,
          entity.original_name,
          entity.entity_category,
          entity.disabled_by !== null || entity.entity_id === broughtBack,
          devices.get(entity.device_id ?? '')?.name,
        ])
        .toSorted(([one], [other]) => (String(one) < String(other) ? -1 : 1)),
    ).toEqual(expected);
    const device = [...devices.values()].find(({ name }) => name === worker);
    expect(device).toMatchObject({
      identifiers: [['mqtt', 'release-button_worker_main']],
      manufacturer: 'release-button',
      model: 'Release worker',
      sw_version: packageJson.version,
      hw_version: hostname(),
      configuration_url: installation.argocd.url,
    });
    const triggers = await home.command('device_automation/trigger/list', {
      device_id: [...devices.values()].find(({ name }) => name === agent)?.id,
    });
    const subtypes = ['button_short_press', 'button_double_press', 'button_long_press'].map((type): unknown =>
      expect.objectContaining({ domain: 'mqtt', type, subtype: 'main' }),
    );
    expect(triggers).toEqual(expect.arrayContaining(subtypes));
  });

  it('show the current state', async () => {
    const { home } = installation;
    await home.shows('binary_sensor.release_button_drift', 'on', { device_class: 'problem' });
    await home.shows('binary_sensor.release_button_argo_cd', 'on', { device_class: 'connectivity' });
    await home.shows('sensor.release_button_out_of_sync', '2', { total: 2, unit_of_measurement: 'apps' });
    await home.shows('sensor.release_button_signal', 'Drifted', { outOfSync: 2, device_class: 'enum' });
    await home.shows('update.release_button_shop', 'on', {
      installed_version: 'commit 1111111',
      latest_version: 'commit 2222222',
      release_summary: 'change number 2 · Robin Reviewer <robin@example.com>',
      release_url: `${installation.argocd.url}/applications/argocd/shop`,
      title: 'shop',
      in_progress: false,
    });
    const oldest = await home.state('sensor.release_button_oldest_drift');
    expect(Date.parse(oldest?.state ?? '')).toBeGreaterThan(Date.now() - 600_000);
  });

  it('release one application by its Install, and show that the release runs', async () => {
    const { home } = installation;
    const before = await syncs();
    await home.call('update', 'install', { entity_id: 'update.release_button_till' });
    await home.shows('update.release_button_till', 'on', { in_progress: true });
    await home.shows('update.release_button_till', 'off', {
      installed_version: 'commit 2222222',
      in_progress: false,
    });
    expect((await syncs()).slice(before.length)).toEqual(['till']);
    expect((await home.state('update.release_button_shop'))?.state).toBe('on');
  });

  it('release once by the release button, and the events report it', async () => {
    const { home } = installation;
    const before = await syncs();
    await home.call('button', 'press', { entity_id: 'button.release_button_release' });
    await until(
      'the answer',
      async () =>
        (await home.state('event.release_button_press_result'))?.attributes['event_type'] === 'accepted',
    );
    await home.shows('sensor.release_button_signal', 'Releasing');
    await until(
      'its end',
      async () =>
        (await home.state('event.release_button_releases'))?.attributes['event_type'] === 'succeeded',
    );
    await home.shows('binary_sensor.release_button_drift', 'off');
    await home.shows('sensor.release_button_oldest_drift', 'unknown');
    expect((await syncs()).slice(before.length)).toEqual(['shop']);
    const last = await home.state('sensor.release_button_last_release');
    expect(last?.attributes).toMatchObject({
      outcome: 'succeeded',
      source: 'home-assistant',
      button: 'main',
      apps: ['argocd/shop: in-sync'],
      message: null,
    });
  });

  it('freeze all releases by the switch, and the press result says so', async () => {
    const { home } = installation;
    await drift('till');
    const before = await syncs();
    await home.call('switch', 'turn_on', { entity_id: 'switch.release_button_freeze' });
    await home.shows('switch.release_button_freeze', 'on', { by: 'Home Assistant' });
    await home.shows('sensor.release_button_signal', 'Blocked');
    await home.call('button', 'press', { entity_id: 'button.release_button_release' });
    await until('the refusal', async () => {
      const { attributes = {} } = (await home.state('event.release_button_press_result')) ?? {};
      return attributes['event_type'] === 'rejected' && attributes['reason'] === 'frozen';
    });
    expect(await syncs()).toEqual(before);
    expect(await onCard()).toMatch(/Last press:.* frozen[^]*\*\*till\*\*[^]*Frozen by Home Assistant/);
    await home.call('switch', 'turn_off', { entity_id: 'switch.release_button_freeze' });
    await home.shows('switch.release_button_freeze', 'off');
    await home.shows('sensor.release_button_signal', 'Drifted');
  });

  it('show on the light what a person asks for, and follow the signal again', async () => {
    const { home, subscriber } = installation;
    const lightState = () => subscriber.latest('release-button/led/main/state');
    const light = (service: string, data: object = {}) =>
      home.call('light', service, { entity_id: 'light.release_button_light', ...data });
    await light('turn_on', { effect: 'sos' });
    await home.shows('light.release_button_light', 'on', { effect: 'sos', because: 'set' });
    expect(lightState()).toMatchObject({ pattern: 'sos', because: 'set' });
    await light('turn_off');
    await home.shows('light.release_button_light', 'off', { because: 'set' });
    await light('turn_on');
    await home.shows('light.release_button_light', 'on', { effect: 'on', because: 'set' });
    await light('turn_on', { effect: 'auto' });
    await home.shows('light.release_button_light', 'on', { because: 'signal' });
    expect(lightState()).toMatchObject({ pattern: 'on', because: 'signal', signal: 'drifted' });
    await home.call('button', 'press', { entity_id: 'button.release_button_identify' });
    await home.shows('light.release_button_light', 'on', { because: 'identify', effect: 'on' });
  });

  it('hide the signal for ten seconds at most if a whole room is switched', async () => {
    const { home, subscriber } = installation;
    const lightCommands = () =>
      subscriber
        .messages()
        .flatMap(({ topic, payload }) => (topic === 'release-button/led/main/set' ? [payload] : []));
    const { area_id: area } = z
      .looseObject({ area_id: z.string() })
      .parse(await home.command('config/area_registry/create', { name: 'Office' }));
    const device = (await home.devices()).find(({ name }) => name === agent);
    await home.command('config/device_registry/update', { device_id: device?.id, area_id: area });
    try {
      const before = lightCommands().length;
      await home.call('light', 'turn_off', { area_id: area });
      await home.call('light', 'turn_off', { device_id: device?.id });
      // The light gets the commands for itself, and a command for all lights. They must be the next messages, and the
      // latter the first.
      await home.call('light', 'turn_off', { entity_id: 'all' });
      await until('off', () => lightCommands().length > before);
      await home.call('light', 'turn_on', { entity_id: 'light.release_button_light', brightness: 80 });
      await home.call('light', 'turn_on', { entity_id: 'light.release_button_light', flash: 'short' });
      await until('all three', () => lightCommands().length >= before + 3);
      expect(
        lightCommands()
          .slice(before)
          .map((payload): unknown => JSON.parse(payload)),
      ).toEqual([
        { pattern: 'off', forMs: 10_000 },
        { pattern: 'on', forMs: 10_000 },
        expect.objectContaining({ forMs: 2000 }),
      ]);
      await home.shows('light.release_button_light', 'on', { because: 'signal' });
    } finally {
      await home.command('config/area_registry/delete', { area_id: area });
    }
  });

  it('are pressed and frozen by voice, by an alias, and only if they are exposed', async () => {
    const { home, subscriber } = installation;
    const speak = async (text: string) =>
      z
        .looseObject({ response: z.looseObject({ response_type: z.string() }) })
        .parse(await home.command('conversation/process', { text, language: 'en' })).response.response_type;
    const expose = (ids: readonly string[], isExposed: boolean) =>
      home.command('homeassistant/expose_entity', {
        assistants: ['conversation'],
        entity_ids: ids,
        should_expose: isExposed,
      });
    const voiceEntities = ['button.release_button_release', 'switch.release_button_freeze'];
    const presses = () => subscriber.messagesOn('release-button/button/main/press').length;
    const name = (entity: string | undefined, aliases: readonly string[]) =>
      home.command('config/entity_registry/update', { entity_id: entity, aliases });
    await name(voiceEntities[0], ['release']);
    await name(voiceEntities[1], ['freeze']);
    await expose(voiceEntities, false);
    const before = presses();
    expect(await speak('press release')).toBe('error');
    await expose(voiceEntities, true);
    try {
      expect(await speak('turn on freeze')).toBe('action_done');
      await home.shows('switch.release_button_freeze', 'on');
      // 2024.11.3 has no sentence for a press.
      if (Number.parseInt(home.version, 10) >= 2026) {
        expect(await speak('press release')).toBe('action_done');
        await until('the press', () => presses() === before + 1);
      }
      expect(await speak('turn off freeze')).toBe('action_done');
      await home.shows('switch.release_button_freeze', 'off');
    } finally {
      await expose(voiceEntities, false);
      for (const entity of voiceEntities) await name(entity, []);
    }
  });

  it('fire the event entity with the gesture of a finger', async () => {
    const { home, brokerUrl } = installation;
    // A test cannot press the space bar of the simulated agent. It publishes what the agent would publish.
    for (const gesture of ['press', 'hold']) {
      publish(brokerUrl, [
        '-t',
        'release-button/button/main/event',
        '-m',
        JSON.stringify({ event_type: gesture, heldMs: 120 }),
      ]);
      await until(
        gesture,
        async () => (await home.state('event.release_button_press'))?.attributes['event_type'] === gesture,
      );
    }
  });

  it('work while somebody subscribes to everything below the prefix', async () => {
    const { home } = installation;
    const overheard: unknown[] = [];
    await home.listen('mqtt/subscribe', { topic: 'release-button/#' }, (event) => overheard.push(event));
    await until('what is retained', () => overheard.length > 5);
    await home.call('button', 'press', { entity_id: 'button.release_button_release' });
    await home.shows('sensor.release_button_signal', 'Releasing');
    await home.shows('sensor.release_button_signal', 'Clear');
    await home.shows('binary_sensor.release_button_drift', 'off');
    await drift('shop');
    await home.shows('sensor.release_button_signal', 'Drifted');
  });

  it('show a removed application as gone, and a cluster that was changed by hand as out of sync', async () => {
    const { home, brokerUrl } = installation;
    const topic = 'release-button/worker/main/app/argocd/shop';
    // The author of the commit comes a moment later than the rest.
    const shop = await until('all of the application', () => {
      const message = installation.subscriber.latest(topic);
      return Reflect.get(Object(message?.['target']), 'title') === undefined ? undefined : message;
    });
    const hand = { ...shop, sync: 'OutOfSync', target: shop['deployed'] };
    publish(brokerUrl, ['-r', '-t', topic, '-m', JSON.stringify(hand)]);
    const installed = `commit ${String(Reflect.get(Object(shop['deployed']), 'revision')).slice(0, 7)}`;
    await home.shows('update.release_button_shop', 'on', {
      installed_version: `${installed} (out of sync)`,
      latest_version: installed,
    });
    // Without the word "commit", the first would be a number and the second a version. Home Assistant would not show the
    // older one as an update.
    for (const [deployed, target] of [
      ['9999999', '0000001'],
      ['42b22a4', '3161327'],
      ['3161327', '98d7186'],
    ]) {
      const revision = (short = '') => ({ revision: `${short}${'a'.repeat(33)}` });
      const message = { ...hand, deployed: revision(deployed), target: revision(target) };
      publish(brokerUrl, ['-r', '-t', topic, '-m', JSON.stringify(message)]);
      await home.shows('update.release_button_shop', 'on', {
        installed_version: `commit ${deployed}`,
        latest_version: `commit ${target}`,
      });
    }
    publish(brokerUrl, ['-r', '-t', topic, '-m', JSON.stringify({ ...shop, sync: 'Unknown' })]);
    await home.shows('update.release_button_shop', 'unavailable');
    publish(brokerUrl, ['-r', '-t', topic, '-m', JSON.stringify(shop)]);
    await home.shows('update.release_button_shop', 'on');
    publish(brokerUrl, ['-r', '-n', '-t', topic]);
    // The test removed it by hand, so the worker still counts it. It goes after no message about applications has come
    // for a while.
    await until(
      'it to be gone',
      async () => (await home.state('update.release_button_shop')) === undefined,
      60_000,
    );
    publish(brokerUrl, ['-r', '-t', topic, '-m', JSON.stringify(shop)]);
    await home.shows('update.release_button_shop', 'on');
  });

  it('are not announced again while nothing changes', async () => {
    const announcements = () =>
      installation.subscriber.messages().filter(({ topic }) => topic.startsWith('homeassistant/')).length;
    const before = announcements();
    await stays('no announcement', () => announcements() === before, 5_000);
  });
});
