// Several workers on one prefix: none waits for another, and none loses anything because of another.
import { describe, expect, test } from 'vitest';
import { announcing, announcedFrom } from './support/announcing.ts';
import { workerOf } from './support/installations.ts';

const topicOf = (worker: string) => `homeassistant/device/release-button_worker_${worker}/config`;
const production = topicOf('production');
const staging = topicOf('staging');
const infoOf = (worker: string) => workerOf({ worker, buttons: [{ id: worker, on: { press: 'release' } }] });

/** Two workers that are online, each with its drift and its applications. */
async function bothWorkers(options: Parameters<typeof announcing> = []) {
  const installation = announcing(...options);
  const { connect, reconnect, worker, app, drift, keys } = installation;
  const publishWorker = (id: string, names: readonly string[]) => {
    worker(infoOf(id));
    drift(names.length, 'clear', id);
    for (const name of names) app(name, [id], id);
  };
  await connect();
  return {
    ...installation,
    reconnect,
    publishWorker,
    apps: (topic: string) => keys(topic).filter((key) => key.startsWith('app_')),
  };
}

describe('of two workers', () => {
  test('each has a device with its own applications, even if both have the same namespace and name', async () => {
    const { publishWorker, apps, clock } = await bothWorkers();
    publishWorker('staging', ['shop', 'till']);
    publishWorker('production', ['shop']);
    clock.advance(2_000);
    expect(apps(staging)).toEqual(['app_argocd_shop', 'app_argocd_till']);
    expect(apps(production)).toEqual(['app_argocd_shop']);
  });

  test('one that selects nothing takes nothing away from the other', async () => {
    const { publishWorker, apps, clock } = await bothWorkers();
    publishWorker('staging', ['shop']);
    clock.advance(2_000);
    publishWorker('production', []);
    clock.advance(60_000);
    expect(apps(staging)).toEqual(['app_argocd_shop']);
    expect(apps(production)).toEqual([]);
  });

  // Without an application its state is `unknown`, although it knows that there is none.
  test('one that stops selecting anything loses its own applications', async () => {
    const memory = announcedFrom([
      ['release-button_worker_production', new Map([['app_argocd_gone', 'update']])],
    ]);
    const { publishWorker, worker, drift, fake, clock, apps } = await bothWorkers([{}, memory]);
    publishWorker('staging', ['shop']);
    worker(infoOf('production'));
    drift(0, 'unknown', 'production', true);
    clock.advance(1_000);
    expect(fake.retained(production)).toMatchObject({
      components: { app_argocd_gone: { platform: 'update' } },
    });
    clock.advance(10_000);
    expect(apps(production)).toEqual([]);
    expect(apps(staging)).toEqual(['app_argocd_shop']);
  });

  test('one that lists thousands of applications does not delay the other', async () => {
    const { publishWorker, worker, drift, app, apps, publishedTopics, clock } = await bothWorkers();
    worker(infoOf('production'));
    drift(3_000, 'clear', 'production');
    app('first', ['production'], 'production');
    publishWorker('staging', ['shop']);
    clock.advance(1_000);
    expect(publishedTopics()).toEqual([staging]);
    expect(apps(staging)).toEqual(['app_argocd_shop']);
  });

  test.each(['unknown', 'silent', 'listing'] as const)(
    'one whose drift is %s keeps its applications, and applications of the other are still removed',
    async (state) => {
      const { publishWorker, reconnect, worker, drift, app, apps, clock } = await bothWorkers();
      publishWorker('staging', ['shop', 'till']);
      publishWorker('production', ['shop', 'till']);
      clock.advance(10_000);
      await reconnect();
      if (state !== 'silent') {
        worker(infoOf('production'));
        drift(2, state === 'unknown' ? 'unknown' : 'clear', 'production');
        if (state === 'listing') app('shop', ['production'], 'production');
      }
      publishWorker('staging', ['shop']);
      clock.advance(10_000);
      expect(apps(staging)).toEqual(['app_argocd_shop']);
      expect(apps(production)).toEqual(['app_argocd_shop', 'app_argocd_till']);
      clock.advance(60_000);
      expect(apps(production)).toEqual(['app_argocd_shop', 'app_argocd_till']);
    },
  );

  // The retained drift may be older than a change of its applications.
  test('one that is offline keeps its applications, and loses the removed ones when it is back', async () => {
    const memory = announcedFrom(
      ['staging', 'production'].map((worker) => [
        `release-button_worker_${worker}`,
        new Map([['app_argocd_gone', 'update']]),
      ]),
    );
    const { publishWorker, fake, apps, clock, keys } = await bothWorkers([{}, memory]);
    publishWorker('staging', ['shop']);
    publishWorker('production', ['shop']);
    fake.deliver('worker/production/availability', 'offline', { retained: true });
    clock.advance(60_000);
    expect(memory.devices.get('release-button_worker_production')?.has('app_argocd_gone')).toBe(true);
    expect(JSON.stringify(fake.retained(production))).not.toContain('app_argocd_gone');
    fake.deliver('homeassistant/status', 'online');
    clock.advance(60_000);
    expect(memory.devices.get('release-button_worker_production')?.has('app_argocd_gone')).toBe(true);
    expect(apps(staging)).toEqual(['app_argocd_shop']);

    fake.deliver('worker/production/availability', 'online', { retained: true });
    clock.advance(1_000);
    expect(keys(production)).toContain('app_argocd_gone');
    clock.advance(60_000);
    expect(apps(production)).toEqual(['app_argocd_shop']);
  });

  test('both get their announcements at a birth of Home Assistant, even while one still lists its applications', async () => {
    const { publishWorker, worker, drift, app, apps, fake, publishedTopics, clock } = await bothWorkers();
    publishWorker('staging', ['shop']);
    worker(infoOf('production'));
    drift(2, 'clear', 'production');
    app('shop', ['production'], 'production');
    clock.advance(1_000);
    expect(publishedTopics()).toEqual([staging]);
    fake.deliver('homeassistant/status', 'online');
    clock.advance(3_000);
    expect(publishedTopics()).toEqual([staging]);
    app('till', ['production'], 'production');
    clock.advance(10_000);
    expect(publishedTopics()).toEqual([production]);
    expect(apps(production)).toEqual(['app_argocd_shop', 'app_argocd_till']);
  });

  test('each has its own limit of applications', async () => {
    const { publishWorker, apps, clock } = await bothWorkers([{ maxApplications: 2 }]);
    publishWorker('production', ['a', 'b', 'c']);
    publishWorker('staging', ['d', 'e']);
    clock.advance(2_000);
    expect(apps(production)).toEqual(['app_argocd_a', 'app_argocd_b']);
    expect(apps(staging)).toEqual(['app_argocd_d', 'app_argocd_e']);
  });

  test('one that is removed for good loses its device, and the other keeps everything', async () => {
    const { publishWorker, apps, fake, publishedTopics, clock } = await bothWorkers();
    publishWorker('staging', ['shop']);
    publishWorker('production', ['shop']);
    clock.advance(10_000);
    const before = fake.retained(staging);
    publishedTopics();
    for (const topic of ['app/argocd/shop', 'drift', 'availability', 'info'])
      fake.deliver(`worker/production/${topic}`, '');
    clock.advance(60_000);
    expect(new Set(publishedTopics())).toEqual(new Set([production]));
    expect(fake.retained(production)).toBeUndefined();
    expect(fake.retained(staging)).toEqual(before);
    expect(apps(staging)).toEqual(['app_argocd_shop']);
  });

  test('the first one that is online offers a button of both, because it answers for it', async () => {
    const { worker, fake, clock } = await bothWorkers([{ maxApplications: 0 }]);
    const never = [{ topic: 'release-button/worker/nobody/release', value_template: "{{ 'offline' }}" }];
    const sharedButton = [{ id: 'main', on: { press: 'release' as const } }];
    worker(workerOf({ worker: 'production', buttons: sharedButton }));
    worker(workerOf({ worker: 'staging', buttons: sharedButton }));
    clock.advance(5_000);
    const unavailable = { release_main: { availability: never }, result_main: { availability: never } };
    expect(fake.retained(production)).not.toMatchObject({ components: unavailable });
    expect(fake.retained(staging)).toMatchObject({ components: unavailable });
    fake.deliver('worker/production/availability', 'offline');
    clock.advance(5_000);
    expect(fake.retained(staging)).not.toMatchObject({ components: unavailable });
  });
});
