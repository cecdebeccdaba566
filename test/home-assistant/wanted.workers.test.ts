// Names, ids and commands of several workers and their lights. None can be mistaken for another.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wanted } from '../../home-assistant/wanted.ts';
import {
  agentOf,
  agents,
  announceableOf,
  applicationOf,
  applicationsFor,
  workerOf,
  workers,
} from './support/installations.ts';

function planned(options: Parameters<typeof announceableOf>[0], install?: boolean) {
  return wanted({
    prefix: 'release-button',
    announceable: announceableOf(options),
    config: {
      applications: [{ all: true }],
      maxApplications: 50,
      ...(install === undefined ? {} : { install }),
    },
    ownVersion: '0.1.0',
    packetMax: 262_144,
  }).devices;
}
const infoOf = (worker: string, options: Parameters<typeof workerOf>[0] = {}) =>
  workerOf({ worker, buttons: [{ id: worker, on: { press: 'release' } }], ...options });
const namesOf = (devices: ReturnType<typeof planned>) =>
  [...devices.values()].map(({ device }): unknown => Reflect.get(Object(device), 'name'));

describe('with two workers', () => {
  test('the devices are called by their titles, and also by their ids if the titles are the same', () => {
    const title = 'Shop';
    expect(
      namesOf(planned({ workers: [infoOf('staging', { title }), infoOf('production', { title: 'Bank' })] })),
    ).toEqual(['Bank', 'Shop']);
    expect(
      namesOf(
        planned({
          workers: [infoOf('staging', { title, simulated: true }), infoOf('production', { title })],
        }),
      ),
    ).toEqual(['Shop (production)', 'Shop (staging, simulated)']);
    expect(namesOf(planned({ workers: [infoOf('staging'), infoOf('main')] }))).toEqual([
      'Release worker',
      'Release worker staging',
    ]);
  });

  test('the switch of each worker freezes only that worker, and has the topic for a freeze with a reason', () => {
    const devices = planned({ workers: [infoOf('staging'), infoOf('production')] });
    for (const worker of ['staging', 'production']) {
      const topic = `release-button/worker/${worker}/freeze/set`;
      const { freeze, [`freeze_${worker}`]: ofButton } =
        devices.get(`release-button_worker_${worker}`)?.components ?? {};
      expect(freeze).toMatchObject({ command_topic: topic });
      expect(ofButton).toMatchObject({ command_topic: topic });
      expect(freeze?.['json_attributes_template']).toContain(`'command_topic': '${topic}'`);
    }
  });

  test('Install is offered for a simulated worker, and not for a real worker beside it', () => {
    const devices = planned({
      workers: [infoOf('staging', { simulated: true }), infoOf('production')],
      applications: ['staging', 'production'].map((worker) =>
        applicationOf('shop', { worker, buttons: [worker] }),
      ),
    });
    const update = (worker: string) =>
      devices.get(`release-button_worker_${worker}`)?.components['app_argocd_shop'];
    expect(update('staging')).toMatchObject({ command_topic: 'release-button/button/staging/press' });
    expect(update('production')).not.toHaveProperty('command_topic');
    expect(update('production')).toMatchObject({
      state_topic: 'release-button/worker/production/app/argocd/shop',
      default_entity_id: 'update.release_button_production_shop',
    });
  });

  test('Install of an application presses no button for which the other worker answers', () => {
    const sharedButton = { buttons: [{ id: 'main', on: { press: 'release' as const } }] };
    const devices = planned(
      {
        workers: [infoOf('staging', sharedButton), infoOf('production', sharedButton)],
        applications: ['staging', 'production'].map((worker) => applicationOf('shop', { worker })),
      },
      true,
    );
    const update = (worker: string) =>
      devices.get(`release-button_worker_${worker}`)?.components['app_argocd_shop'];
    expect(update('production')).toHaveProperty('command_topic');
    expect(update('staging')).not.toHaveProperty('command_topic');
  });

  test('entities that would ask for the same id get longer ids', () => {
    const devices = planned({
      workers: [infoOf('main'), infoOf('staging')],
      applications: [
        applicationOf('staging-web', { worker: 'main' }),
        applicationOf('web', { worker: 'staging', buttons: ['staging'] }),
        applicationOf('api', { worker: 'staging', buttons: ['staging'] }),
      ],
    });
    const updates = [...devices.values()].flatMap(({ components }) =>
      Object.values(components).flatMap((component) =>
        component.platform === 'update' ? [component['default_entity_id']] : [],
      ),
    );
    expect(updates).toEqual([
      'update.release_button_worker_main_app_argocd_staging_web',
      'update.release_button_staging_api',
      'update.release_button_worker_staging_app_argocd_web',
    ]);
  });

  test('no entity has the unique id of another or asks for its entity id, whatever the names are', () => {
    const byId = fc.uniqueArray(
      workers.chain((info) =>
        fc.record({
          info: fc.constant(info),
          applications: applicationsFor(
            info.worker,
            info.buttons.map(({ id }) => id),
          ),
        }),
      ),
      { selector: ({ info }) => info.worker, maxLength: 3 },
    );
    const panels = fc.uniqueArray(agents, { selector: ({ agent }) => agent, maxLength: 2 });
    fc.assert(
      fc.property(byId, panels, (workerPlans, agentInfos) => {
        const devices = planned({
          agents: agentInfos,
          workers: workerPlans.map(({ info }) => info),
          applications: workerPlans.flatMap(({ applications }) => applications),
        });
        const components = [...devices.values()].flatMap((device) =>
          Object.values(device.components).filter(({ platform }) => platform !== 'device_automation'),
        );
        const uniqueIds = components.map((component) => String(component['unique_id']));
        expect(new Set(uniqueIds).size).toBe(uniqueIds.length);
        const entityIds = components.map((component) => component['default_entity_id']);
        expect(new Set(entityIds).size).toBe(entityIds.length);
      }),
    );
  });
});

describe('the lights of a panel', () => {
  const lights = (info: Parameters<typeof agentOf>[0]) =>
    Object.values(
      planned({ agents: [agentOf(info)] }).get('release-button_agent_main')?.components ?? {},
    ).flatMap((component) =>
      component.platform === 'light' ? [[component['default_entity_id'], component['name']].join(' ')] : [],
    );
  const gestures = ['press' as const];

  test('are named after the buttons whose signals they show, whatever their own ids are', () => {
    expect(
      lights({
        buttons: [
          { id: 'staging', gestures, holdMs: 1000 },
          { id: 'production', title: 'Release to production', gestures, holdMs: 1000 },
        ],
        leds: [
          { id: 'green', follows: 'staging' },
          { id: 'red', follows: 'production' },
          { id: 'hall', follows: 'elsewhere' },
        ],
      }),
    ).toEqual([
      'light.release_button_light_green Light staging',
      'light.release_button_light_red Release to production: light',
      'light.release_button_light_hall Light elsewhere',
    ]);
  });

  test('are named after their own ids if two of them show the same signal', () => {
    expect(
      lights({
        leds: [
          { id: 'panel', follows: 'main' },
          { id: 'desk', follows: 'main' },
        ],
      }),
    ).toEqual(['light.release_button_light_panel Light panel', 'light.release_button_light_desk Light desk']);
  });
});
