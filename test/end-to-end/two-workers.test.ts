// Two workers, each with its own Argo CD, share one broker and one prefix. Real processes, and real mosquitto clients.
import { afterEach, describe, expect, it } from 'vitest';
import { controlOf, worldOf, type ArgoCdControl } from '../support/argocd-control.ts';
import type { Applications } from '../support/installation.ts';
import {
  clearRetained,
  createWorkplace,
  publish,
  subscribe,
  type Running,
  type Workplace,
} from '../support/processes.ts';
import { hasMosquitto } from '../support/programs.ts';
import { until } from '../support/wait.ts';

const ids = ['production', 'staging'] as const;
type Id = (typeof ids)[number];

describe.skipIf(!hasMosquitto)('two workers on one prefix (skipped without mosquitto-clients)', () => {
  let workplace: Workplace | undefined;
  afterEach(async () => {
    await workplace?.clear();
    workplace = undefined;
  });

  const arrange = async (applications: Readonly<Record<Id, Applications>>) => {
    const place = (workplace = createWorkplace());
    const broker = place.start(['broker']);
    const brokerUrl = await broker.untilListening((line) => line['part'] === 'broker');
    const subscriber = subscribe(place, brokerUrl);
    const simulators = { production: place.startArgoCd(), staging: place.startArgoCd() };
    const argocd: Record<Id, ArgoCdControl> = {
      production: await controlOf(simulators.production),
      staging: await controlOf(simulators.staging),
    };
    for (const id of ids) await argocd[id].post('world', worldOf(applications[id]));
    const startWorker = (id: Id, buttons: readonly string[] = [id]): Running =>
      place.start(['release-worker'], {
        RELEASE_BUTTON_MQTT_URL: brokerUrl,
        RELEASE_BUTTON_WORKER_ID: id,
        RELEASE_BUTTON_WORKER_STATE_DIR: `./state-${id}`,
        RELEASE_BUTTON_WORKER_BUTTONS: JSON.stringify(
          buttons.map((button) => ({ id: button, select: { all: true }, coolDownMs: 0 })),
        ),
        ARGOCD_SERVER: argocd[id].url,
        ARGOCD_AUTH_TOKEN: 'simulated',
      });
    const workers: Record<Id, Running> = {
      production: startWorker('production'),
      staging: startWorker('staging'),
    };
    place.start(['gpio-agent'], {
      RELEASE_BUTTON_MQTT_URL: brokerUrl,
      RELEASE_BUTTON_AGENT_BUTTONS: JSON.stringify(ids.map((id, index) => ({ id, line: 17 + index }))),
      RELEASE_BUTTON_AGENT_LEDS: JSON.stringify(
        ids.map((id, index) => ({ id, line: 22 + index, follows: id })),
      ),
    });
    const newest = (topic: string) => subscriber.latest(`release-button/${topic}`);
    const saysOf = (button: string, signal: string, worker: Id) =>
      until(`${button} to say ${signal}, by ${worker}`, () => {
        const now = newest(`button/${button}/signal`);
        return now?.['signal'] === signal && now['worker'] === worker;
      });
    const shows = (id: Id, pattern: string) =>
      until(
        `the light of ${id} to show ${pattern}`,
        () => newest(`led/${id}/state`)?.['pattern'] === pattern,
      );
    const run = async (...args: readonly string[]) => {
      const running = place.start(args, { RELEASE_BUTTON_MQTT_URL: brokerUrl });
      const { code } = await running.exited;
      return { code, output: running.output() };
    };
    /** Everything that a worker publishes below its own topics, except its availability. */
    const publishedBy = (id: Id, from = 0) =>
      subscriber
        .messages()
        .slice(from)
        .filter(
          ({ topic }) =>
            topic.startsWith(`release-button/worker/${id}/`) ||
            topic === `release-button/button/${id}/signal`,
        );
    return {
      brokerUrl,
      subscriber,
      argocd,
      workers,
      startWorker,
      newest,
      saysOf,
      shows,
      run,
      publishedBy,
    };
  };

  it('release their own applications, and killing one takes nothing away from the other', async () => {
    const { brokerUrl, subscriber, argocd, workers, startWorker, newest, saysOf, shows, run, publishedBy } =
      await arrange({
        production: [{ name: 'shop', drifted: true, syncMs: 3_000 }],
        staging: [{ name: 'shop', drifted: true }, { name: 'till' }],
      });
    for (const id of ids) {
      await saysOf(id, 'drifted', id);
      await shows(id, 'on');
    }
    expect(newest('worker/production/drift')).toMatchObject({ outOfSync: 1, total: 1 });
    expect(newest('worker/staging/drift')).toMatchObject({ outOfSync: 1, total: 2 });

    publish(brokerUrl, ['-t', 'release-button/button/production/press', '-m', '{"id": "p1"}']);
    await saysOf('production', 'releasing', 'production');
    const before = subscriber.messages().length;
    workers.staging.signal('SIGKILL');
    await workers.staging.exited;
    await shows('staging', 'double-blink');
    // Only its last will speaks for a killed worker.
    expect(publishedBy('staging', before).map(({ topic, payload }) => [topic, payload])).toEqual([
      ['release-button/worker/staging/availability', 'offline'],
    ]);
    await until('the end', () => newest('worker/production/release/last')?.['outcome'] === 'succeeded');
    await shows('production', 'off');

    // When the worker returns, it finds its own topics, and does not take those of the other worker for its own.
    const atReturn = subscriber.messages().length;
    workers.staging = startWorker('staging');
    await until('staging to be back', () =>
      publishedBy('staging', atReturn).some(({ topic }) => topic.endsWith('/staging/drift')),
    );
    await shows('staging', 'on');
    expect(publishedBy('production', atReturn).filter(({ payload }) => payload === '')).toEqual([]);
    expect(newest('worker/staging/release/last')).toBeUndefined();
    expect(newest('worker/production/release/last')).toMatchObject({ pressId: 'p1', outcome: 'succeeded' });
    expect(newest('worker/production/app/argocd/shop')).toMatchObject({ sync: 'Synced' });
    expect(newest('worker/staging/app/argocd/shop')).toMatchObject({ sync: 'OutOfSync' });
    expect(subscriber.messagesOn('release-button/button/production/result')).toHaveLength(1);
    expect(
      [await argocd.production.syncs(), await argocd.staging.syncs()].map(({ length }) => length),
    ).toEqual([1, 0]);

    // A button of no worker gets one answer, and the press is not sent to an Argo CD.
    publish(brokerUrl, ['-t', 'release-button/button/nobodys/press', '-m', '{"id": "p2"}']);
    await until('the answer', () => newest('button/nobodys/result'));
    publish(brokerUrl, ['-t', 'release-button/button/staging/press', '-m', '{"id": "p3"}']);
    await until('the end', () => newest('worker/staging/release/last')?.['pressId'] === 'p3');
    expect(subscriber.messagesOn('release-button/button/nobodys/result')).toHaveLength(1);
    expect(await run('press', 'staging', '--worker', 'production')).toMatchObject({
      code: 2,
      output: expect.stringContaining('no button "staging"'),
    });
  });

  it('do not answer for each other: a press for an offline worker gets no answer, and the commands say so until its topics are cleared', async () => {
    const { brokerUrl, subscriber, workers, startWorker, newest, saysOf, shows, run } = await arrange({
      production: [{ name: 'shop', drifted: true }],
      staging: [{ name: 'shop', drifted: true }],
    });
    for (const id of ids) await shows(id, 'on');
    workers.staging.signal('SIGKILL');
    await workers.staging.exited;
    await shows('staging', 'double-blink');
    const before = subscriber.messagesOn('release-button/led/staging/state').length;

    publish(brokerUrl, ['-t', 'release-button/button/staging/press', '-m', '{"id": "p1"}']);
    // This press has its one answer, so the press before it has had all its answers.
    publish(brokerUrl, ['-t', 'release-button/button/nobodys/press', '-m', '{"id": "p2"}']);
    await until('the answer', () => newest('button/nobodys/result'));
    expect(subscriber.messagesOn('release-button/button/staging/result')).toEqual([]);
    // The light does not flash as for a refusal, and still shows that the worker is offline.
    expect(subscriber.messagesOn('release-button/led/staging/state').slice(before)).toEqual([]);

    const offline =
      'the worker staging is offline. It has the button staging, so nobody would answer. Start it (release-button release-worker, or start)';
    for (const command of [
      ['press', 'staging'],
      ['press', 'staging', '--wait'],
      ['rollback', 'staging'],
      ['freeze', '--button', 'staging', '--reason', 'x'],
    ])
      expect(await run(...command)).toEqual({ code: 6, output: expect.stringContaining(offline) });
    // Without a name, the command asks as if both were online. It does not press the only remaining button.
    expect(await run('press')).toMatchObject({
      code: 2,
      output: expect.stringContaining('there are several buttons. Name one of production, staging'),
    });
    const { code, output } = await run('doctor', 'gpio-agent');
    expect([code, output.replaceAll(/\s+/g, ' ')]).toEqual([
      1,
      expect.stringContaining('a press of its button staging gets no answer'),
    ]);

    clearRetained(brokerUrl, 'release-button/worker/staging/#');
    publish(brokerUrl, ['-t', 'release-button/button/staging/press', '-m', '{"id": "p3"}']);
    await until('the answer', () => newest('button/staging/result'));
    expect(newest('button/staging/result')).toMatchObject({ pressId: 'p3', reason: 'unknown-button' });

    workers.staging = startWorker('staging');
    await shows('staging', 'on');
    expect(await run('press', 'staging')).toMatchObject({ code: 0 });
    await saysOf('production', 'drifted', 'production');
    expect(subscriber.messagesOn('release-button/button/staging/result')).toHaveLength(2);
  });

  it('are all frozen at once with a line for each, or only one of them, and an offline worker is reported', async () => {
    const { workers, newest, saysOf, run } = await arrange({
      production: [{ name: 'shop', drifted: true }],
      staging: [{ name: 'shop', drifted: true }],
    });
    for (const id of ids) await saysOf(id, 'drifted', id);

    const { code, output } = await run('freeze', '--reason', 'the sale', '--by', 'ops');
    expect([code, output.trimEnd().split('\n').sort()]).toEqual([
      0,
      ids.map((id) => `${id}: frozen: the sale, by ops (all buttons)`),
    ]);
    for (const id of ids) await saysOf(id, 'blocked', id);

    expect(await run('unfreeze', '--worker', 'staging')).toEqual({
      code: 0,
      output: 'nothing is frozen any more\n',
    });
    await saysOf('staging', 'drifted', 'staging');
    expect(newest('button/production/signal')).toMatchObject({ signal: 'blocked' });
    expect(newest('worker/production/freeze/state')).toMatchObject({ frozen: true, reason: 'the sale' });

    workers.staging.signal('SIGKILL');
    await workers.staging.exited;
    await until(
      'staging to be offline',
      () =>
        // A bare word, which is not JSON.
        JSON.stringify(newest('worker/staging/availability')) === '{}',
    );
    expect(await run('freeze', '--reason', 'x', '--worker', 'staging')).toEqual({
      code: 6,
      output: expect.stringContaining('the worker "staging" is not online, so nobody would answer'),
    });
    expect(await run('unfreeze')).toEqual({ code: 0, output: 'nothing is frozen any more\n' });
  });

  it('terminate the only running release, and ask which worker is meant if both have one', async () => {
    const { brokerUrl, newest, saysOf, run } = await arrange({
      production: [{ name: 'shop', drifted: true, hookNeverEnds: true }],
      staging: [{ name: 'shop', drifted: true, hookNeverEnds: true }],
    });
    for (const id of ids) await saysOf(id, 'drifted', id);
    expect(await run('terminate')).toMatchObject({
      code: 2,
      output: expect.stringContaining('no worker is releasing'),
    });
    publish(brokerUrl, ['-t', 'release-button/button/staging/press', '-m', '{"id": "p1"}']);
    await saysOf('staging', 'releasing', 'staging');
    publish(brokerUrl, ['-t', 'release-button/button/production/press', '-m', '{"id": "p2"}']);
    await saysOf('production', 'releasing', 'production');
    for (const id of ids)
      await until(
        'the release to be told',
        () => newest(`worker/${id}/release/current`)?.['id'] !== undefined,
      );

    expect(await run('terminate')).toMatchObject({
      code: 2,
      output: expect.stringContaining('Name one with --worker: production, staging'),
    });
    expect(await run('terminate', '--worker', 'production')).toMatchObject({ code: 0 });
    await until('the end', () => newest('worker/production/release/last')?.['outcome'] === 'failed');
    expect(newest('button/staging/signal')).toMatchObject({ signal: 'releasing' });
    await until('the word on it', () => newest('worker/production/release/current')?.['state'] === 'idle');
    expect(await run('terminate')).toMatchObject({ code: 0 });
    await until('the end', () => newest('worker/staging/release/last')?.['outcome'] === 'failed');
  });

  it('release nothing by a button that both have, and doctor and both logs say why', async () => {
    const { brokerUrl, argocd, subscriber, workers, startWorker, newest, saysOf, shows, run } = await arrange(
      {
        production: [{ name: 'shop', drifted: true }],
        staging: [{ name: 'shop', drifted: true }],
      },
    );
    for (const id of ids) await saysOf(id, 'drifted', id);
    workers.staging.signal('SIGTERM');
    await workers.staging.exited;
    workers.staging = startWorker('staging', ['staging', 'production']);
    await saysOf('production', 'unknown', 'production');
    await shows('production', 'heartbeat');
    for (const id of ids)
      await workers[id].untilOutput(/production and staging both have the button production/);

    publish(brokerUrl, ['-t', 'release-button/button/production/press', '-m', '{"id": "p1"}']);
    await until('the answer', () => newest('button/production/result'));
    expect(newest('button/production/result')).toMatchObject({ pressId: 'p1', reason: 'claimed-twice' });
    expect((await run('doctor', 'gpio-agent')).output).toMatch(
      /the workers production and staging both have the button production/,
    );
    expect(subscriber.messagesOn('release-button/button/production/result')).toHaveLength(1);

    workers.staging.signal('SIGKILL');
    await saysOf('production', 'drifted', 'production');
    publish(brokerUrl, ['-t', 'release-button/button/production/press', '-m', '{"id": "p2"}']);
    await until('the end', () => newest('worker/production/release/last')?.['pressId'] === 'p2');
    expect(
      [await argocd.production.syncs(), await argocd.staging.syncs()].map(({ length }) => length),
    ).toEqual([1, 0]);
  });
});
