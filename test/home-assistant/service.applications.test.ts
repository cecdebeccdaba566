// Applications: which are announced, and when they are removed.
import { describe, expect, test } from 'vitest';
import { announcing, announcedFrom, workerTopic } from './support/announcing.ts';
import { workerOf } from './support/installations.ts';

describe('applications', () => {
  const appKeys = (keys: readonly string[]) => keys.filter((key) => key.startsWith('app_'));

  test('do not come and go while a starting worker publishes them one after the other, in any order', async () => {
    const { connect, worker, app, drift, publishedTopics, keys, clock } = announcing({ maxApplications: 2 });
    await connect();
    worker(workerOf());
    drift(6);
    for (const name of ['z', 'y', 'x', 'c', 'b']) {
      app(name);
      clock.advance(2_000);
    }
    // The worker itself is announced without waiting for them.
    expect(publishedTopics()).toEqual([workerTopic]);
    expect(appKeys(keys(workerTopic))).toEqual([]);
    app('a');
    clock.advance(10_000);
    expect(publishedTopics()).toEqual([workerTopic]);
    expect(appKeys(keys(workerTopic))).toEqual(['app_argocd_a', 'app_argocd_b']);
  });

  test('are announced together with their worker in one message if all are known soon', async () => {
    const { connect, worker, app, drift, publishedTopics, keys, clock } = announcing();
    await connect();
    worker(workerOf());
    clock.advance(2_000);
    app('shop');
    drift(1);
    clock.advance(60_000);
    expect(publishedTopics()).toEqual([workerTopic]);
    expect(appKeys(keys(workerTopic))).toEqual(['app_argocd_shop']);
  });

  test('are those that were published if the worker never says how many there are', async () => {
    const { connect, worker, app, publishedTopics, keys, clock } = announcing();
    await connect();
    worker(workerOf());
    app('shop');
    clock.advance(60_000);
    expect(publishedTopics()).toEqual([workerTopic]);
    expect(appKeys(keys(workerTopic))).toEqual(['app_argocd_shop']);
  });

  // Everything restarts with an embedded broker, while Argo CD cannot be reached.
  test('are not removed before they are known to be gone', async () => {
    const memory = announcedFrom([
      [
        'release-button_worker_main',
        new Map([
          ['app_argocd_shop', 'update'],
          ['app_argocd_gone', 'update'],
          ['release_old', 'button'],
        ]),
      ],
    ]);
    const { connect, worker, app, drift, fake, publishedTopics, keys, clock, acknowledged } = announcing(
      {},
      memory,
    );
    await connect();
    worker(workerOf());
    drift(0, 'unknown');
    clock.advance(60_000);
    fake.deliver('homeassistant/status', 'online');
    clock.advance(60_000);
    await acknowledged();
    const messages = publishedTopics().length;
    expect(messages).toBeGreaterThan(0);
    const published = JSON.stringify([...fake.published, fake.retained(workerTopic)]);
    expect(published).not.toContain('app_argocd');
    expect(memory.devices.get('release-button_worker_main')?.has('app_argocd_gone')).toBe(true);
    expect(memory.devices.get('release-button_worker_main')?.has('release_old')).toBe(false);

    drift(1);
    app('shop');
    clock.advance(1_000);
    expect(fake.retained(workerTopic)).toMatchObject({
      components: { app_argocd_gone: { platform: 'update' }, app_argocd_shop: { name: 'shop' } },
    });
    clock.advance(10_000);
    expect(appKeys(keys(workerTopic))).toEqual(['app_argocd_shop']);
  });

  test('are removed if none of the remaining ones is announced', async () => {
    const memory = announcedFrom([['release-button_worker_main', new Map([['app_argocd_gone', 'update']])]]);
    const { connect, worker, app, drift, fake, publishedTopics, clock } = announcing({}, memory);
    await connect();
    worker(workerOf());
    drift(0, 'unknown');
    clock.advance(60_000);
    publishedTopics();
    drift(1);
    // No button releases this application.
    app('other', []);
    clock.advance(1_000);
    expect(fake.retained(workerTopic)).toMatchObject({
      components: { app_argocd_gone: { platform: 'update' } },
    });
  });

  test('that only the broker remembers are also removed when they are known to be gone', async () => {
    const first = announcing();
    await first.connect();
    first.worker(workerOf());
    first.drift(2);
    first.app('shop');
    first.app('gone');
    first.clock.advance(10_000);
    const before = first.fake.retained(workerTopic);

    // A service without a memory, for example on another machine.
    const { connect, worker, app, drift, fake, keys, clock } = announcing();
    await connect();
    fake.deliver(workerTopic, before, { retained: true });
    worker(workerOf());
    drift(0, 'unknown');
    clock.advance(60_000);
    expect(JSON.stringify(fake.published)).not.toContain('"app_argocd_gone":{"platform":"update"}');
    drift(1);
    app('shop');
    clock.advance(1_000);
    expect(fake.retained(workerTopic)).toMatchObject({
      components: { app_argocd_gone: { platform: 'update' } },
    });
    clock.advance(10_000);
    expect(appKeys(keys(workerTopic))).toEqual(['app_argocd_shop']);
  });

  test('that vanished while there was no connection are removed when all are known again', async () => {
    const { connect, reconnect, worker, app, drift, publishedTopics, keys, clock } = announcing();
    await connect();
    worker(workerOf());
    drift(2);
    app('shop');
    app('till');
    clock.advance(10_000);
    await reconnect();
    worker(workerOf());
    app('shop');
    drift(1);
    publishedTopics();
    clock.advance(10_000);
    expect(appKeys(keys(workerTopic))).toEqual(['app_argocd_shop']);
  });

  test('are not even subscribed to if none is wanted', async () => {
    const { connect, worker, app, publishedTopics, keys, clock } = announcing({ maxApplications: 0 });
    await connect();
    worker(workerOf());
    app('shop');
    clock.advance(600);
    expect(publishedTopics()).toEqual([workerTopic]);
    clock.advance(10_000);
    expect(appKeys(keys(workerTopic))).toEqual([]);
  });
});
