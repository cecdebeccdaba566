// Freeze, unfreeze, terminate, roll back and refresh as people do: the built command with real processes.
import { afterEach, describe, expect, it } from 'vitest';
import { startSeparately, type SeparateInstallation, type Applications } from '../support/installation.ts';
import { publish } from '../support/processes.ts';
import { hasMosquitto } from '../support/programs.ts';
import { stays, until } from '../support/wait.ts';

const two = JSON.stringify([
  {
    id: 'main',
    select: { names: ['shop'] },
    on: { press: 'release', hold: 'rollback', double: 'refresh' },
    coolDownMs: 0,
  },
  { id: 'other', select: { names: ['till'] }, coolDownMs: 0 },
]);
const oldCommit = '1'.repeat(40);
const newCommit = '2'.repeat(40);

describe.skipIf(!hasMosquitto)('the commands that ask the worker (skipped without mosquitto-clients)', () => {
  let running: SeparateInstallation | undefined;
  afterEach(async () => {
    await running?.workplace.clear();
    running = undefined;
  });

  const arrange = async (applications: Applications, buttons = two) => {
    const installation = (running = await startSeparately(applications, {
      RELEASE_BUTTON_WORKER_BUTTONS: buttons,
    }));
    const run = async (...args: readonly string[]) => {
      const running = installation.workplace.start(args, { RELEASE_BUTTON_MQTT_URL: installation.brokerUrl });
      const { code } = await running.exited;
      return { code, output: running.output() };
    };
    const newest = (topic: string) => installation.subscriber.latest(`release-button/${topic}`);
    const saysOf = (button: string, signal: string, reason: RegExp = /^/) =>
      until(
        `${button} to say ${signal}; it says ${JSON.stringify(newest(`button/${button}/signal`))}`,
        () => {
          const now = newest(`button/${button}/signal`);
          return now?.['signal'] === signal && reason.test(JSON.stringify(now['reason'] ?? ''));
        },
      );
    return { installation, run, newest, saysOf };
  };

  it('freeze with a reason and a name, which lasts over a kill of the worker until somebody lifts it', async () => {
    const { installation, run, newest, saysOf } = await arrange([{ name: 'shop', drifted: true }]);
    const reason = /^"frozen: the sale, by ops"$/;
    expect(await run('freeze', '--reason', 'the sale', '--by', 'ops')).toEqual({
      code: 0,
      output: 'frozen: the sale, by ops (all buttons)\n',
    });
    await saysOf('main', 'blocked', reason);
    await until('the light', () => installation.light() === 'blip');
    await until('the summary', () => newest('worker/main/drift')?.['frozen'] !== undefined);
    expect(newest('worker/main/drift')).toMatchObject({ frozen: { reason: 'the sale', by: 'ops' } });
    expect(await run('press')).toEqual({
      code: 4,
      output: expect.stringMatching(/^rejected: nothing is released: frozen: the sale, by ops\..*unfreeze/),
    });
    expect(newest('button/main/result')).toMatchObject({ reason: 'frozen' });

    installation.worker.signal('SIGKILL');
    await installation.worker.exited;
    await until('the light to say that the worker is gone', () => installation.light() === 'double-blink');
    installation.worker = installation.startWorker();
    await until('the light again', () => installation.light() === 'blip');
    await saysOf('main', 'blocked', reason);
    expect(await run('press')).toMatchObject({ code: 4, output: expect.stringContaining('the sale') });
    expect(await installation.argocd.syncs()).toEqual([]);

    expect(await run('unfreeze', '--by', 'ops')).toEqual({
      code: 0,
      output: 'nothing is frozen any more\n',
    });
    await saysOf('main', 'drifted');
    expect(await run('press')).toMatchObject({ code: 0 });
    await saysOf('main', 'clear');
  });

  it('freeze for a time, which ends by itself, and name the user and host', async () => {
    const { installation, run, newest, saysOf } = await arrange([{ name: 'shop', drifted: true }]);
    // Long enough for the command to reach the worker on a busy machine.
    const frozen = await run('freeze', '--reason', 'a moment', '--for', '6s');
    expect(frozen).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^frozen: a moment, by \S+@\S+, until \d{4}-/),
    });
    const end = /until (\S+)/.exec(frozen.output)?.[1] ?? '';
    await until('the signal, while it holds', () =>
      installation.subscriber
        .messagesOn('release-button/button/main/signal')
        .some(({ payload }) => payload.includes(end)),
    );
    await until('the end', () => newest('worker/main/freeze/state')?.['frozen'] === false);
    await saysOf('main', 'drifted');
    await until('the light', () => installation.light() === 'on');
    expect(await run('press')).toMatchObject({ code: 0 });
  });

  it('freeze and unfreeze for each source, and lifting one freeze does not lift another', async () => {
    const { installation, run, newest, saysOf } = await arrange([{ name: 'shop', drifted: true }]);
    const watch = installation.workplace.start(['watch'], {
      RELEASE_BUTTON_MQTT_URL: installation.brokerUrl,
    });
    await watch.untilOutput(/worker main +online/);
    await run('freeze', '--reason', 'outside hours', '--source', 'evening', '--by', 'cron');
    expect(await run('freeze', '--reason', 'a holiday', '--source', 'holiday', '--by', 'cron')).toEqual({
      code: 0,
      output: 'frozen: a holiday, by cron (all buttons); also outside hours, by cron\n',
    });
    await watch.untilOutput(/freeze main +all buttons: a holiday, by cron, source holiday/);
    await saysOf('main', 'blocked', /outside hours, by cron; also a holiday, by cron/);
    expect(await run('unfreeze', '--source', 'evening')).toEqual({
      code: 0,
      output: 'the freeze by source evening has ended; all buttons are still frozen: a holiday, by cron\n',
    });
    await watch.untilOutput(/freeze main +ended: all buttons: outside hours, by cron, source evening/);
    expect(await run('press')).toMatchObject({ code: 4, output: expect.stringContaining('a holiday') });
    expect(await run('unfreeze')).toMatchObject({ code: 0, output: 'nothing is frozen any more\n' });
    await watch.untilOutput(/freeze main +all freezes have ended/);
    expect(newest('worker/main/freeze/state')).toMatchObject({ frozen: false, causes: [] });
    expect(await run('press')).toMatchObject({ code: 0 });
    watch.signal('SIGINT');
    await watch.exited;
  });

  it('freeze one button and not the other', async () => {
    const { run, newest, saysOf } = await arrange([
      { name: 'shop', drifted: true },
      { name: 'till', drifted: true },
    ]);
    expect(await run('freeze', '--reason', 'stocktaking', '--button', 'other')).toMatchObject({
      code: 0,
      output: expect.stringContaining('(button other)'),
    });
    await saysOf('other', 'blocked', /stocktaking/);
    expect(newest('worker/main/freeze/state')).toMatchObject({
      frozen: false,
      buttons: { other: { reason: 'stocktaking' } },
    });
    expect(await run('press', 'other')).toMatchObject({ code: 4 });
    expect(await run('press', 'main')).toMatchObject({ code: 0 });
    expect(await run('unfreeze', '--button', 'other')).toMatchObject({
      code: 0,
      output: 'the freeze of button other has ended\n',
    });
    expect(await run('press', 'other')).toMatchObject({ code: 0 });
    expect(await run('freeze', '--reason', 'x', '--button', 'garden')).toMatchObject({
      code: 2,
      output: expect.stringMatching(/no button "garden"/),
    });
  });

  it('terminate a sync whose hook never ends, and report it if nothing runs', async () => {
    const { installation, run, newest, saysOf } = await arrange([
      { name: 'shop', drifted: true, hookNeverEnds: true },
    ]);
    expect(await run('terminate')).toEqual({
      code: 4,
      output:
        'refused: no release is running, and no sync of an earlier one, so there is nothing to terminate\n',
    });
    expect(await run('press')).toMatchObject({ code: 0 });
    await until('the sync', async () => (await installation.argocd.syncs()).length === 1);
    expect(await run('terminate', '--app', 'argocd/till')).toMatchObject({
      code: 4,
      output: expect.stringContaining('no release of argocd/till is running'),
    });
    expect(await run('terminate', '--app', 'argocd/shop')).toEqual({
      code: 0,
      output: 'terminating 1 application of the running release\n',
    });
    const finished = await until('the end of the release', () => newest('worker/main/release/last'));
    expect(finished).toMatchObject({ outcome: 'failed', apps: [{ name: 'shop', outcome: 'terminated' }] });
    await saysOf('main', 'failed');
  });

  it('roll the last release back, after which the button is frozen and says so', async () => {
    const { installation, run, newest, saysOf } = await arrange([{ name: 'shop', drifted: true }]);
    expect(await run('rollback', 'main')).toEqual({
      code: 5,
      output: expect.stringMatching(/^nothing-to-release: this button has released nothing .*`only`/),
    });
    expect(await run('press')).toMatchObject({ code: 0 });
    await saysOf('main', 'succeeded');

    expect(await run('rollback', 'main')).toEqual({
      code: 0,
      output: 'accepted: rolling back argocd/shop to 1111111\n',
    });
    await until(
      'the end of the rollback',
      () => newest('worker/main/release/last')?.['action'] === 'rollback',
    );
    expect(newest('worker/main/release/last')).toMatchObject({ outcome: 'succeeded' });
    expect((await installation.argocd.syncs()).map(({ revision }) => revision)).toEqual([
      newCommit,
      oldCommit,
    ]);
    await saysOf('main', 'blocked', /rolled back/);
    expect(await run('press')).toMatchObject({ code: 4, output: expect.stringContaining('rolled back') });
    expect(await run('rollback', 'main')).toMatchObject({
      code: 4,
      output: expect.stringContaining('rolled back'),
    });
    expect(await run('unfreeze', '--button', 'main')).toMatchObject({ code: 0 });
    expect(await run('press')).toMatchObject({ code: 0 });
  });

  it('follow a rollback to its end even if the worker was killed in the middle of it, and freeze the button', async () => {
    const { installation, run, newest, saysOf } = await arrange([
      { name: 'shop', drifted: true, syncMs: 200 },
    ]);
    expect(await run('press')).toMatchObject({ code: 0 });
    await saysOf('main', 'succeeded');
    await installation.argocd.post('world', { adjust: [{ name: 'shop', syncMs: 3_000 }] });
    expect(await run('rollback', 'main')).toMatchObject({ code: 0 });
    await until('the POST', async () => (await installation.argocd.syncs()).length === 2);
    installation.worker.signal('SIGKILL');
    await installation.worker.exited;
    expect(newest('worker/main/freeze/state')).toEqual({ frozen: false });

    installation.worker = installation.startWorker();
    await until(
      'the end of the rollback',
      () => newest('worker/main/release/last')?.['action'] === 'rollback',
    );
    expect(newest('worker/main/release/last')).toMatchObject({ outcome: 'succeeded' });
    expect(newest('worker/main/freeze/state')).toMatchObject({
      buttons: { main: { reason: 'rolled back' } },
    });
    await saysOf('main', 'blocked', /rolled back/);
    expect(await installation.argocd.syncs()).toHaveLength(2);
    expect(await run('press')).toMatchObject({ code: 4, output: expect.stringContaining('rolled back') });
  });

  it('name the gesture to configure and the buttons to choose from, and refuse an impossible request', async () => {
    const { run } = await arrange([{ name: 'shop', drifted: true }]);
    expect(await run('rollback', 'other')).toMatchObject({
      code: 2,
      output: expect.stringContaining('worker.buttons[].on: {press: release, hold: rollback}'),
    });
    expect(await run('rollback')).toMatchObject({
      code: 2,
      output: expect.stringMatching(/there are several buttons\..*main, other/),
    });
    expect(await run('rollback', 'garden')).toMatchObject({
      code: 2,
      output: expect.stringMatching(/no button.*garden.*main, other/),
    });
    const wrongCommands: readonly (readonly [readonly string[], RegExp])[] = [
      [['freeze'], /--reason/],
      [['freeze', '--reason', 'x', '--for', 'soon'], /--for soon.*30m/],
      [['freeze', '--reason', 'x', '--for', '0m'], /--for 0m/],
      [['freeze', '--reason', 'x'.repeat(201)], /reason.*200/],
      [['freeze', '--reason', ''], /reason: must not be empty/],
      [['freeze', '--reason', '  '], /reason: must not be empty/],
      [['unfreeze', '--reason', ''], /reason/],
      [['freeze', '--reason', 'x', '--button', 'A/B'], /button/],
      [['freeze', '--reason', 'x', '--source', 'my.script'], /source: must match/],
      [['terminate', '--app', 'shop'], /<namespace>\/<name>/],
    ];
    const answers = await Promise.all(wrongCommands.map(([args]) => run(...args)));
    for (const [index, [args, words]] of wrongCommands.entries())
      expect(answers[index], args.join(' ')).toMatchObject({ code: 2, output: expect.stringMatching(words) });
  });

  it('choose the only button, and find its gesture', async () => {
    const { run } = await arrange(
      [{ name: 'shop', drifted: true }],
      '[{"id":"shelf","select":{"all":true},"on":{"press":"release","double":"rollback"}}]',
    );
    expect(await run('rollback')).toMatchObject({
      code: 5,
      output: expect.stringContaining('nothing that could be undone'),
    });
  });

  it('refresh by the gesture: Argo CD compares with Git, nothing is released, and the light shows the result', async () => {
    const { installation, run, saysOf } = await arrange([{ name: 'shop' }]);
    await saysOf('main', 'clear');
    await installation.argocd.post('drift', { app: 'shop', noticed: false });
    await stays('nothing is known of it', () => installation.signal() === 'clear', 500);
    expect(await run('press', '--gesture', 'double')).toEqual({
      code: 0,
      output: 'accepted: Argo CD looks at Git again for argocd/shop\n',
    });
    await saysOf('main', 'drifted');
    expect(await installation.argocd.syncs()).toEqual([]);
    // A refresh is not a release, so a freeze does not stop it.
    expect(await run('freeze', '--reason', 'the sale')).toMatchObject({ code: 0 });
    expect(await run('press', '--gesture', 'double')).toMatchObject({ code: 0 });
  });

  it('end with 6 and what to check if no worker is online or answers, or if there is no broker', async () => {
    const { installation, run } = await arrange([{ name: 'shop', drifted: true }]);
    installation.worker.signal('SIGTERM');
    await installation.worker.exited;
    const notOnline = /^the worker "main" is not online, so nobody would answer\. Start it/;
    const offline = /^the worker main is offline\. It has the button main, so nobody would answer\. Start it/;
    const noAnswer = /^no answer within 5 s\. Is the release worker running.*mqtt:/;
    // Without a worker nobody knows whose release is meant, so the command sends nothing.
    const nobodyThere = /the broker at mqtt:.* has no worker online\. Is the release worker running/;
    const commands = [
      { args: ['freeze', '--reason', 'x'], says: nobodyThere, unheard: noAnswer },
      { args: ['unfreeze'], says: nobodyThere, unheard: noAnswer },
      { args: ['unfreeze', '--button', 'main'], says: offline, unheard: noAnswer },
      { args: ['terminate', '--worker', 'main'], says: notOnline, unheard: noAnswer },
      { args: ['terminate'], says: nobodyThere, unheard: nobodyThere },
      { args: ['press', 'main'], says: offline, unheard: noAnswer },
      { args: ['rollback', 'main'], says: offline, unheard: noAnswer },
    ];
    // No worker has ever been online under this prefix.
    const otherPrefix = ['--mqtt-topic-prefix', 'elsewhere'];
    const alone = await Promise.all(
      commands.flatMap(({ args, says: expected, unheard }) => [
        run(...args).then((answer) => ({ answer, says: expected })),
        run(...args, ...otherPrefix).then((answer) => ({ answer, says: unheard })),
      ]),
    );
    for (const { answer, says: expected } of alone)
      expect(answer).toMatchObject({ code: 6, output: expect.stringMatching(expected) });
    const nowhere = await Promise.all(
      commands.map(({ args }) => run(...args, '--mqtt-url', 'mqtt://127.0.0.1:1')),
    );
    for (const answer of nowhere)
      expect(answer).toMatchObject({ code: 6, output: expect.stringMatching(/127\.0\.0\.1:1.*mqtt\.url/) });
    // No request waits for the worker when it comes back.
    installation.worker = installation.startWorker();
    await until('the worker', () =>
      installation.subscriber
        .messagesOn('release-button/worker/main/availability')
        .at(-1)
        ?.payload.startsWith('online'),
    );
    await installation.worker.untilOutput(/button main: drifted/);
    expect(await run('press')).toMatchObject({ code: 0 });
  });

  it('show in `watch` when a freeze begins and ends, without control characters', async () => {
    const { installation, run } = await arrange([{ name: 'shop', drifted: true }]);
    const watch = installation.workplace.start(['watch'], {
      RELEASE_BUTTON_MQTT_URL: installation.brokerUrl,
    });
    await watch.untilOutput(/worker main +online/);
    publish(installation.brokerUrl, [
      '-t',
      'release-button/freeze/set',
      '-m',
      JSON.stringify({ frozen: true, reason: 'red \u001B[31m alert' }),
    ]);
    await watch.untilOutput(/freeze main +all buttons: red .\[31m alert, by mqtt/);
    const outcome = await run('press');
    expect(outcome.output).toContain('alert');
    expect(outcome.output + watch.output()).not.toContain('\u001B[31m alert');
    await run('unfreeze');
    await watch.untilOutput(/freeze main +all freezes have ended/);
    watch.signal('SIGINT');
    expect(await watch.exited).toMatchObject({ code: 0 });
  });
});
