// The watch on a hand-moved clock, with a scripted Argo CD: what counts as fresh, and when it asks again.
import { describe, expect, it } from 'vitest';
import type { AppRecord } from '../../../release-worker/argocd/application.ts';
import { streamEvent } from '../support/argocd.ts';
import { drifted, listed } from '../support/records.ts';
import { settle } from '../support/settle.ts';
import { idleWatch, keepAlive, never, unreachable, watching } from '../support/watching.ts';

const shop = { metadata: { name: 'shop', namespace: 'argocd' }, status: { sync: { status: 'OutOfSync' } } };

describe('what is known is fresh', () => {
  it('for maxAgeMs after a list was sent, where the stream has sent nothing', async () => {
    const { watch, isFresh, clock, answerWith } = await watching();
    answerWith(unreachable);

    expect(watch.freshUntil()).toBe(60_000);
    clock.advance(59_999);
    expect(isFresh()).toBe(true);
    clock.advance(1);
    expect(isFresh()).toBe(false);
  });

  it('never before a first list, whatever the stream sends', async () => {
    const { isFresh, stream, registry } = await watching({ list: unreachable });
    stream().send(streamEvent('ADDED', shop));
    await settle();

    expect(registry.size).toBe(1);
    expect(isFresh()).toBe(false);
  });

  it('asks for the list before it opens the stream, whose burst would hold the list up', async () => {
    const { lists, streams } = await watching({ list: never });
    expect([lists.length, streams.length]).toEqual([1, 0]);
  });

  it('by keep-alives, once a list has followed the beginning of the stream', async () => {
    const { isFresh, stream, pass, answerWith, lists } = await watching();
    stream().send(streamEvent('ADDED', shop));
    await pass(2_000);
    expect(lists.length).toBe(2);
    answerWith(never);

    for (let round = 0; round < 20; round += 1) {
      stream().send(keepAlive);
      await pass(15_000);
      expect(isFresh()).toBe(true);
    }
  });

  it('not by a new stream after an outage, until a list has told what it missed', async () => {
    const { isFresh, stream, pass, answerWith, registry } = await watching();
    answerWith(unreachable);
    stream().fail(new Error('gone'));
    await pass(70_000);
    expect(isFresh()).toBe(false);

    let answered: (records: readonly AppRecord[]) => void = () => {};
    answerWith(
      () =>
        new Promise((resolve) => {
          answered = resolve;
        }),
    );
    await pass(70_000);
    stream().send(streamEvent('ADDED', shop));
    stream().send(keepAlive);
    await settle();
    expect(isFresh()).toBe(false);

    answered([listed(), listed({ name: 'new' })]);
    await settle();
    expect(isFresh()).toBe(true);
    expect(registry.size).toBe(2);
  });

  it.each([2_000, 10_000, 60_000])(
    'without gaps where lists come alone and maxAgeMs is %i',
    async (maxAgeMs) => {
      const { isFresh, pass, watch } = await watching({}, { maxAgeMs });
      for (let round = 0; round < 100; round += 1) {
        await pass(1_000);
        expect([watch.freshUntil(), isFresh()]).toEqual([watch.freshUntil(), true]);
      }
    },
  );
});

describe('a list is asked for', () => {
  it('every 30 s while the stream has sent nothing', async () => {
    const { lists, pass } = await watching();
    await pass(65_000);
    expect(lists).toEqual([0, 30_000, 60_000]);
  });

  it('after the burst of a new stream, and then every listEveryMs', async () => {
    const { lists, stream, pass } = await watching();
    for (let part = 0; part < 4; part += 1) {
      stream().send(streamEvent('ADDED', { metadata: { name: `app-${part}`, namespace: 'argocd' } }));
      await pass(500);
    }
    expect(lists).toEqual([0]);
    await pass(2_000);
    expect(lists.length).toBe(2);
    for (let round = 0; round < 13; round += 1) {
      stream().send(keepAlive);
      await pass(15_000);
    }
    expect(lists.length).toBe(3);
  });

  it('in the end also where the burst does not', async () => {
    const { lists, stream, pass } = await watching();
    for (let part = 0; part < 40; part += 1) {
      stream().send(streamEvent('ADDED', { metadata: { name: `app-${part}`, namespace: 'argocd' } }));
      await pass(500);
    }
    expect(lists.length).toBe(2);
  });

  it('at once when a stream that has sent something is cut', async () => {
    const { lists, stream, pass, clock } = await watching();
    stream().send(keepAlive);
    await pass(5_000);
    const before = lists.length;
    stream().fail(new Error('cut'));
    await settle();

    expect(lists.length).toBe(before + 1);
    expect(lists.at(-1)).toBe(clock.monotonic());
  });

  it('again when one was wanted while another was under way', async () => {
    let answered: (records: readonly AppRecord[]) => void = () => {};
    const { lists, stream, pass, answerWith } = await watching();
    stream().send(keepAlive);
    await pass(2_000);
    answerWith(
      () =>
        new Promise((resolve) => {
          answered = resolve;
        }),
    );
    stream().fail(new Error('cut'));
    await pass(1_500);
    stream().send(keepAlive);
    await pass(2_000);
    const before = lists.length;
    answered([listed()]);
    await settle();

    expect(lists.length).toBe(before + 1);
  });
});

describe('the stream', () => {
  it('is opened again after delays that grow, also where each one sends something first', async () => {
    const { streams, stream, pass } = await watching();
    const openedAfter: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const count = streams.length;
      stream().send(streamEvent('ADDED', shop));
      await settle();
      stream().fail(new Error('cut'));
      let waited = 0;
      while (streams.length === count) {
        await pass(500);
        waited += 500;
      }
      openedAfter.push(waited);
    }
    expect(openedAfter).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
  });

  it('is opened again soon after a long life', async () => {
    const { streams, stream, pass } = await watching();
    for (let round = 0; round < 3; round += 1) {
      stream().fail(new Error('cut'));
      await pass(10_000);
    }
    stream().send(keepAlive);
    await pass(31_000);
    const count = streams.length;
    stream().fail(new Error('cut'));
    await pass(1_000);
    expect(streams.length).toBe(count + 1);
  });

  it('is given up when it has been silent for streamIdleMs', async () => {
    const { streams, stream, pass, check } = await watching();
    stream().send(keepAlive);
    await pass(44_500);
    expect([streams.length, check('argocd-stream')?.ok]).toEqual([1, true]);
    await pass(500);
    expect(check('argocd-stream')).toMatchObject({ ok: false });
    expect(check('argocd-stream')?.message).toContain('silent for 45 s');
    await pass(1_000);
    expect(streams.length).toBe(2);
  });

  it('takes out what no button selects any more', async () => {
    const { registry, stream } = await watching();
    stream().send(streamEvent('MODIFIED', { ...shop, spec: { project: 'other' } }));
    await settle();
    expect(registry.size).toBe(0);
  });
});

describe('whoever relies on Argo CD to be there', () => {
  it('has it asked, where it has not been heard for 5 s', async () => {
    let probes = 0;
    const { watch, clock, stream } = await watching({
      probe: () => {
        probes += 1;
        return Promise.resolve({ version: 'v3', simulated: false });
      },
    });
    // While the stream is silent, the watch asks anyway.
    stream().send(keepAlive);
    await settle();
    clock.advance(5_000);
    expect(watch.doubt()).toBeUndefined();
    clock.advance(1);
    await watch.doubt();
    expect([probes, watch.doubt()]).toEqual([1, undefined]);

    clock.advance(4_000);
    stream().send(keepAlive);
    await settle();
    clock.advance(4_000);
    watch.answered();
    clock.advance(4_000);
    expect([watch.doubt(), probes]).toEqual([undefined, 1]);
  });

  it('does not wait where Argo CD is known to be away', async () => {
    const { watch, clock, isFresh } = await watching({ probe: unreachable });
    clock.advance(6_000);
    await watch.doubt();
    expect([isFresh(), watch.problem(), watch.away()]).toEqual([
      false,
      'nothing listens there',
      'nothing listens there',
    ]);
    clock.advance(1_000);
    expect(watch.doubt()).toBeUndefined();
  });
});

it('leaves no timer when it is stopped, whatever is under way, and can be stopped twice', async () => {
  const { watch, clock, stream } = await watching();
  stream().send(streamEvent('ADDED', drifted('a')));
  await settle();
  await watch.stop();
  await watch.stop();
  expect(clock.pendingTimers()).toBe(0);
});

it('can be stopped before it was started, as by a signal during the start, and again after it', async () => {
  const watch = idleWatch();
  await watch.stop();
  watch.start();
  await expect(watch.stop()).resolves.toBeUndefined();
});

it('can be stopped as soon as it was started', async () => {
  const watch = idleWatch();
  watch.start();
  await expect(watch.stop()).resolves.toBeUndefined();
});
