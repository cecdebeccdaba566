// What a test borrows from Home Assistant and gives back: blueprints, automations, helpers and a device of another maker.
import { readFileSync, readdirSync } from 'node:fs';
import * as z from 'zod/mini';
import { publish, publishJson } from '../../support/processes.ts';
import { until } from '../../support/wait.ts';
import type { HomeAssistant } from './client.ts';

const folder = new URL('../../../home-assistant/blueprints/', import.meta.url);
const listSchema = z.record(z.string(), z.looseObject({ error: z.exactOptional(z.string()) }));
const helpersSchema = z.array(z.looseObject({ id: z.string(), name: z.string() }));

/** The path of a blueprint in Home Assistant, as if a user had copied the folder there. */
const pathOf = (file: string) => `release-button/${file}`;

/** @returns the fault that Home Assistant finds in each file; undefined if it accepts the file */
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
  const blueprints = listSchema.parse(await home.command('blueprint/list', { domain: 'automation' }));
  return Object.fromEntries(
    files.map((file) => {
      const listed = blueprints[pathOf(file)];
      return [file, listed === undefined ? 'it is not listed' : listed.error];
    }),
  );
}

export interface Automation {
  readonly entity: string;
  /** When the automation last ran; undefined if it never ran. */
  lastRun(): Promise<unknown>;
  turn(service: 'turn_on' | 'turn_off'): Promise<void>;
}

/**
 * Makes an automation from a blueprint, as the editor does.
 * @param which distinguishes another automation from the same blueprint
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
  // Home Assistant remembers that an automation of an earlier run was turned off.
  await turn('turn_on');
  await home.shows(entity, 'on');
  return {
    entity,
    lastRun: async () => (await home.state(entity))?.attributes['last_triggered'] ?? undefined,
    turn,
  };
}

/** Makes a helper as people do in the settings, or uses the helper of an earlier run. */
export async function borrowHelper(
  home: HomeAssistant,
  domain: 'input_button' | 'input_boolean',
): Promise<string> {
  const name = 'release-button test';
  const helpers = helpersSchema.parse(await home.command(`${domain}/list`));
  if (!helpers.some((helper) => helper.name === name)) await home.command(`${domain}/create`, { name });
  const entity = `${domain}.release_button_test`;
  await until(entity, async () => (await home.state(entity)) !== undefined);
  return entity;
}

export interface Calendar {
  readonly entity: string;
  /** Begins a day off a minute ago. It lasts until tomorrow. */
  beginHoliday(): Promise<void>;
  /** Ends the day off by deleting its entry. */
  endHoliday(): Promise<void>;
}

const calendarName = 'release-button test';
const eventsSchema = z.array(z.looseObject({ uid: z.string() }));

/** Makes a local calendar as people do in the settings. */
export async function borrowCalendar(home: HomeAssistant): Promise<Calendar> {
  const entity = 'calendar.release_button_test';
  if ((await home.state(entity)) === undefined) {
    const { flow_id: flow, data_schema: fields } = z
      .looseObject({ flow_id: z.string(), data_schema: z.array(z.looseObject({ name: z.string() })) })
      .parse(await home.post('/api/config/config_entries/flow', { handler: 'local_calendar' }));
    // Since 2025 the form asks whether to import a file.
    const asksForImport = fields.some(({ name }) => name === 'import');
    await home.post(`/api/config/config_entries/flow/${flow}`, {
      calendar_name: calendarName,
      ...(asksForImport ? { import: 'create_empty' } : {}),
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

/** Leaves a scene behind, as an automation does that is changed while the lamp flashes. */
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
  /** Publishes an event of the event entity. */
  event(type: string): void;
  contactIs(state: 'on' | 'off'): void;
  is(availability: 'online' | 'offline'): void;
  announce(): void;
  remove(): void;
}

/**
 * Makes a device of another maker on the same broker, with a button of each kind and a lamp. Its id is always new,
 * because Home Assistant restores the state of an entity that it knew, and tests need the first press ever.
 */
export function neighbourOn(brokerUrl: string): Neighbour {
  const publishRetained = (topic: string, payload: string) =>
    publish(brokerUrl, ['-r', '-q', '1', '-t', `neighbour/${topic}`, '-m', payload]);
  const id = `neighbour_${Date.now()}`;
  const entity = (platform: string, name: string, rest: object) => ({
    platform,
    name,
    unique_id: `${id}_${name}`,
    default_entity_id: `${platform}.${id}_${name}`,
    // For Home Assistant before 2025.10.
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
    event: (type) => publishJson(brokerUrl, 'neighbour/bell', { event_type: type }),
    contactIs: (state) => publishRetained('contact', state),
    is: (availability) => publishRetained('availability', availability),
    announce: () => publish(brokerUrl, ['-r', '-t', announced, '-m', JSON.stringify(announcement)]),
    remove: () => publish(brokerUrl, ['-r', '-n', '-t', announced]),
  };
}
