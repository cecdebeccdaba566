// The watch on a hand-moved clock, with a scripted Argo CD: how an outage is noticed while no stream is open.
import { describe, expect, it } from 'vitest';
import type { Probed } from '../../../release-worker/argocd/client.ts';
import { ArgoCdError, type ArgoCdErrorKind } from '../../../release-worker/argocd/errors.ts';
import { settle } from '../support/settle.ts';
import { keepAlive, never, unreachable, watching } from '../support/watching.ts';

const there = () => Promise.resolve({ version: 'v3', simulated: false });
const fails = (kind: ArgoCdErrorKind) => () => Promise.reject(new ArgoCdError({ kind, message: kind }));

/** Its stream was open, and a gateway refuses it from then on. Lists and probes are still answered. */
async function withoutStream() {
  const asked: { readonly at: number; readonly once: boolean }[] = [];
  let answer: () => Promise<Probed> = there;
  const seen = await watching({
    probe: (how) => {
      asked.push({ at: seen.clock.monotonic(), once: how?.once === true });
      return answer();
    },
  });
  const refuse = async () => {
    seen.stream().fail(new ArgoCdError({ kind: 'not-permitted', message: 'no streams here' }));
    await settle();
  };
  seen.stream().send(keepAlive);
  await seen.pass(2_000);
  await refuse();
  for (let round = 0; round < 20; round += 1) {
    await seen.pass(1_000);
    await refuse();
  }
  asked.length = 0;
  return {
    ...seen,
    asked,
    refuse,
    probeWith: (next: () => Promise<Probed>) => {
      answer = next;
    },
  };
}

describe('without a stream', () => {
  it('a port that refuses is said to be so within 3 s, and at once, before the light is asked for again', async () => {
    const { watch, pass, isFresh, probeWith, answerWith, changes } = await withoutStream();
    expect(watch.reachable()).toBe(true);
    // The first question is refused; that which decides about the light has not been answered yet.
    let first = true;
    probeWith(() => {
      if (!first) return never();
      first = false;
      return unreachable();
    });
    answerWith(never);
    const before = changes();
    await pass(2_500);
    expect([watch.reachable(), isFresh(), changes() > before]).toEqual([false, true, true]);
  });

  it('the light is unknown where the question that follows is refused too, and right again afterwards', async () => {
    const { watch, pass, isFresh, probeWith, answerWith, lists, refuse } = await withoutStream();
    probeWith(unreachable);
    answerWith(unreachable);
    await pass(4_500);
    expect([watch.reachable(), isFresh(), watch.away()]).toEqual([false, false, 'nothing listens there']);
    const before = lists.length;
    await pass(20_000);
    expect(lists.length).toBe(before);

    probeWith(there);
    answerWith(() => Promise.resolve([]));
    await pass(2_500);
    await refuse();
    expect([watch.reachable(), isFresh()]).toEqual([true, true]);
    // It is looked out for again.
    probeWith(unreachable);
    await pass(2_500);
    expect(watch.reachable()).toBe(false);
  });

  it('a refusal in passing leaves the light alone', async () => {
    const { watch, pass, isFresh, probeWith } = await withoutStream();
    let refusals = 1;
    probeWith(() => (refusals-- > 0 ? unreachable() : there()));
    await pass(60_000);
    expect([watch.reachable(), isFresh(), refusals < 0]).toEqual([true, true, true]);
  });

  it('an answer to a small question does not speak for a list that fails', async () => {
    const { watch, pass, answerWith, asked } = await withoutStream();
    answerWith(fails('unavailable'));
    await pass(31_000);
    const before = asked.length;
    await pass(10_000);
    expect([watch.reachable(), asked.length > before]).toEqual([false, true]);
    answerWith(() => Promise.resolve([]));
    await pass(40_000);
    expect(watch.reachable()).toBe(true);
  });

  it('an Argo CD that answers is asked one small question in 2 s, and one that is slow is asked one at a time', async () => {
    const { pass, asked, probeWith } = await withoutStream();
    await pass(10_000);
    expect(asked.length).toBeGreaterThanOrEqual(4);
    expect(asked.length).toBeLessThanOrEqual(5);
    probeWith(never);
    await pass(2_500);
    const before = asked.length;
    await pass(60_000);
    expect(asked.length).toBe(before);
  });

  it.each(['unavailable', 'unsure', 'not-argocd'] as const)(
    'one that is there but overloaded (%s) is asked ever more seldom',
    async (kind) => {
      const { pass, asked, probeWith, watch } = await withoutStream();
      let probeLoop = false;
      probeWith(() => {
        probeLoop = asked.at(-1)?.once === true;
        return probeLoop ? fails(kind)() : there();
      });
      await pass(300_000);
      const times = asked.filter(({ once }) => once).map(({ at }) => at);
      const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
      expect(gaps.slice(0, 4)).toEqual([2_000, 4_000, 8_000, 16_000]);
      expect(gaps.slice(4).every((gap) => gap === 30_000)).toBe(true);
      expect(watch.reachable()).toBe(true);
      probeWith(there);
      await pass(31_000);
      const before = asked.length;
      await pass(10_000);
      expect(asked.length - before).toBeGreaterThanOrEqual(4);
    },
  );

  it('whoever refuses the question is there', async () => {
    const { pass, probeWith, watch, isFresh } = await withoutStream();
    probeWith(fails('unauthenticated'));
    await pass(20_000);
    expect([watch.reachable(), isFresh()]).toEqual([true, true]);
  });

  it('a stream that is refused by the port says so at once', async () => {
    const { watch, stream, streams, pass, probeWith } = await withoutStream();
    const count = streams.length;
    while (streams.length === count) await pass(500);
    probeWith(never);
    stream().fail(new ArgoCdError({ kind: 'unreachable', message: 'nothing listens there' }));
    await settle();
    expect(watch.reachable()).toBe(false);
  });
});

it('asks nothing while a stream tells, and leaves no timer behind', async () => {
  const { pass, asked, stream, streams, watch, clock } = await withoutStream();
  const count = streams.length;
  while (streams.length === count) await pass(500);
  stream().send(keepAlive);
  await settle();
  asked.length = 0;
  for (let round = 0; round < 4; round += 1) {
    await pass(15_000);
    stream().send(keepAlive);
    await settle();
  }
  expect(asked).toEqual([]);
  await watch.stop();
  expect(clock.pendingTimers()).toBe(0);
});

it('asks nothing while the token is not accepted, since others do', async () => {
  const { pass, asked, answerWith, watch } = await withoutStream();
  answerWith(fails('unauthenticated'));
  await pass(31_000);
  expect(watch.problem()).toBe('unauthenticated');
  asked.length = 0;
  await pass(20_000);
  expect(asked).toEqual([]);
});
