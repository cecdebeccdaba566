// Applications: which are announced, and when they are taken away.
import { describe, expect, test } from 'vitest';
import { announcing, announcedFrom, workerTopic } from './support/announcing.ts';
import { workerOf } from './support/installations.ts';

describe('applications', () => {
  const appKeys = (keys: readonly string[]) => keys.filter((key) => key.startsWith('app_'));

  test('that a starting worker says one after the other, in any order, do not come and go', async () => {
    const { connect, worker, app, drift, said, keys, clock } = announcing({ maxApplications: 2 });
    await connect();
    worker(workerOf());
    drift(6);
    for (const name of ['z', 'y', 'x', 'c', 'b']) {
      app(name);
      clock.advance(2_000);
    }
    // The worker does not wait for them.
    expect(said()).toEqual([workerTopic]);
    expect(appKeys(keys(workerTopic))).toEqual([]);
    app('a');
    clock.advance(10_000);
    expect(said()).toEqual([workerTopic]);
    expect(appKeys(keys(workerTopic))).toEqual(['app_argocd_a', 'app_argocd_b']);
  });

  test('and its worker are announced in one message where all are known soon', async () => {
    const { connect, worker, app, drift, said, keys, clock } = announcing();
    await connect();
    worker(workerOf());
    clock.advance(2_000);
    app('shop');
    drift(1);
    clock.advance(60_000);
    expect(said()).toEqual([workerTopic]);
    expect(appKeys(keys(workerTopic))).toEqual(['app_argocd_shop']);
  });

  test('are those that were heard, where their number is never said', async () => {
    const { connect, worker, app, said, keys, clock } = announcing();
    await connect();
    worker(workerOf());
    app('shop');
    clock.advance(60_000);
    expect(said()).toEqual([workerTopic]);
    expect(appKeys(keys(workerTopic))).toEqual(['app_argocd_shop']);
  });

  // A restart of everything with an embedded broker, while Argo CD cannot be reached.
  test('are not taken away before they are known to be gone', async () => {
    const known = announcedFrom([
      [
        'release-button_worker_main',
        new Map([
          ['app_argocd_shop', 'update'],
          ['app_argocd_gone', 'update'],
          ['release_old', 'button'],
        ]),
      ],
    ]);
    const { connect, worker, app, drift, fake, said, keys, clock, acknowledged } = announcing({}, known);
    await connect();
    worker(workerOf());
    drift(0, 'unknown');
    clock.advance(60_000);
    fake.deliver('homeassistant/status', 'online');
    clock.advance(60_000);
    await acknowledged();
    const messages = said().length;
    expect(messages).toBeGreaterThan(0);
    const everything = JSON.stringify([...fake.published, fake.retained(workerTopic)]);
    expect(everything).not.toContain('app_argocd');
    expect(known.devices.get('release-button_worker_main')?.has('app_argocd_gone')).toBe(true);
    expect(known.devices.get('release-button_worker_main')?.has('release_old')).toBe(false);

    drift(1);
    app('shop');
    clock.advance(1_000);
    expect(fake.retained(workerTopic)).toMatchObject({
      components: { app_argocd_gone: { platform: 'update' }, app_argocd_shop: { name: 'shop' } },
    });
    clock.advance(10_000);
    expect(appKeys(keys(workerTopic))).toEqual(['app_argocd_shop']);
  });

  test('are taken away where none is left to be announced', async () => {
    const known = announcedFrom([['release-button_worker_main', new Map([['app_argocd_gone', 'update']])]]);
    const { connect, worker, app, drift, fake, said, clock } = announcing({}, known);
    await connect();
    worker(workerOf());
    drift(0, 'unknown');
    clock.advance(60_000);
    said();
    drift(1);
    // No button releases it.
    app('other', []);
    clock.advance(1_000);
    expect(fake.retained(workerTopic)).toMatchObject({
      components: { app_argocd_gone: { platform: 'update' } },
    });
  });

  test('that only the broker remembers are taken away too, once they are known to be gone', async () => {
    const first = announcing();
    await first.connect();
    first.worker(workerOf());
    first.drift(2);
    first.app('shop');
    first.app('gone');
    first.clock.advance(10_000);
    const before = first.fake.retained(workerTopic);

    // Without a memory of its own: another machine, say.
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

  test('that went while there was no connection are taken away when all are known again', async () => {
    const { connect, reconnect, worker, app, drift, said, keys, clock } = announcing();
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
    said();
    clock.advance(10_000);
    expect(appKeys(keys(workerTopic))).toEqual(['app_argocd_shop']);
  });

  test('are not even listened to where none is wanted', async () => {
    const { connect, worker, app, said, keys, clock } = announcing({ maxApplications: 0 });
    await connect();
    worker(workerOf());
    app('shop');
    clock.advance(600);
    expect(said()).toEqual([workerTopic]);
    clock.advance(10_000);
    expect(appKeys(keys(workerTopic))).toEqual([]);
  });
});
