// The page lists exactly the rights that the announced entities need.
import { readFile } from 'node:fs/promises';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { agentDevice } from '../../home-assistant/agent-device.ts';
import { rightsPagePath, published, renderRights, subscribed } from '../../tools/home-assistant-rights.ts';
import { workerDevice } from '../../home-assistant/worker-device.ts';
import { channels } from '../../messages/all.ts';
import type { Discovery } from '../../messages/home-assistant.ts';
import {
  agents,
  agentOf,
  applicationOf,
  applicationsFor,
  workerOf,
  workers,
} from '../home-assistant/support/installations.ts';

/** The topics below the prefix that an entity publishes to or subscribes to. */
function topicsOf(discovery: Discovery): { readonly publish: Set<string>; readonly subscribe: Set<string> } {
  const topics = { publish: new Set<string>(), subscribe: new Set<string>() };
  const walk = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, inner] of Object.entries(value)) {
      if (typeof inner !== 'string') walk(inner);
      else if (name === 'topic' || name.endsWith('_topic'))
        (name === 'command_topic' ? topics.publish : topics.subscribe).add(inner.replace(/^P\//, ''));
    }
  };
  walk(discovery);
  return topics;
}

function rowsOf(topics: ReadonlySet<string>): Set<string> {
  return new Set(
    [...topics].map((topic) => {
      const row = Object.values(channels).find((channel) => channel.filter().match(topic) !== undefined);
      return row?.template ?? `no row of the contract: ${topic}`;
    }),
  );
}

const context = { ownVersion: '1', isSilent: false };
const templates = (rows: readonly { readonly template: string }[]) =>
  new Set(rows.map(({ template }) => template));

test('the page is current (otherwise: npm run generate)', async () => {
  const page = await readFile(new URL(`../../${rightsPagePath}`, import.meta.url), 'utf8');
  expect(renderRights(page)).toBe(page);
});

test('the announcements of any installation need only the rights on the page', () => {
  const devices = fc.oneof(
    agents.map((info) => agentDevice('P', info, context)),
    workers.chain((info) =>
      applicationsFor(
        info.worker,
        info.buttons.map(({ id }) => id),
      ).map((applications) => workerDevice('P', info, applications, context)),
    ),
  );
  fc.assert(
    fc.property(devices, (device) => {
      const { publish, subscribe } = topicsOf(device);
      for (const row of rowsOf(publish)) expect(templates(published)).toContain(row);
      for (const row of rowsOf(subscribe)) expect(templates(subscribed)).toContain(row);
    }),
  );
});

test('the usual installation needs all rights on the page', () => {
  const devices = [
    agentDevice('P', agentOf(), context),
    workerDevice('P', workerOf(), [applicationOf('shop')], context),
  ].map(topicsOf);
  expect(rowsOf(new Set(devices.flatMap(({ publish }) => [...publish])))).toEqual(templates(published));
  expect(rowsOf(new Set(devices.flatMap(({ subscribe }) => [...subscribe])))).toEqual(templates(subscribed));
});
