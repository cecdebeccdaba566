// Real kills of separate processes.
import { afterEach, describe, expect, it } from 'vitest';
import { controlOf, worldOf } from '../support/argocd-control.ts';
import { startSeparately, type SeparateInstallation } from '../support/installation.ts';
import { only311, type Relay } from '../support/only-3-1-1.ts';
import { publish } from '../support/processes.ts';
import { hasMosquitto } from '../support/programs.ts';
import { stays, until } from '../support/wait.ts';

const press = 'release-button/button/main/press';
const result = 'release-button/button/main/result';
const last = 'release-button/worker/main/release/last';

describe.skipIf(!hasMosquitto)('killed processes (skipped without mosquitto-clients)', () => {
  let here: SeparateInstallation | undefined;
  let relay: Relay | undefined;
  afterEach(async () => {
    await relay?.stop();
    relay = undefined;
    await here?.workplace.clear();
    here = undefined;
  });

  const killWorker = async (apart: SeparateInstallation) => {
    apart.worker.signal('SIGKILL');
    await apart.worker.exited;
  };

  it('a release is followed to its end after its worker was killed in the middle of it, with one POST in all', async () => {
    const apart = (here = await startSeparately([{ name: 'shop', drifted: true, syncMs: 2_500 }]));
    publish(apart.brokerUrl, ['-t', press, '-m', '{"id": "before"}']);
    await until('the POST', async () => (await apart.argocd.syncs()).length === 1);
    await killWorker(apart);
    await until('the light to say that the worker is gone', () => apart.light() === 'double-blink');

    apart.worker = apart.startWorker();
    const release = await until('the end of the release', () => apart.subscriber.latest(last));
    expect(release).toMatchObject({
      pressId: 'before',
      outcome: 'succeeded',
      apps: [{ outcome: 'in-sync' }],
    });
    await apart.untilSignal('clear');
    expect(apart.subscriber.messagesOn(result)).toHaveLength(1);
    expect(await apart.argocd.syncs()).toHaveLength(1);

    publish(apart.brokerUrl, ['-t', press, '-m', '{"id": "before"}']);
    await until('the second result', () => apart.subscriber.messagesOn(result).length === 2);
    expect(apart.subscriber.latest(result)).toMatchObject({ reason: 'duplicate' });
  });

  it('a POST that was not sent when the worker was killed is never sent late: the release is interrupted, and a person presses again', async () => {
    const apart = (here = await startSeparately([{ name: 'shop', drifted: true }]));
    // The refresh before the POST does not answer, so the worker dies between its journal line and the POST.
    await apart.argocd.post('faults', { controllerDown: true });
    publish(apart.brokerUrl, ['-t', press, '-m', 'press']);
    await until('the result', () => apart.subscriber.latest(result)?.['outcome'] === 'accepted');
    await killWorker(apart);
    await apart.argocd.post('faults', { clear: true });

    apart.worker = apart.startWorker();
    const release = await until('the end of the release', () => apart.subscriber.latest(last));
    expect(release).toMatchObject({ outcome: 'interrupted', apps: [{ outcome: 'interrupted' }] });
    await apart.untilSignal('failed');
    await stays('no POST', async () => (await apart.argocd.syncs()).length === 0, 1_000);
    // Killed between sending the result and learning that it arrived, the worker sends the same result again.
    const answers = apart.subscriber.messagesOn(result).map(({ payload }) => payload);
    expect(new Set(answers).size).toBe(1);

    publish(apart.brokerUrl, ['-t', press, '-m', 'press']);
    await until('a second release', () => apart.subscriber.latest(last)?.['outcome'] === 'succeeded');
    expect(await apart.argocd.syncs()).toHaveLength(1);
  });

  it('the worker checks the application instead of posting twice when the answer to a POST is lost', async () => {
    const apart = (here = await startSeparately([{ name: 'shop', drifted: true, syncMs: 300 }]));
    await apart.argocd.post('faults', {
      requests: [{ method: 'POST', path: '/api/v1/applications/*/sync', cut: 'after', times: 1 }],
    });
    publish(apart.brokerUrl, ['-t', press, '-m', 'press']);
    expect(await until('the end of the release', () => apart.subscriber.latest(last))).toMatchObject({
      outcome: 'succeeded',
    });
    expect(await apart.argocd.syncs()).toHaveLength(1);
  });

  it('the worker refuses and clears a retained press that it finds when it connects over 3.1.1', async () => {
    const apart = (here = await startSeparately([{ name: 'shop', drifted: true }]));
    await killWorker(apart);
    publish(apart.brokerUrl, ['-r', '-t', press, '-m', 'press']);

    relay = await only311(apart.brokerUrl);
    apart.worker = apart.workplace.start(['release-worker'], {
      RELEASE_BUTTON_MQTT_URL: relay.url,
      ARGOCD_SERVER: apart.argocd.url,
      ARGOCD_AUTH_TOKEN: 'simulated',
      RELEASE_BUTTON_WORKER_BUTTONS: '[{"id":"main","select":{"all":true}}]',
    });
    await until('the result', () => apart.subscriber.messagesOn(result).length > 0);
    expect(relay.versions).toEqual([5, 4]);
    expect(apart.subscriber.latest(result)).toMatchObject({ outcome: 'rejected', reason: 'retained' });
    await until('the topic to be cleared', () => apart.subscriber.messagesOn(press).at(-1)?.payload === '');
    await apart.untilSignal('drifted');
    await stays(
      'no POST and one result',
      async () =>
        (await apart.argocd.syncs()).length === 0 && apart.subscriber.messagesOn(result).length === 1,
      1_000,
    );
  });

  it('the light shows offline without a broker, and everything is whole again after a new broker has started', async () => {
    const apart = (here = await startSeparately([{ name: 'shop', drifted: true }]));
    apart.broker.signal('SIGKILL');
    await apart.broker.exited;
    await apart.agent.untilOutput(/LED main: double-blink \(offline\)/);
    const before = apart.subscriber.messages().length;

    await apart.startBroker();
    // mosquitto_sub reconnects by itself, so from here on it shows what the new broker was given.
    const topics = () =>
      new Set(
        apart.subscriber
          .messages()
          .slice(before)
          .map(({ topic }) => topic),
      );
    const owned = [
      'button/main/signal',
      'button/main/state',
      'led/main/state',
      'worker/main/drift',
      'worker/main/app/argocd/shop',
      'worker/main/release/current',
      'agent/main/info',
      'worker/main/info',
      'agent/main/availability',
      'worker/main/availability',
    ];
    await until('every retained topic', () =>
      owned.every((topic) => topics().has(`release-button/${topic}`)),
    );
    await until('the light to be on again', () => apart.light() === 'on');
    publish(apart.brokerUrl, ['-t', press, '-m', 'press']);
    await until('the release', () => apart.subscriber.latest(last)?.['outcome'] === 'succeeded');
  });

  it('a press that was unread while the worker was paused is not released late', async () => {
    const apart = (here = await startSeparately([{ name: 'shop', drifted: true }], {
      RELEASE_BUTTON_WORKER_MAX_PRESS_AGE_MS: '1000',
    }));
    apart.worker.signal('SIGSTOP');
    publish(apart.brokerUrl, ['-t', press, '-m', 'press']);
    await stays(
      'no result of a worker that stands still',
      () => apart.subscriber.messagesOn(result).length === 0,
      2_500,
    );
    apart.worker.signal('SIGCONT');
    expect(await until('the result', () => apart.subscriber.latest(result))).toMatchObject({
      reason: 'stale',
    });
    expect(await apart.argocd.syncs()).toEqual([]);
  });

  it('an accepted release is not sent late after a pause of the worker', async () => {
    const apart = (here = await startSeparately([{ name: 'shop', drifted: true }], {
      // Long enough for a busy machine to process the press in time.
      RELEASE_BUTTON_WORKER_MAX_PRESS_AGE_MS: '5000',
    }));
    // The refresh before the POST does not answer, so the worker is paused between its journal line and the POST.
    await apart.argocd.post('faults', { controllerDown: true });
    publish(apart.brokerUrl, ['-t', press, '-m', 'press']);
    await until('the result', () => apart.subscriber.latest(result)?.['outcome'] === 'accepted');
    apart.worker.signal('SIGSTOP');
    await apart.argocd.post('faults', { clear: true });
    await stays('nothing is sent', async () => (await apart.argocd.syncs()).length === 0, 6_000);
    apart.worker.signal('SIGCONT');
    const release = await until('the end of the release', () => apart.subscriber.latest(last));
    expect(release).toMatchObject({ outcome: 'interrupted', apps: [{ outcome: 'interrupted' }] });
    expect(JSON.stringify(release)).toMatch(/never sent: the worker was paused or starved for [\d.]+ s/);
    expect(await apart.argocd.syncs()).toEqual([]);
  });

  it('the light shows unknown as soon as Argo CD is killed, and recovers by itself', async () => {
    const apart = (here = await startSeparately([{ name: 'shop', drifted: true }], {
      RELEASE_BUTTON_WORKER_DRIFT_MAX_AGE_MS: '3600000',
    }));
    apart.simulator.signal('SIGKILL');
    await apart.untilSignal('unknown');
    await until('the heartbeat of the light', () => apart.light() === 'heartbeat');
    // A request that was under way fails in another way than one to a dead port.
    expect(apart.subscriber.latest('release-button/button/main/signal')?.['reason']).toContain(
      `at ${apart.argocd.url} (`,
    );
    publish(apart.brokerUrl, ['-t', press, '-m', 'press']);
    await until('the result', () => apart.subscriber.latest(result)?.['reason'] === 'argocd-unreachable');

    const again = await controlOf(
      apart.workplace.startArgoCd({ port: Number(new URL(apart.argocd.url).port) }),
    );
    await again.post('world', worldOf([{ name: 'shop', drifted: true }]));
    await until('another signal', () => apart.signal() === 'drifted');
  });
});
