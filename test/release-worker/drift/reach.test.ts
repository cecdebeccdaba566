// Whether Argo CD can be reached, on a hand-moved clock: what raises a doubt, and what decides it.
import { describe, expect, it, onTestFinished } from 'vitest';
import { ArgoCdError } from '../../../release-worker/argocd/errors.ts';
import { createReach, raisesDoubt } from '../../../release-worker/drift/reach.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { settle } from '../support/settle.ts';
import { unreachable } from '../support/watching.ts';

const there = () => Promise.resolve({ version: 'v3', simulated: false });

function reaching(first: () => Promise<unknown> = there) {
  const clock = createFakeClock();
  const asked: number[] = [];
  const told: string[] = [];
  let answer = first;
  let sign = -Infinity;
  const reach = createReach({
    argocd: {
      probe: async () => {
        asked.push(clock.monotonic());
        await answer();
        return there();
      },
    },
    clock,
    lastSign: () => sign,
    onAway: (why) => told.push(why),
    onThere: (back) => {
      if (back) told.push('back');
    },
  });
  onTestFinished(() => reach.stop());
  return {
    clock,
    reach,
    asked,
    told,
    answerWith: (next: () => Promise<unknown>) => {
      answer = next;
    },
    signAt: (at: number) => {
      sign = at;
    },
    pass: async (ms: number) => {
      for (let left = ms; left > 0; left -= 500) {
        clock.advance(Math.min(500, left));
        await settle();
      }
    },
  };
}

describe('a doubt', () => {
  it('is decided at once, and changes nothing where somebody answers', async () => {
    const { reach, asked, told, clock } = reaching();
    reach.doubt();
    expect(reach.isInDoubt()).toBe(true);
    await reach.whenDecided();
    expect(asked).toEqual([0]);
    expect(told).toEqual([]);
    expect([reach.isInDoubt(), reach.isAway(), clock.pendingTimers()]).toEqual([false, false, 0]);
  });

  it.each(['unauthenticated', 'not-permitted', 'forbidden-or-missing', 'invalid', 'not-found'] as const)(
    'is settled by a refusal (%s) too: whoever refuses is there, and lists tell what is wrong',
    async (kind) => {
      const { reach, told } = reaching(() => Promise.reject(new ArgoCdError({ kind, message: 'no' })));
      reach.doubt();
      await reach.whenDecided();
      expect(reach.isAway()).toBe(false);
      expect(told).toEqual([]);
    },
  );

  it('that many calls raise costs one question in two seconds', async () => {
    const { reach, asked, pass } = reaching();
    for (let round = 0; round < 20; round += 1) {
      reach.doubt();
      await pass(500);
    }
    expect(asked).toEqual([0, 2_000, 4_000, 6_000, 8_000, 10_000]);
  });

  it('is no more than slowness where Argo CD sends something meanwhile', async () => {
    const silence = () => Promise.reject(new ArgoCdError({ kind: 'unsure', message: 'no answer in time' }));
    const { reach, told, signAt, pass } = reaching(silence);
    signAt(0);
    reach.doubt();
    await reach.whenDecided();
    expect(told).toEqual([]);
    await pass(2_000);
    reach.doubt();
    await reach.whenDecided();
    expect(told).toEqual(['no answer in time']);
  });

  it('is not decided by a question whose answer this process may have failed to read', async () => {
    let answers = 0;
    const { reach, told, clock, asked } = reaching(() => {
      answers += 1;
      if (answers > 1) return there();
      clock.advance(30_000);
      return Promise.reject(new ArgoCdError({ kind: 'unsure', message: 'no answer in time' }));
    });
    reach.doubt();
    await reach.whenDecided();
    expect([asked, told]).toEqual([[0, 30_000], []]);
  });

  it('is decided in the end also where this process is always late', async () => {
    const { reach, told, clock, asked } = reaching(() => {
      clock.advance(30_000);
      return Promise.reject(new ArgoCdError({ kind: 'unsure', message: 'no answer in time' }));
    });
    reach.doubt();
    await reach.whenDecided();
    expect([asked.length, told]).toEqual([3, ['no answer in time']]);
  });

  it('is right where new connections are refused, though an old one still sends', async () => {
    const { reach, told, signAt } = reaching(unreachable);
    signAt(0);
    reach.doubt();
    await reach.whenDecided();
    expect(told).toEqual(['nothing listens there']);
  });
});

describe('while it is away', () => {
  it('it is asked every two seconds, and is back with the first answer', async () => {
    const { reach, asked, told, pass, answerWith } = reaching(unreachable);
    reach.doubt();
    let isThere = false;
    void reach.whenThere().then(() => {
      isThere = true;
    });
    await reach.whenDecided();
    await pass(10_000);
    expect(asked).toEqual([0, 2_000, 4_000, 6_000, 8_000, 10_000]);
    expect([reach.isAway(), isThere, told.includes('back')]).toEqual([true, false, false]);
    answerWith(there);
    await pass(2_000);
    expect([reach.isAway(), isThere, told.at(-1)]).toEqual([false, true, 'back']);
    await pass(60_000);
    expect(asked.length).toBe(7);
  });

  it('a stop lets everybody go who waits, and leaves no timer', async () => {
    const { reach, clock } = reaching(unreachable);
    reach.doubt();
    await reach.whenDecided();
    const waiting = reach.whenThere();
    reach.stop();
    await waiting;
    expect(clock.pendingTimers()).toBe(0);
    reach.doubt();
    await reach.whenDecided();
    expect(clock.pendingTimers()).toBe(0);
  });
});

it.each([
  ['unreachable', true],
  ['unavailable', true],
  ['unsure', true],
  ['not-argocd', true],
  ['unauthenticated', false],
  ['not-permitted', false],
  ['forbidden-or-missing', false],
  ['not-found', false],
  ['in-progress', false],
  ['repository-server-down', false],
  ['invalid', false],
] as const)('an error of kind %s raises a doubt: %s', (kind, doubts) => {
  expect(raisesDoubt(new ArgoCdError({ kind, message: 'x' }))).toBe(doubts);
});
