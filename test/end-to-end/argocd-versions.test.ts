// The main paths with the oldest and with the newest supported Argo CD, with real processes.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { doctor, environment, startBroker, startArgoCd } from '../support/doctor.ts';
import { startSeparately, type SeparateInstallation } from '../support/installation.ts';
import { createWorkplace, publish, type Workplace } from '../support/processes.ts';
import { hasMosquitto } from '../support/programs.ts';
import { until } from '../support/wait.ts';

const signalSchema = z.object({ signal: z.string() });

const newest = '3.6.0';
const versions = ['2.14.21', newest];

const commit = (digit: number) => ({
  revision: String(digit).repeat(40),
  author: 'Robin Reviewer <robin@example.com>',
  date: '2026-01-01T00:00:00Z',
  message: `change ${digit}`,
});
const url = (name: string) => `https://git.example/${name}.git`;
const source = (name: string) => ({ repoURL: url(name), path: '.', targetRevision: 'main' });
const app = (name: string, otherMembers: object = {}) => ({
  name,
  source: source(name),
  resources: [{ kind: 'ConfigMap', name }],
  ...otherMembers,
});
const oneBehind = { deployed: [commit(1).revision] };
const world = {
  repositories: ['shop', 'catalog', 'values', 'gated', 'elsewhere', 'migrate'].map((name) => ({
    url: url(name),
    commits: [commit(1), commit(2)],
  })),
  projects: [
    { name: 'default' },
    { name: 'other' },
    { name: 'gated', windows: [{ kind: 'deny', manualSync: false }] },
  ],
  accounts: [{ name: 'button', get: ['*'], sync: ['*'], projects: ['*'] }],
  tokens: [{ token: 'simulated', account: 'button' }],
  applications: [
    app('shop'),
    {
      name: 'catalog',
      sources: [source('catalog'), source('values')],
      resources: [{ kind: 'ConfigMap', name: 'catalog' }],
    },
    app('gated', { ...oneBehind, project: 'gated' }),
    app('elsewhere', { ...oneBehind, project: 'other' }),
  ],
};
const buttons = [
  { id: 'main', select: { projects: ['default'] }, coolDownMs: 0 },
  { id: 'gated', select: { projects: ['gated'] }, coolDownMs: 0 },
];
const last = 'release-button/worker/main/release/last';

async function installed(version: string): Promise<SeparateInstallation> {
  const env = { RELEASE_BUTTON_WORKER_BUTTONS: JSON.stringify(buttons) };
  const separate = await startSeparately([{ name: 'shop' }], env, version);
  await separate.argocd.post('world', world);
  await separate.untilSignal('clear');
  return separate;
}

const press = ({ brokerUrl }: SeparateInstallation) =>
  publish(brokerUrl, ['-t', 'release-button/button/main/press', '-m', 'press']);

async function released({ subscriber }: SeparateInstallation, name: string) {
  return until(`the end of the release of ${name}`, () => {
    const release = subscriber.latest(last);
    return JSON.stringify(release?.['apps'] ?? []).includes(`"${name}"`) ? release : undefined;
  });
}

describe.skipIf(!hasMosquitto)('with a press by mosquitto_pub (skipped without mosquitto-clients)', () => {
  let running: SeparateInstallation | undefined;
  afterEach(async () => {
    await running?.workplace.clear();
    running = undefined;
  });

  describe.each(versions)('Argo CD %s', (version) => {
    it('shows drift of the selected projects, releases the shown revisions of one or several sources, and respects sync windows', async () => {
      const argocd = (running = await installed(version));
      const { subscriber } = argocd;
      await until(
        'the light of the gated project',
        () => subscriber.latest('release-button/button/gated/signal')?.['signal'] === 'blocked',
      );

      await argocd.argocd.post('drift', { app: 'shop', revision: commit(3).revision });
      await argocd.untilSignal('drifted');
      await until('the light to be on', () => argocd.light() === 'on');
      press(argocd);
      expect(await released(argocd, 'shop')).toMatchObject({ outcome: 'succeeded' });
      await argocd.untilSignal('clear');

      await argocd.argocd.post('drift', { app: 'catalog', revision: commit(4).revision });
      await argocd.untilSignal('drifted');
      press(argocd);
      expect(await released(argocd, 'catalog')).toMatchObject({
        outcome: 'succeeded',
        apps: [{ to: expect.stringMatching(/^[0-9a-f]{40},[0-9a-f]{40}$/), outcome: 'in-sync' }],
      });
      await argocd.untilSignal('clear');

      expect(
        (await argocd.argocd.syncs()).map(({ name, revision, status }) => [name, revision, status]),
      ).toEqual([
        ['shop', commit(3).revision, 200],
        // Several revisions are sent as `revisions`.
        ['catalog', '', 200],
      ]);
      // When the light is on, no list switches it off again.
      const signals = subscriber
        .messagesOn('release-button/button/main/signal')
        .map(({ payload }) => signalSchema.parse(JSON.parse(payload)));
      const first = signals.findIndex(({ signal }) => signal === 'clear');
      expect(signals.slice(first).filter(({ signal }) => signal === 'unknown')).toEqual([]);
    });

    it('may lose an application during its release, and the release then ends', async () => {
      const argocd = (running = await installed(version));
      await argocd.argocd.post('world', {
        add: [app('migrate', { ...oneBehind, hookNeverEnds: true })],
      });
      await argocd.untilSignal('drifted');
      press(argocd);
      await until('the sync', async () => (await argocd.argocd.syncs()).length === 1);
      await argocd.argocd.post('world', { adjust: [{ name: 'migrate', deleted: true, cascade: false }] });
      expect(await released(argocd, 'migrate')).toMatchObject({
        outcome: 'failed',
        apps: [{ message: 'the application is gone' }],
      });
    });
  });

  it('may be replaced by an older version and then by a newer one, and everything continues', async () => {
    const argocd = (running = await installed(newest));
    for (const [version, digit] of [
      ['2.14.21', 3],
      [newest, 4],
    ] as const) {
      await argocd.argocd.post('version', { version });
      await argocd.argocd.post('faults', { streams: { cut: true } });
      await until('the new version', () =>
        JSON.stringify(argocd.subscriber.latest('release-button/worker/main/info')?.['argocd']).includes(
          version,
        ),
      );
      await argocd.argocd.post('drift', { app: 'shop', revision: commit(digit).revision });
      await argocd.untilSignal('drifted');
      press(argocd);
      await until('the sync', async () => (await argocd.argocd.syncs()).length === digit - 2);
      await argocd.untilSignal('clear');
    }
    expect((await argocd.argocd.syncs()).map(({ revision }) => revision)).toEqual([
      commit(3).revision,
      commit(4).revision,
    ]);
  });
});

describe('release-button doctor', () => {
  let workplace: Workplace;
  beforeEach(() => {
    workplace = createWorkplace();
  });
  afterEach(() => workplace.clear());

  async function examined(version: string) {
    const control = await startArgoCd(workplace);
    await control.post('version', { version });
    return doctor(
      workplace,
      environment(await startBroker(workplace), control.url, {
        RELEASE_BUTTON_WORKER_BUTTONS: '[{"id":"main","select":{"projects":["default"]}}]',
      }),
    );
  }

  it.each(versions)('finds no fault with Argo CD %s', async (version) => {
    const { failures, row } = await examined(version);
    expect(failures).toEqual([]);
    expect(row('argocd')).toMatchObject({ status: 'ok', details: { version: `v${version}+simulated` } });
    expect(row('button', 'main').found).toContain('selects 2 applications');
  });

  it('warns of an Argo CD that is older than the supported versions', async () => {
    const { failures, row } = await examined('2.13.9');
    expect(failures).toEqual([]);
    expect(row('argocd')).toMatchObject({
      status: 'warning',
      remedy: expect.stringContaining('2.14 or newer'),
    });
    expect(row('argocd').found).toContain('older than 2.14');
  });
});
