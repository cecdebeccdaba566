// Several workers on one prefix: none waits for another, and none loses anything because of another.
import { describe, expect, test } from 'vitest';
import { announcing, announcedFrom } from './support/announcing.ts';
import { workerOf } from './support/installations.ts';

const topicOf = (worker: string) => `homeassistant/device/release-button_worker_${worker}/config`;
const production = topicOf('production');
const staging = topicOf('staging');
const infoOf = (worker: string) => workerOf({ worker, buttons: [{ id: worker, on: { press: 'release' } }] });

/** Both online, with the drift and the applications of each. */
async function bothWorkers(options: Parameters<typeof announcing> = []) {
  const installation = announcing(...options);
  const { connect, reconnect, worker, app, drift, keys } = installation;
  const say = (id: string, names: readonly string[]) => {
    worker(infoOf(id));
    drift(names.length, 'clear', id);
    for (const name of names) app(name, [id], id);
  };
  await connect();
  return {
    ...installation,
    reconnect,
    say,
    apps: (topic: string) => keys(topic).filter((key) => key.startsWith('app_')),
  };
}

describe('with two workers', () => {
  test('each has a device with its own applications, also of the same namespace and name', async () => {
    const { say, apps, clock } = await bothWorkers();
    say('staging', ['shop', 'till']);
    say('production', ['shop']);
    clock.advance(2_000);
    expect(apps(staging)).toEqual(['app_argocd_shop', 'app_argocd_till']);
    expect(apps(production)).toEqual(['app_argocd_shop']);
  });

  test('one that selects nothing takes nothing of the other away', async () => {
    const { say, apps, clock } = await bothWorkers();
    say('staging', ['shop']);
    clock.advance(2_000);
    say('production', []);
    clock.advance(60_000);
    expect(apps(staging)).toEqual(['app_argocd_shop']);
    expect(apps(production)).toEqual([]);
  });

  // With no application, its state is `unknown`, although it knows that there is none.
  test('one that no longer selects anything loses its own applications', async () => {
    const known = announcedFrom([
      ['release-button_worker_production', new Map([['app_argocd_gone', 'update']])],
    ]);
    const { say, worker, drift, fake, clock, apps } = await bothWorkers([{}, known]);
    say('staging', ['shop']);
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

  test('one that lists thousands does not delay the other', async () => {
    const { say, worker, drift, app, apps, said, clock } = await bothWorkers();
    worker(infoOf('production'));
    drift(3_000, 'clear', 'production');
    app('first', ['production'], 'production');
    say('staging', ['shop']);
    clock.advance(1_000);
    expect(said()).toEqual([staging]);
    expect(apps(staging)).toEqual(['app_argocd_shop']);
  });

  test.each(['unknown', 'silent', 'listing'] as const)(
    'one whose drift is %s keeps its applications, and the other is cleaned up meanwhile',
    async (state) => {
      const { say, reconnect, worker, drift, app, apps, clock } = await bothWorkers();
      say('staging', ['shop', 'till']);
      say('production', ['shop', 'till']);
      clock.advance(10_000);
      await reconnect();
      if (state !== 'silent') {
        worker(infoOf('production'));
        drift(2, state === 'unknown' ? 'unknown' : 'clear', 'production');
        if (state === 'listing') app('shop', ['production'], 'production');
      }
      say('staging', ['shop']);
      clock.advance(10_000);
      expect(apps(staging)).toEqual(['app_argocd_shop']);
      expect(apps(production)).toEqual(['app_argocd_shop', 'app_argocd_till']);
      clock.advance(60_000);
      expect(apps(production)).toEqual(['app_argocd_shop', 'app_argocd_till']);
    },
  );

  // Its retained drift may be of before its applications changed.
  test('one that is offline keeps its applications, and loses those that are gone once it is back', async () => {
    const known = announcedFrom(
      ['staging', 'production'].map((worker) => [
        `release-button_worker_${worker}`,
        new Map([['app_argocd_gone', 'update']]),
      ]),
    );
    const { say, fake, apps, clock, keys } = await bothWorkers([{}, known]);
    say('staging', ['shop']);
    say('production', ['shop']);
    fake.deliver('worker/production/availability', 'offline', { retained: true });
    clock.advance(60_000);
    expect(known.devices.get('release-button_worker_production')?.has('app_argocd_gone')).toBe(true);
    expect(JSON.stringify(fake.retained(production))).not.toContain('app_argocd_gone');
    fake.deliver('homeassistant/status', 'online');
    clock.advance(60_000);
    expect(known.devices.get('release-button_worker_production')?.has('app_argocd_gone')).toBe(true);
    expect(apps(staging)).toEqual(['app_argocd_shop']);

    fake.deliver('worker/production/availability', 'online', { retained: true });
    clock.advance(1_000);
    expect(keys(production)).toContain('app_argocd_gone');
    clock.advance(60_000);
    expect(apps(production)).toEqual(['app_argocd_shop']);
  });

  test('a birth of Home Assistant while one of them still lists its applications reaches both', async () => {
    const { say, worker, drift, app, apps, fake, said, clock } = await bothWorkers();
    say('staging', ['shop']);
    worker(infoOf('production'));
    drift(2, 'clear', 'production');
    app('shop', ['production'], 'production');
    clock.advance(1_000);
    expect(said()).toEqual([staging]);
    fake.deliver('homeassistant/status', 'online');
    clock.advance(3_000);
    expect(said()).toEqual([staging]);
    app('till', ['production'], 'production');
    clock.advance(10_000);
    expect(said()).toEqual([production]);
    expect(apps(production)).toEqual(['app_argocd_shop', 'app_argocd_till']);
  });

  test('the limit of applications is for each of them', async () => {
    const { say, apps, clock } = await bothWorkers([{ maxApplications: 2 }]);
    say('production', ['a', 'b', 'c']);
    say('staging', ['d', 'e']);
    clock.advance(2_000);
    expect(apps(production)).toEqual(['app_argocd_a', 'app_argocd_b']);
    expect(apps(staging)).toEqual(['app_argocd_d', 'app_argocd_e']);
  });

  test('one that is removed for good takes its device along, and leaves the other alone', async () => {
    const { say, apps, fake, said, clock } = await bothWorkers();
    say('staging', ['shop']);
    say('production', ['shop']);
    clock.advance(10_000);
    const before = fake.retained(staging);
    said();
    for (const topic of ['app/argocd/shop', 'drift', 'availability', 'info'])
      fake.deliver(`worker/production/${topic}`, '');
    clock.advance(60_000);
    expect(new Set(said())).toEqual(new Set([production]));
    expect(fake.retained(production)).toBeUndefined();
    expect(fake.retained(staging)).toEqual(before);
    expect(apps(staging)).toEqual(['app_argocd_shop']);
  });

  test('a button of both is offered by the first that is online, as the workers answer for it', async () => {
    const { worker, fake, clock } = await bothWorkers([{ maxApplications: 0 }]);
    const never = [{ topic: 'release-button/worker/nobody/release', value_template: "{{ 'offline' }}" }];
    const both = [{ id: 'main', on: { press: 'release' as const } }];
    worker(workerOf({ worker: 'production', buttons: both }));
    worker(workerOf({ worker: 'staging', buttons: both }));
    clock.advance(5_000);
    const unavailable = { release_main: { availability: never }, result_main: { availability: never } };
    expect(fake.retained(production)).not.toMatchObject({ components: unavailable });
    expect(fake.retained(staging)).toMatchObject({ components: unavailable });
    fake.deliver('worker/production/availability', 'offline');
    clock.advance(5_000);
    expect(fake.retained(staging)).not.toMatchObject({ components: unavailable });
  });
});
