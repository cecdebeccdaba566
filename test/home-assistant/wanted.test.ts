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
  found: Wanted,
  device: string,
  key: string,
): Readonly<Record<string, unknown>> | undefined {
  return found.devices.get(device)?.components[key];
}

const updates = (found: Wanted, device = 'release-button_worker_main') =>
  Object.entries(found.devices.get(device)?.components ?? {}).flatMap(([key, { platform }]) =>
    platform === 'update' ? [key] : [],
  );

const sizeOf = (found: Wanted) =>
  Buffer.byteLength(JSON.stringify(found.devices.get('release-button_worker_main')));

describe('devices', () => {
  test('there is one for each agent and each worker', () => {
    expect([...plan([]).devices.keys()]).toEqual(['release-button_agent_main', 'release-button_worker_main']);
  });

  test('of the usual installation the entities have these names, ids and categories', () => {
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

  test('ids of their own and titles stand in names, and ids in entity ids', () => {
    const found = plan([], {
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
    const of = (key: string) => component(found, 'release-button_worker_office', key);
    expect(of('release_shop')).toMatchObject({
      name: 'Release shop',
      default_entity_id: 'button.release_button_office_release_shop',
    });
    expect(of('release_bank')).toMatchObject({
      name: 'Release the bank',
      default_entity_id: 'button.release_button_office_release_bank',
    });
    expect(of('signal_bank')).toMatchObject({ name: 'Release the bank: signal' });
    expect(of('rollback_bank')).toMatchObject({
      name: 'Release the bank: roll back',
      enabled_by_default: false,
    });
    expect(of('rollback_shop')).toBeUndefined();
  });

  test.each<[string, { readonly prefix?: string; readonly info?: Partial<WorkerInfo> }]>([
    ['Release worker', {}],
    ['Release worker office', { info: { worker: 'office' } }],
    ['Release worker (staging/release-button)', { prefix: 'staging/release-button' }],
    ['Release worker (staging, simulated)', { prefix: 'staging', info: { simulated: true } }],
    ['Releases to staging', { prefix: 'staging', info: { title: 'Releases to staging', worker: 'office' } }],
    ['Mine (simulated)', { info: { title: 'Mine', simulated: true } }],
  ])(
    'is called %s where it can be told from others by that',
    (name, { prefix = 'release-button', info = {} }) => {
      const device = workerDevice(prefix, workerOf(info), [], { ownVersion: '1', isSilent: false });
      expect(device).toMatchObject({ device: { name, hw_version: 'here' } });
    },
  );

  test('an agent is named by its title too', () => {
    const device = agentDevice('release-button', agentOf({ title: 'In the hall' }), {
      ownVersion: '1',
      isSilent: false,
    });
    expect(device).toMatchObject({ device: { name: 'In the hall', hw_version: 'here' } });
  });

  test('a simulated one says so in its name', () => {
    const found = plan([], { workers: [workerOf({ simulated: true })] });
    expect(found.devices.get('release-button_worker_main')).toMatchObject({
      device: { name: 'Release worker (simulated)' },
    });
  });

  test('a press is in the gesture that releases', () => {
    const buttons: WorkerInfo['buttons'] = [{ id: 'main', on: { press: 'refresh', hold: 'release' } }];
    const found = plan([applicationOf('shop')], { workers: [workerOf({ buttons })], install: true });
    const of = (key: string) => component(found, 'release-button_worker_main', key);
    expect(of('release_main')?.['command_template']).toContain('"gesture":"hold"');
    expect(of('refresh_main')?.['command_template']).toContain('"gesture":"press"');
    expect(JSON.parse(String(of('app_argocd_shop')?.['payload_install']))).toEqual({
      gesture: 'hold',
      source: 'home-assistant',
      only: ['argocd/shop'],
    });
  });
});

describe('Install, which releases with one click', () => {
  test.each([
    ['not there where Argo CD is real', false, undefined, false],
    ['there where it is simulated', true, undefined, true],
    ['there where somebody has said so', false, true, true],
    ['not there where somebody has said so', true, false, false],
  ])('is %s', (_, simulated, install, there) => {
    const workers = [workerOf({ simulated })];
    const found = plan([applicationOf('shop')], { workers, ...(install === undefined ? {} : { install }) });
    const update = component(found, 'release-button_worker_main', 'app_argocd_shop');
    expect(Object.keys(update ?? {})).toContain('state_topic');
    expect(Object.keys(update ?? {}).filter((key) => /^(command_topic|payload_install)$/.test(key))).toEqual(
      there ? ['command_topic', 'payload_install'] : [],
    );
  });
});

describe('an entity is available', () => {
  const topics = (of: Readonly<Record<string, unknown>> | undefined): readonly unknown[] => {
    const list: unknown = of?.['availability'];
    return Array.isArray(list) ? list.map((item): unknown => Reflect.get(Object(item), 'topic')) : [];
  };
  const worker = 'release-button/worker/main/availability';
  const found = plan([applicationOf('shop')]);
  const of = (key: string) => topics(component(found, 'release-button_worker_main', key));

  test('while its process is online, unless it says more', () => {
    expect(topics(found.devices.get('release-button_worker_main'))).toEqual([worker]);
    expect(topics(found.devices.get('release-button_agent_main'))).toEqual([
      'release-button/agent/main/availability',
    ]);
    for (const key of ['release_main', 'signal_main', 'result_main', 'argocd', 'last-release', 'freeze'])
      expect(of(key)).toEqual([]);
  });

  test('only while Argo CD is known too, where it is about what Argo CD says', () => {
    for (const key of ['drift', 'out-of-sync', 'oldest-drift'])
      expect(of(key)).toEqual([worker, 'release-button/worker/main/drift']);
  });

  test('only while Argo CD can compare it, where it is an application', () => {
    expect(of('app_argocd_shop')).toEqual([
      worker,
      'release-button/worker/main/drift',
      'release-button/worker/main/app/argocd/shop',
    ]);
  });
});

describe('what is published', () => {
  const of = (key: string) => component(plan([]), 'release-button_worker_main', key);

  test('by Release is a press with an id, with the time of its making, and with a source', () => {
    const made = String(of('release_main')?.['command_template'])
      .replace('{{ (utcnow().timestamp() * 1000000) | int }}', '1795792203468036')
      .replace('{{ utcnow().isoformat() }}', '2026-11-27T15:10:03.468036+00:00');
    expect(buttonPress.codec.decode(Buffer.from(made))).toEqual({
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
  ])('by %s is a freeze with who, of what it is for', (key, button) => {
    for (const [payload, frozen] of [
      ['payload_on', true],
      ['payload_off', false],
    ] as const)
      expect(freezeSet.codec.decode(Buffer.from(String(of(key)?.[payload])))).toEqual({
        ok: true,
        value: { frozen, by: 'Home Assistant', ...button },
      });
  });
});

describe('applications', () => {
  test('are the first by namespace and name, and those that are left out are counted', () => {
    const found = plan(
      ['d', 'b', 'c', 'a'].map((name) => applicationOf(name)),
      { max: 3 },
    );
    expect(updates(found)).toEqual(['app_argocd_a', 'app_argocd_b', 'app_argocd_c']);
    expect(found.leftOut).toBe(1);
  });

  test('all that there may be fit into the largest message that the embedded broker takes by default', () => {
    const name = (index: number) => `team-of-the-storefront-production-eu-central-1-checkout-${index}`;
    const found = plan(
      Array.from({ length: 100 }, (_, index) =>
        applicationOf(name(index), { namespace: 'argocd-applications' }),
      ),
      { max: 100 },
    );
    expect(found).toMatchObject({ leftOut: 0, noRoom: 0 });
    expect(updates(found)).toHaveLength(100);
  });

  test('that would make the message too large for the broker are left out, the last by name first, and counted', () => {
    // As long as Kubernetes lets them be.
    const apps = ['a', 'b', 'c', 'd', 'e'].map((letter) => applicationOf(letter.repeat(253)));
    const one = sizeOf(plan(apps.slice(0, 1)));
    const each = sizeOf(plan(apps.slice(0, 2))) - one;
    const found = plan(apps, { packetMax: 8_192 + one + 2 * each + 10 });
    expect(updates(found)).toEqual(apps.slice(0, 3).map(({ name }) => `app_argocd_${name}`));
    expect(found.noRoom).toBe(2);
    expect(sizeOf(found)).toBe(one + 2 * each);
    // What there is no room for whatever is left out is for the broker to refuse.
    expect(plan(apps, { packetMax: 1_024 })).toMatchObject({ noRoom: 5 });
  });

  test('are those that fit one of the selections', () => {
    const apps = [
      applicationOf('a', { project: 'shop' }),
      applicationOf('b', { project: 'bank' }),
      applicationOf('c', { project: 'bank', labels: { team: 'web' } }),
    ];
    const found = plan(apps, { select: [{ projects: ['shop'] }, { labels: { team: 'web' } }] });
    expect(updates(found)).toEqual(['app_argocd_a', 'app_argocd_c']);
    expect(found.leftOut).toBe(0);
  });

  test('none is there that no button releases', () => {
    const refreshing = workerOf({ buttons: [{ id: 'main', on: { press: 'refresh' } }] });
    expect(updates(plan([applicationOf('a', { buttons: [] })]))).toEqual([]);
    expect(updates(plan([applicationOf('a')], { workers: [refreshing] }))).toEqual([]);
    expect(updates(plan([applicationOf('a', { buttons: ['gone'] })]))).toEqual([]);
  });

  test('each is pressed at the first button, as the worker has them, that releases it', () => {
    const buttons: WorkerInfo['buttons'] = [
      { id: 'looks', on: { press: 'refresh' } },
      { id: 'all', on: { press: 'release' } },
      { id: 'web', on: { press: 'release' } },
    ];
    const app = applicationOf('a', { buttons: ['web', 'looks', 'all'] });
    const found = plan([app], { workers: [workerOf({ buttons })], install: true });
    expect(component(found, 'release-button_worker_main', 'app_argocd_a')).toMatchObject({
      command_topic: 'release-button/button/all/press',
    });
  });

  test('each is with the worker whose button releases it', () => {
    const at = (worker: string, id: string) =>
      workerOf({ worker, buttons: [{ id, on: { press: 'release' } }] });
    const found = plan([applicationOf('a', { worker: 'two', buttons: ['two'] })], {
      workers: [at('one', 'one'), at('two', 'two')],
    });
    expect(updates(found, 'release-button_worker_one')).toEqual([]);
    expect(updates(found, 'release-button_worker_two')).toEqual(['app_argocd_a']);
  });

  test('of one name in two namespaces both are called with their namespace', () => {
    const found = plan([
      applicationOf('web'),
      applicationOf('web', { namespace: 'team-a' }),
      applicationOf('api', { namespace: 'team-a' }),
    ]);
    const names = updates(found).map((key) => {
      const { name, default_entity_id: id } = component(found, 'release-button_worker_main', key) ?? {};
      return [name, id];
    });
    expect(names).toEqual([
      ['argocd/web', 'update.release_button_web'],
      ['api', 'update.release_button_team_a_api'],
      ['team-a/web', 'update.release_button_team_a_web'],
    ]);
  });
});
