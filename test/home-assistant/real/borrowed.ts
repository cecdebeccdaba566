// What a test borrows from Home Assistant and gives back: blueprints, automations, helpers and a device of somebody else.
import { readFileSync, readdirSync } from 'node:fs';
import * as z from 'zod/mini';
import { publish } from '../../support/processes.ts';
import { until } from '../../support/wait.ts';
import type { HomeAssistant } from './client.ts';

const folder = new URL('../../../home-assistant/blueprints/', import.meta.url);
const listSchema = z.record(z.string(), z.looseObject({ error: z.exactOptional(z.string()) }));
const helpersSchema = z.array(z.looseObject({ id: z.string(), name: z.string() }));

/** Where Home Assistant keeps them: as if the folder had been copied there. */
const pathOf = (file: string) => `release-button/${file}`;

/** @returns what Home Assistant says against each of the files; nothing when it takes them all */
export async function importBlueprints(
  home: HomeAssistant,
): Promise<Readonly<Record<string, string | undefined>>> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  for (const file of files)
    await home.command('blueprint/save', {
      domain: 'automation',
      path: pathOf(file),
      yaml: readFileSync(new URL(file, folder), 'utf8'),
      allow_override: true,
    });
  const known = listSchema.parse(await home.command('blueprint/list', { domain: 'automation' }));
  return Object.fromEntries(
    files.map((file) => {
      const listed = known[pathOf(file)];
      return [file, listed === undefined ? 'it is not listed' : listed.error];
    }),
  );
}

export interface Automation {
  readonly entity: string;
  /** when it last ran; undefined before it ever has */
  ran(): Promise<unknown>;
  turn(service: 'turn_on' | 'turn_off'): Promise<void>;
}

/**
 * An automation made from a blueprint, as the editor makes it.
 * @param which another one from the same blueprint
 */
export async function automate(
  home: HomeAssistant,
  file: string,
  input: object,
  which = '',
): Promise<Automation> {
  const name = `${file.replace('.yaml', '')}${which}`;
  const entity = `automation.release_button_test_${name.replaceAll('-', '_')}`;
  await home.post(`/api/config/automation/config/release-button-test-${name}`, {
    alias: `release-button test ${name}`,
    use_blueprint: { path: pathOf(file), input },
  });
  await until(
    `${entity}; if it never comes, configuration.yaml lacks the line "automation: !include automations.yaml" that each new Home Assistant has`,
    async () => (await home.state(entity)) !== undefined,
  );
  const turn = (service: 'turn_on' | 'turn_off') => home.call('automation', service, { entity_id: entity });
  // One of an earlier run that was turned off is remembered as that.
  await turn('turn_on');
  await home.shows(entity, 'on');
  return {
    entity,
    ran: async () => (await home.state(entity))?.attributes['last_triggered'] ?? undefined,
    turn,
  };
}

/** A helper as people make it in the settings; one of an earlier run is used again. */
export async function borrowHelper(
  home: HomeAssistant,
  domain: 'input_button' | 'input_boolean',
): Promise<string> {
  const name = 'release-button test';
  const known = helpersSchema.parse(await home.command(`${domain}/list`));
  if (!known.some((helper) => helper.name === name)) await home.command(`${domain}/create`, { name });
  const entity = `${domain}.release_button_test`;
  await until(entity, async () => (await home.state(entity)) !== undefined);
  return entity;
}

export interface Calendar {
  readonly entity: string;
  /** A day off has begun a minute ago, and lasts until tomorrow. */
  beginHoliday(): Promise<void>;
  /** It is over: its entry is taken out. */
  endHoliday(): Promise<void>;
}

const calendarName = 'release-button test';
const eventsSchema = z.array(z.looseObject({ uid: z.string() }));

/** A local calendar as people make it in the settings. */
export async function borrowCalendar(home: HomeAssistant): Promise<Calendar> {
  const entity = 'calendar.release_button_test';
  if ((await home.state(entity)) === undefined) {
    const { flow_id: flow, data_schema: fields } = z
      .looseObject({ flow_id: z.string(), data_schema: z.array(z.looseObject({ name: z.string() })) })
      .parse(await home.post('/api/config/config_entries/flow', { handler: 'local_calendar' }));
    // Since 2025 the form asks whether to import a file.
    const asks = fields.some(({ name }) => name === 'import');
    await home.post(`/api/config/config_entries/flow/${flow}`, {
      calendar_name: calendarName,
      ...(asks ? { import: 'create_empty' } : {}),
    });
  }
  await until(entity, async () => (await home.state(entity)) !== undefined);
  const minuteMs = 60_000;
  const dayMs = 24 * 60 * minuteMs;
  const time = (ms: number) => new Date(ms).toISOString();
  const calendar = {
    entity,
    beginHoliday: () =>
      home.call('calendar', 'create_event', {
        entity_id: entity,
        summary: 'A holiday',
        start_date_time: time(Date.now() - minuteMs),
        end_date_time: time(Date.now() + dayMs),
      }),
    endHoliday: async () => {
      const range = `start=${time(Date.now() - dayMs)}&end=${time(Date.now() + dayMs)}`;
      for (const { uid } of eventsSchema.parse(await home.get(`/api/calendars/${entity}?${range}`)))
        await home.command('calendar/event/delete', { entity_id: entity, uid });
    },
  };
  await calendar.endHoliday();
  await home.shows(entity, 'off');
  return calendar;
}

const entriesSchema = z.array(z.looseObject({ entry_id: z.string(), domain: z.string(), title: z.string() }));

/** As an automation leaves one that is changed while the lamp flashes. */
export async function leaveSnapshot(
  home: HomeAssistant,
  automation: Automation,
  lamp: string,
): Promise<void> {
  const id = `release_button_${automation.entity.replace('.', '_')}`;
  await home.call('scene', 'create', { scene_id: id, snapshot_entities: [lamp] });
  await until('the snapshot', async () => (await home.state(`scene.${id}`)) !== undefined);
}

export async function giveBack(home: HomeAssistant): Promise<void> {
  const automations = [...(await home.states()).values()].filter(
    ({ entity_id: entity, attributes: { id } }) =>
      entity.startsWith('automation.') && String(id).startsWith('release-button-test-'),
  );
  for (const { attributes } of automations)
    await home.remove(`/api/config/automation/config/${String(attributes['id'])}`);
  for (const file of readdirSync(folder))
    await home.command('blueprint/delete', { domain: 'automation', path: pathOf(file) });
  for (const domain of ['input_button', 'input_boolean'])
    for (const { id, name } of helpersSchema.parse(await home.command(`${domain}/list`)))
      if (name === 'release-button test') await home.command(`${domain}/delete`, { [`${domain}_id`]: id });
  for (const { entry_id: entry, domain, title } of entriesSchema.parse(
    await home.command('config_entries/get'),
  ))
    if (domain === 'local_calendar' && title === calendarName)
      await home.remove(`/api/config/config_entries/entry/${entry}`);
}

export interface Neighbour {
  readonly bell: string;
  readonly push: string;
  readonly contact: string;
  readonly lamp: string;
  /** the event entity tells of this event */
  event(type: string): void;
  contactIs(state: 'on' | 'off'): void;
  is(availability: 'online' | 'offline'): void;
  announce(): void;
  remove(): void;
}

/**
 * A device of another make on the same broker, with a button of each kind and a lamp. Never the same twice: Home Assistant
 * gives an entity that it knew the state back that it had, and what matters is also the first press ever.
 */
export function neighbourOn(brokerUrl: string): Neighbour {
  const say = (topic: string, payload: string) =>
    publish(brokerUrl, ['-r', '-q', '1', '-t', `neighbour/${topic}`, '-m', payload]);
  const id = `neighbour_${Date.now()}`;
  const entity = (platform: string, name: string, rest: object) => ({
    platform,
    name,
    unique_id: `${id}_${name}`,
    default_entity_id: `${platform}.${id}_${name}`,
    // Before 2025.10.
    object_id: `${id}_${name}`,
    ...rest,
  });
  const announcement = {
    device: { identifiers: [id], name: 'Neighbour' },
    origin: { name: 'release-button test' },
    availability: [{ topic: 'neighbour/availability' }],
    components: {
      bell: entity('event', 'bell', { state_topic: 'neighbour/bell', event_types: ['single', 'long'] }),
      push: entity('button', 'push', { command_topic: 'neighbour/push' }),
      contact: entity('binary_sensor', 'contact', {
        state_topic: 'neighbour/contact',
        payload_on: 'on',
        payload_off: 'off',
      }),
      lamp: entity('light', 'lamp', {
        command_topic: 'neighbour/lamp/set',
        brightness_command_topic: 'neighbour/lamp/brightness',
      }),
    },
  };
  const announced = `homeassistant/device/${id}/config`;
  return {
    bell: `event.${id}_bell`,
    push: `button.${id}_push`,
    contact: `binary_sensor.${id}_contact`,
    lamp: `light.${id}_lamp`,
    event: (type) =>
      publish(brokerUrl, ['-q', '1', '-t', 'neighbour/bell', '-m', JSON.stringify({ event_type: type })]),
    contactIs: (state) => say('contact', state),
    is: (availability) => say('availability', availability),
    announce: () => publish(brokerUrl, ['-r', '-t', announced, '-m', JSON.stringify(announcement)]),
    remove: () => publish(brokerUrl, ['-r', '-n', '-t', announced]),
  };
}
