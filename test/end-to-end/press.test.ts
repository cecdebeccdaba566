// A press by the real mosquitto_pub leads to a sync at the simulated Argo CD and to the light, with real processes.
import { afterEach, describe, expect, it } from 'vitest';
import { startInOne, type Installation } from '../support/installation.ts';
import { publish } from '../support/processes.ts';
import { hasMosquitto } from '../support/programs.ts';
import { stays, until } from '../support/wait.ts';

const press = 'release-button/button/main/press';
const result = 'release-button/button/main/result';

describe.skipIf(!hasMosquitto)('a press by mosquitto_pub (skipped without mosquitto-clients)', () => {
  let running: Installation | undefined;
  afterEach(async () => {
    await running?.workplace.clear();
    running = undefined;
  });

  it('releases drift if it is bare, with one POST and one result, and the light goes off', async () => {
    const demo = (running = await startInOne([{ name: 'shop', syncMs: 300 }, { name: 'still' }]));
    await until('the light to be off', () => demo.light() === 'off');

    await demo.argocd.post('drift', { app: 'shop' });
    await demo.untilSignal('drifted');
    await until('the light to be on', () => demo.light() === 'on');

    publish(demo.brokerUrl, ['-t', press, '-m', 'press']);
    await until('the light to pulse', () => demo.light() === 'pulse');
    await demo.untilSignal('succeeded');
    await demo.untilSignal('clear');
    await until('the light to be off again', () => demo.light() === 'off');

    expect(demo.subscriber.messagesOn(result).map(({ payload }) => JSON.parse(payload))).toEqual([
      expect.objectContaining({ button: 'main', outcome: 'accepted', applications: 1 }),
    ]);
    const syncs = await demo.argocd.syncs();
    expect(syncs.map(({ name, status }) => [name, status])).toEqual([['shop', 200]]);
    expect(demo.subscriber.latest('release-button/worker/main/release/last')).toMatchObject({
      outcome: 'succeeded',
      apps: [{ name: 'shop', outcome: 'in-sync' }],
    });
    await until(
      'nothing to run any more',
      () => demo.subscriber.latest('release-button/worker/main/release/current')?.['state'] === 'idle',
    );
  });

  it('is answered under its id if it is JSON, and the sync is pinned to the shown revision and has the ids', async () => {
    const demo = (running = await startInOne([
      { name: 'shop', drifted: true },
      { name: 'other', drifted: true },
    ]));
    publish(demo.brokerUrl, [
      '-t',
      press,
      '-m',
      JSON.stringify({ id: 'press-1', source: 'test', only: ['argocd/shop'] }),
    ]);
    const answer = await until('the result', () => demo.subscriber.latest(result));
    expect(answer).toMatchObject({ pressId: 'press-1', outcome: 'accepted', applications: 1 });
    await until('the end of the release', () =>
      demo.subscriber.latest('release-button/worker/main/release/last'),
    );
    const syncs = await demo.argocd.syncs();
    expect(syncs).toHaveLength(1);
    expect(syncs[0]).toMatchObject({ name: 'shop', revision: '2'.repeat(40) });
    expect(syncs[0]?.infos).toEqual(
      expect.arrayContaining([
        { name: 'press-id', value: 'press-1' },
        { name: 'release-id', value: answer['releaseId'] },
        { name: 'button', value: 'main' },
      ]),
    );

    publish(demo.brokerUrl, ['-t', press, '-m', JSON.stringify({ id: 'press-1' })]);
    await until('the second result', () => demo.subscriber.messagesOn(result).length === 2);
    expect(demo.subscriber.latest(result)).toMatchObject({ outcome: 'rejected', reason: 'duplicate' });
    expect(await demo.argocd.syncs()).toHaveLength(1);
  });

  it('becomes one release together with another press at the same time', async () => {
    const demo = (running = await startInOne([{ name: 'shop', drifted: true, syncMs: 500 }]));
    publish(demo.brokerUrl, ['-t', press, '-m', 'press', '--repeat', '2']);
    await until('two results', () => demo.subscriber.messagesOn(result).length === 2);
    const reasons = demo.subscriber.messagesOn(result).map(({ payload }) => JSON.parse(payload) as unknown);
    expect(reasons).toEqual([
      expect.objectContaining({ outcome: 'accepted' }),
      expect.objectContaining({ outcome: 'rejected', reason: 'cool-down' }),
    ]);
    await demo.untilSignal('succeeded');
    expect(await demo.argocd.syncs()).toHaveLength(1);
  });

  it('does not count if it is retained over MQTT 5: one result, the topic cleared, and no POST', async () => {
    const demo = (running = await startInOne([{ name: 'shop', drifted: true }]));
    publish(demo.brokerUrl, ['-V', '5', '-r', '-t', press, '-m', 'press']);
    await until('the result', () => demo.subscriber.messagesOn(result).length > 0);
    await until('the topic to be cleared', () => demo.subscriber.messagesOn(press).at(-1)?.payload === '');
    expect(demo.subscriber.latest(result)).toMatchObject({ outcome: 'rejected', reason: 'retained' });
    await stays(
      'no POST and one result',
      async () => (await demo.argocd.syncs()).length === 0 && demo.subscriber.messagesOn(result).length === 1,
      1_000,
    );
  });

  it('is ignored if its payload is empty', async () => {
    const demo = (running = await startInOne([{ name: 'shop', drifted: true }]));
    publish(demo.brokerUrl, ['-t', press, '-n']);
    publish(demo.brokerUrl, ['-V', '5', '-r', '-t', press, '-n']);
    // A later press of another kind on the worker's connection shows that the worker has ignored the others.
    publish(demo.brokerUrl, ['-t', 'release-button/button/nobody/press', '-m', 'press']);
    await until(
      'the result of the third',
      () => demo.subscriber.messagesOn('release-button/button/nobody/result').length > 0,
    );
    expect(demo.subscriber.messagesOn(result)).toEqual([]);
    expect(await demo.argocd.syncs()).toEqual([]);
  });

  it('is answered with the reason if nothing is out of sync', async () => {
    const demo = (running = await startInOne([{ name: 'shop' }]));
    publish(demo.brokerUrl, ['-t', press, '-m', 'press']);
    const answer = await until('the result', () => demo.subscriber.latest(result));
    expect(answer).toMatchObject({ outcome: 'nothing-to-release' });
    expect(answer['message']).toMatch(/in sync; Argo CD has just looked at Git again/);
  });

  it('releases a commit that Argo CD has not noticed yet, because a press refreshes', async () => {
    const demo = (running = await startInOne([{ name: 'shop' }]));
    await demo.argocd.post('drift', { app: 'shop', noticed: false });
    publish(demo.brokerUrl, ['-t', press, '-m', 'press']);
    expect(await until('the result', () => demo.subscriber.latest(result))).toMatchObject({
      outcome: 'accepted',
    });
    await until('the end of the release', () =>
      demo.subscriber.latest('release-button/worker/main/release/last'),
    );
    expect(await demo.argocd.syncs()).toHaveLength(1);
  });

  it('that leads to a failed sync shows its message until the next press is accepted', async () => {
    const demo = (running = await startInOne([
      { name: 'shop', drifted: true, fails: { message: 'one or more objects failed to apply' } },
    ]));
    publish(demo.brokerUrl, ['-t', press, '-m', 'press']);
    await demo.untilSignal('failed');
    await until('the light to say SOS', () => demo.light() === 'sos');
    expect(demo.subscriber.latest('release-button/worker/main/release/last')).toMatchObject({
      outcome: 'failed',
      apps: [{ outcome: 'failed', message: expect.stringContaining('failed to apply') }],
    });
  });
});
