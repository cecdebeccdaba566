import { describe, expect, test } from 'vitest';
import type { Application } from '../../home-assistant/worker-application.ts';
import { agentDevice } from '../../home-assistant/agent-device.ts';
import { wanted, type Wanted } from '../../home-assistant/wanted.ts';
import { workerDevice } from '../../home-assistant/worker-device.ts';
import type { AgentInfo } from '../../messages/agent.ts';
import { freezeSet } from '../../messages/freeze.ts';
import { buttonPress } from '../../messages/press.ts';
import type { WorkerInfo } from '../../messages/worker.ts';
import { agentOf, announceableOf, applicationOf, workerOf } from './support/installations.ts';

type Select = Parameters<typeof wanted>[0]['config']['applications'];

function plan(
  applications: readonly Application[],
  options: {
    readonly max?: number;
    readonly select?: Select;
    readonly workers?: readonly WorkerInfo[];
    readonly agents?: readonly AgentInfo[];
    readonly offline?: readonly string[];
    readonly silent?: string;
    readonly packetMax?: number;
    readonly install?: boolean;
  } = {},
): Wanted {
  return wanted({
    prefix: 'release-button',
    announceable: announceableOf({
      agents: options.agents ?? [agentOf()],
      workers: options.workers ?? [workerOf()],
      applications,
      silent: options.silent,
      offline: options.offline ?? [],
    }),
    config: {
      applications: options.select ?? [{ all: true }],
      maxApplications: options.max ?? 50,
      ...(options.install === undefined ? {} : { install: options.install }),
    },
    ownVersion: '0.1.0',
    packetMax: options.packetMax ?? 262_144,
  });
}

function component(
  result: Wanted,
  device: string,
  key: string,
): Readonly<Record<string, unknown>> | undefined {
  return result.devices.get(device)?.components[key];
}

const updates = (result: Wanted, device = 'release-button_worker_main') =>
  Object.entries(result.devices.get(device)?.components ?? {}).flatMap(([key, { platform }]) =>
    platform === 'update' ? [key] : [],
  );

const sizeOf = (result: Wanted) =>
  Buffer.byteLength(JSON.stringify(result.devices.get('release-button_worker_main')));

describe('the planned devices', () => {
  test('are one for each agent and each worker', () => {
    expect([...plan([]).devices.keys()]).toEqual(['release-button_agent_main', 'release-button_worker_main']);
  });

  test('of the usual installation have entities with these names, ids and categories', () => {
    const rows = [...plan([applicationOf('shop')]).devices.values()].flatMap(({ components }) =>
      Object.values(components).flatMap((entity) =>
        entity.platform === 'device_automation'
          ? [[entity.platform, entity['type'], entity['subtype']].join(' ')]
          : [
              [
                entity['default_entity_id'],
                `"${String(entity['name'])}"`,
                entity['device_class'] ?? '-',
                entity['entity_category'] ?? '-',
                entity['enabled_by_default'] === false ? 'disabled' : 'enabled',
              ].join(' '),
            ],
      ),
    );
    expect(rows).toEqual([
      'event.release_button_press "Press" button - enabled',
      'binary_sensor.release_button_stuck "Stuck" problem diagnostic enabled',
      'device_automation button_short_press main',
      'light.release_button_light "Light" - config enabled',
      'button.release_button_identify "Identify" identify config enabled',
      'button.release_button_release "Release" - - enabled',
      'sensor.release_button_signal "Signal" enum - enabled',
      'event.release_button_press_result "Press result" - diagnostic enabled',
      'switch.release_button_freeze_button "Freeze button" - - disabled',
      'binary_sensor.release_button_drift "Drift" problem - enabled',
      'sensor.release_button_out_of_sync "Out of sync" - - enabled',
      'sensor.release_button_oldest_drift "Oldest drift" timestamp - enabled',
      'binary_sensor.release_button_argo_cd "Argo CD" connectivity diagnostic enabled',
      'sensor.release_button_last_release "Last release" timestamp - enabled',
      'event.release_button_releases "Releases" - - enabled',
      'switch.release_button_freeze "Freeze" - - enabled',
      'update.release_button_shop "shop" - config enabled',
    ]);
  });

  test('have their own ids and titles in names, and ids in entity ids', () => {
    const result = plan([], {
      workers: [
        workerOf({
          worker: 'office',
          buttons: [
            { id: 'shop', on: { press: 'release' } },
            {
              id: 'bank',
              title: 'Release the bank',
              on: { hold: 'release', double: 'rollback' },
            },
          ],
        }),
      ],
    });
    const componentOf = (key: string) => component(result, 'release-button_worker_office', key);
    expect(componentOf('release_shop')).toMatchObject({
      name: 'Release shop',
      default_entity_id: 'button.release_button_office_release_shop',
    });
    expect(componentOf('release_bank')).toMatchObject({
      name: 'Release the bank',
      default_entity_id: 'button.release_button_office_release_bank',
    });
    expect(componentOf('signal_bank')).toMatchObject({ name: 'Release the bank: signal' });
    expect(componentOf('rollback_bank')).toMatchObject({
      name: 'Release the bank: roll back',
      enabled_by_default: false,
    });
    expect(componentOf('rollback_shop')).toBeUndefined();
  });

  test.each<[string, { readonly prefix?: string; readonly info?: Partial<WorkerInfo> }]>([
    ['Release worker', {}],
    ['Release worker office', { info: { worker: 'office' } }],
    ['Release worker (staging/release-button)', { prefix: 'staging/release-button' }],
    ['Release worker (staging, simulated)', { prefix: 'staging', info: { simulated: true } }],
    ['Releases to staging', { prefix: 'staging', info: { title: 'Releases to staging', worker: 'office' } }],
    ['Mine (simulated)', { info: { title: 'Mine', simulated: true } }],
  ])(
    'are called %s if that distinguishes a worker from others',
    (name, { prefix = 'release-button', info = {} }) => {
      const device = workerDevice(prefix, workerOf(info), [], { ownVersion: '1', isSilent: false });
      expect(device).toMatchObject({ device: { name, hw_version: 'here' } });
    },
  );

  test('are named by the title of an agent too', () => {
    const device = agentDevice('release-button', agentOf({ title: 'In the hall' }), {
      ownVersion: '1',
      isSilent: false,
    });
    expect(device).toMatchObject({ device: { name: 'In the hall', hw_version: 'here' } });
  });

  test('say in their name that they are simulated', () => {
    const result = plan([], { workers: [workerOf({ simulated: true })] });
    expect(result.devices.get('release-button_worker_main')).toMatchObject({
      device: { name: 'Release worker (simulated)' },
    });
  });

  test('press with the gesture that releases', () => {
    const buttons: WorkerInfo['buttons'] = [{ id: 'main', on: { press: 'refresh', hold: 'release' } }];
    const result = plan([applicationOf('shop')], { workers: [workerOf({ buttons })], install: true });
    const componentOf = (key: string) => component(result, 'release-button_worker_main', key);
    expect(componentOf('release_main')?.['command_template']).toContain('"gesture":"hold"');
    expect(componentOf('refresh_main')?.['command_template']).toContain('"gesture":"press"');
    expect(JSON.parse(String(componentOf('app_argocd_shop')?.['payload_install']))).toEqual({
      gesture: 'hold',
      source: 'home-assistant',
      only: ['argocd/shop'],
    });
  });
});

describe('Install, which releases with one click,', () => {
  test.each([
    ['not offered if Argo CD is real', false, undefined, false],
    ['offered if Argo CD is simulated', true, undefined, true],
    ['offered if the configuration says so', false, true, true],
    ['not offered if the configuration says so', true, false, false],
  ])('is %s', (_, simulated, install, isOffered) => {
    const workers = [workerOf({ simulated })];
    const result = plan([applicationOf('shop')], { workers, ...(install === undefined ? {} : { install }) });
    const update = component(result, 'release-button_worker_main', 'app_argocd_shop');
    expect(Object.keys(update ?? {})).toContain('state_topic');
    expect(Object.keys(update ?? {}).filter((key) => /^(command_topic|payload_install)$/.test(key))).toEqual(
      isOffered ? ['command_topic', 'payload_install'] : [],
    );
  });
});

describe('an entity is available', () => {
  const topics = (entity: Readonly<Record<string, unknown>> | undefined): readonly unknown[] => {
    const list: unknown = entity?.['availability'];
    return Array.isArray(list) ? list.map((item): unknown => Reflect.get(Object(item), 'topic')) : [];
  };
  const worker = 'release-button/worker/main/availability';
  const result = plan([applicationOf('shop')]);
  const availabilityOf = (key: string) => topics(component(result, 'release-button_worker_main', key));

  test('while its process is online, and for most entities nothing else is needed', () => {
    expect(topics(result.devices.get('release-button_worker_main'))).toEqual([worker]);
    expect(topics(result.devices.get('release-button_agent_main'))).toEqual([
      'release-button/agent/main/availability',
    ]);
    for (const key of ['release_main', 'signal_main', 'result_main', 'argocd', 'last-release', 'freeze'])
      expect(availabilityOf(key)).toEqual([]);
  });

  test('only while the state of Argo CD is known, if it shows that state', () => {
    for (const key of ['drift', 'out-of-sync', 'oldest-drift'])
      expect(availabilityOf(key)).toEqual([worker, 'release-button/worker/main/drift']);
  });

  test('only while Argo CD can compare it, if it is an application', () => {
    expect(availabilityOf('app_argocd_shop')).toEqual([
      worker,
      'release-button/worker/main/drift',
      'release-button/worker/main/app/argocd/shop',
    ]);
  });
});

describe('the message that is published', () => {
  const componentOf = (key: string) => component(plan([]), 'release-button_worker_main', key);

  test('by Release is a press with an id, with the time at which it was made, and with a source', () => {
    const payload = String(componentOf('release_main')?.['command_template'])
      .replace('{{ (utcnow().timestamp() * 1000000) | int }}', '1795792203468036')
      .replace('{{ utcnow().isoformat() }}', '2026-11-27T15:10:03.468036+00:00');
    expect(buttonPress.codec.decode(Buffer.from(payload))).toEqual({
      ok: true,
      value: {
        id: 'ha-1795792203468036',
        at: '2026-11-27T15:10:03.468036+00:00',
        gesture: 'press',
        source: 'home-assistant',
      },
    });
  });

  test.each([
    ['freeze', {}],
    ['freeze_main', { button: 'main' }],
  ])('by %s is a freeze with a person, and with the button if it is for one', (key, button) => {
    for (const [payload, frozen] of [
      ['payload_on', true],
      ['payload_off', false],
    ] as const)
      expect(freezeSet.codec.decode(Buffer.from(String(componentOf(key)?.[payload])))).toEqual({
        ok: true,
        value: { frozen, by: 'Home Assistant', ...button },
      });
  });
});

describe('applications', () => {
  test('are the first by namespace and name, and the others are counted', () => {
    const result = plan(
      ['d', 'b', 'c', 'a'].map((name) => applicationOf(name)),
      { max: 3 },
    );
    expect(updates(result)).toEqual(['app_argocd_a', 'app_argocd_b', 'app_argocd_c']);
    expect(result.leftOut).toBe(1);
  });

  test('fit all into the largest message that the embedded broker accepts by default', () => {
    const name = (index: number) => `team-of-the-storefront-production-eu-central-1-checkout-${index}`;
    const result = plan(
      Array.from({ length: 100 }, (_, index) =>
        applicationOf(name(index), { namespace: 'argocd-applications' }),
      ),
      { max: 100 },
    );
    expect(result).toMatchObject({ leftOut: 0, noRoom: 0 });
    expect(updates(result)).toHaveLength(100);
  });

  test('that would make the message too large for the broker are left out, the last by name first, and counted', () => {
    // As long as Kubernetes allows.
    const apps = ['a', 'b', 'c', 'd', 'e'].map((letter) => applicationOf(letter.repeat(253)));
    const oneSize = sizeOf(plan(apps.slice(0, 1)));
    const each = sizeOf(plan(apps.slice(0, 2))) - oneSize;
    const result = plan(apps, { packetMax: 8_192 + oneSize + 2 * each + 10 });
    expect(updates(result)).toEqual(apps.slice(0, 3).map(({ name }) => `app_argocd_${name}`));
    expect(result.noRoom).toBe(2);
    expect(sizeOf(result)).toBe(oneSize + 2 * each);
    // If the message is too large without any application, the broker will refuse it.
    expect(plan(apps, { packetMax: 1_024 })).toMatchObject({ noRoom: 5 });
  });

  test('are those that match one of the selections', () => {
    const apps = [
      applicationOf('a', { project: 'shop' }),
      applicationOf('b', { project: 'bank' }),
      applicationOf('c', { project: 'bank', labels: { team: 'web' } }),
    ];
    const result = plan(apps, { select: [{ projects: ['shop'] }, { labels: { team: 'web' } }] });
    expect(updates(result)).toEqual(['app_argocd_a', 'app_argocd_c']);
    expect(result.leftOut).toBe(0);
  });

  test('are not there if no button releases them', () => {
    const refreshing = workerOf({ buttons: [{ id: 'main', on: { press: 'refresh' } }] });
    expect(updates(plan([applicationOf('a', { buttons: [] })]))).toEqual([]);
    expect(updates(plan([applicationOf('a')], { workers: [refreshing] }))).toEqual([]);
    expect(updates(plan([applicationOf('a', { buttons: ['gone'] })]))).toEqual([]);
  });

  test('are each pressed at the first button that releases them, in the order of the worker', () => {
    const buttons: WorkerInfo['buttons'] = [
      { id: 'looks', on: { press: 'refresh' } },
      { id: 'all', on: { press: 'release' } },
      { id: 'web', on: { press: 'release' } },
    ];
    const app = applicationOf('a', { buttons: ['web', 'looks', 'all'] });
    const result = plan([app], { workers: [workerOf({ buttons })], install: true });
    expect(component(result, 'release-button_worker_main', 'app_argocd_a')).toMatchObject({
      command_topic: 'release-button/button/all/press',
    });
  });

  test('are each at the worker whose button releases them', () => {
    const at = (worker: string, id: string) =>
      workerOf({ worker, buttons: [{ id, on: { press: 'release' } }] });
    const result = plan([applicationOf('a', { worker: 'two', buttons: ['two'] })], {
      workers: [at('one', 'one'), at('two', 'two')],
    });
    expect(updates(result, 'release-button_worker_one')).toEqual([]);
    expect(updates(result, 'release-button_worker_two')).toEqual(['app_argocd_a']);
  });

  test('of one name in two namespaces are both called with their namespace', () => {
    const result = plan([
      applicationOf('web'),
      applicationOf('web', { namespace: 'team-a' }),
      applicationOf('api', { namespace: 'team-a' }),
    ]);
    const names = updates(result).map((key) => {
      const { name, default_entity_id: id } = component(result, 'release-button_worker_main', key) ?? {};
      return [name, id];
    });
    expect(names).toEqual([
      ['argocd/web', 'update.release_button_web'],
      ['api', 'update.release_button_team_a_api'],
      ['team-a/web', 'update.release_button_team_a_web'],
    ]);
  });
});
