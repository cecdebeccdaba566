// Separate processes that are really killed.
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
  let running: SeparateInstallation | undefined;
  let relay: Relay | undefined;
  afterEach(async () => {
    await relay?.stop();
    relay = undefined;
    await running?.workplace.clear();
    running = undefined;
  });

  const killWorker = async (installation: SeparateInstallation) => {
    installation.worker.signal('SIGKILL');
    await installation.worker.exited;
  };

  it('follow a release to its end if its worker was killed in the middle of it, with one POST in all', async () => {
    const installation = (running = await startSeparately([{ name: 'shop', drifted: true, syncMs: 2_500 }]));
    publish(installation.brokerUrl, ['-t', press, '-m', '{"id": "before"}']);
    await until('the POST', async () => (await installation.argocd.syncs()).length === 1);
    await killWorker(installation);
    await until('the light to say that the worker is gone', () => installation.light() === 'double-blink');

    installation.worker = installation.startWorker();
    const release = await until('the end of the release', () => installation.subscriber.latest(last));
    expect(release).toMatchObject({
      pressId: 'before',
      outcome: 'succeeded',
      apps: [{ outcome: 'in-sync' }],
    });
    await installation.untilSignal('clear');
    expect(installation.subscriber.messagesOn(result)).toHaveLength(1);
    expect(await installation.argocd.syncs()).toHaveLength(1);

    publish(installation.brokerUrl, ['-t', press, '-m', '{"id": "before"}']);
    await until('the second result', () => installation.subscriber.messagesOn(result).length === 2);
    expect(installation.subscriber.latest(result)).toMatchObject({ reason: 'duplicate' });
  });

  it('never send a POST late that was not sent when the worker was killed: the release is interrupted, and a person presses again', async () => {
    const installation = (running = await startSeparately([{ name: 'shop', drifted: true }]));
    // The refresh before the POST gets no answer, so the worker dies between its journal line and the POST.
    await installation.argocd.post('faults', { controllerDown: true });
    publish(installation.brokerUrl, ['-t', press, '-m', 'press']);
    await until('the result', () => installation.subscriber.latest(result)?.['outcome'] === 'accepted');
    await killWorker(installation);
    await installation.argocd.post('faults', { clear: true });

    installation.worker = installation.startWorker();
    const release = await until('the end of the release', () => installation.subscriber.latest(last));
    expect(release).toMatchObject({ outcome: 'interrupted', apps: [{ outcome: 'interrupted' }] });
    await installation.untilSignal('failed');
    await stays('no POST', async () => (await installation.argocd.syncs()).length === 0, 1_000);
    // The worker was killed before it knew that the result had arrived, so it sends the same result again.
    const answers = installation.subscriber.messagesOn(result).map(({ payload }) => payload);
    expect(new Set(answers).size).toBe(1);

    publish(installation.brokerUrl, ['-t', press, '-m', 'press']);
    await until('a second release', () => installation.subscriber.latest(last)?.['outcome'] === 'succeeded');
    expect(await installation.argocd.syncs()).toHaveLength(1);
  });

  it('check the application instead of posting twice when the answer to a POST is lost', async () => {
    const installation = (running = await startSeparately([{ name: 'shop', drifted: true, syncMs: 300 }]));
    await installation.argocd.post('faults', {
      requests: [{ method: 'POST', path: '/api/v1/applications/*/sync', cut: 'after', times: 1 }],
    });
    publish(installation.brokerUrl, ['-t', press, '-m', 'press']);
    expect(await until('the end of the release', () => installation.subscriber.latest(last))).toMatchObject({
      outcome: 'succeeded',
    });
    expect(await installation.argocd.syncs()).toHaveLength(1);
  });

  it('refuse and clear a retained press that the worker finds when it connects over 3.1.1', async () => {
    const installation = (running = await startSeparately([{ name: 'shop', drifted: true }]));
    await killWorker(installation);
    publish(installation.brokerUrl, ['-r', '-t', press, '-m', 'press']);

    relay = await only311(installation.brokerUrl);
    installation.worker = installation.workplace.start(['release-worker'], {
      RELEASE_BUTTON_MQTT_URL: relay.url,
      ARGOCD_SERVER: installation.argocd.url,
      ARGOCD_AUTH_TOKEN: 'simulated',
      RELEASE_BUTTON_WORKER_BUTTONS: '[{"id":"main","select":{"all":true}}]',
    });
    await until('the result', () => installation.subscriber.messagesOn(result).length > 0);
    expect(relay.versions).toEqual([5, 4]);
    expect(installation.subscriber.latest(result)).toMatchObject({ outcome: 'rejected', reason: 'retained' });
    await until(
      'the topic to be cleared',
      () => installation.subscriber.messagesOn(press).at(-1)?.payload === '',
    );
    await installation.untilSignal('drifted');
    await stays(
      'no POST and one result',
      async () =>
        (await installation.argocd.syncs()).length === 0 &&
        installation.subscriber.messagesOn(result).length === 1,
      1_000,
    );
  });

  it('show offline on the light without a broker, and restore everything after a new broker has started', async () => {
    const installation = (running = await startSeparately([{ name: 'shop', drifted: true }]));
    installation.broker.signal('SIGKILL');
    await installation.broker.exited;
    await installation.agent.untilOutput(/LED main: double-blink \(offline\)/);
    const before = installation.subscriber.messages().length;

    await installation.startBroker();
    // mosquitto_sub reconnects by itself. From here on it shows what the new broker has received.
    const topics = () =>
      new Set(
        installation.subscriber
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
    await until('the light to be on again', () => installation.light() === 'on');
    publish(installation.brokerUrl, ['-t', press, '-m', 'press']);
    await until('the release', () => installation.subscriber.latest(last)?.['outcome'] === 'succeeded');
  });

  it('do not release a press late that was unread while the worker was paused', async () => {
    const installation = (running = await startSeparately([{ name: 'shop', drifted: true }], {
      RELEASE_BUTTON_WORKER_MAX_PRESS_AGE_MS: '1000',
    }));
    installation.worker.signal('SIGSTOP');
    publish(installation.brokerUrl, ['-t', press, '-m', 'press']);
    await stays(
      'no result of a worker that stands still',
      () => installation.subscriber.messagesOn(result).length === 0,
      2_500,
    );
    installation.worker.signal('SIGCONT');
    expect(await until('the result', () => installation.subscriber.latest(result))).toMatchObject({
      reason: 'stale',
    });
    expect(await installation.argocd.syncs()).toEqual([]);
  });

  it('do not send an accepted release late after a pause of the worker', async () => {
    const installation = (running = await startSeparately([{ name: 'shop', drifted: true }], {
      // Long enough for a busy machine to process the press in time.
      RELEASE_BUTTON_WORKER_MAX_PRESS_AGE_MS: '5000',
    }));
    // The refresh before the POST gets no answer, so the worker is paused between its journal line and the POST.
    await installation.argocd.post('faults', { controllerDown: true });
    publish(installation.brokerUrl, ['-t', press, '-m', 'press']);
    await until('the result', () => installation.subscriber.latest(result)?.['outcome'] === 'accepted');
    installation.worker.signal('SIGSTOP');
    await installation.argocd.post('faults', { clear: true });
    await stays('nothing is sent', async () => (await installation.argocd.syncs()).length === 0, 6_000);
    installation.worker.signal('SIGCONT');
    const release = await until('the end of the release', () => installation.subscriber.latest(last));
    expect(release).toMatchObject({ outcome: 'interrupted', apps: [{ outcome: 'interrupted' }] });
    expect(JSON.stringify(release)).toMatch(/never sent: the worker was paused or starved for [\d.]+ s/);
    expect(await installation.argocd.syncs()).toEqual([]);
  });

  it('show unknown on the light as soon as Argo CD is killed, and recover by themselves', async () => {
    const installation = (running = await startSeparately([{ name: 'shop', drifted: true }], {
      RELEASE_BUTTON_WORKER_DRIFT_MAX_AGE_MS: '3600000',
    }));
    installation.simulator.signal('SIGKILL');
    await installation.untilSignal('unknown');
    await until('the heartbeat of the light', () => installation.light() === 'heartbeat');
    // A running request fails in another way than a request to a closed port.
    expect(installation.subscriber.latest('release-button/button/main/signal')?.['reason']).toContain(
      `at ${installation.argocd.url} (`,
    );
    publish(installation.brokerUrl, ['-t', press, '-m', 'press']);
    await until(
      'the result',
      () => installation.subscriber.latest(result)?.['reason'] === 'argocd-unreachable',
    );

    const restarted = await controlOf(
      installation.workplace.startArgoCd({ port: Number(new URL(installation.argocd.url).port) }),
    );
    await restarted.post('world', worldOf([{ name: 'shop', drifted: true }]));
    await until('another signal', () => installation.signal() === 'drifted');
  });
});
