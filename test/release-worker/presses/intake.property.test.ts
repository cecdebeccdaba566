// Random sequences of presses, compared with a separate model of the promises.
import fc from 'fast-check';
import * as z from 'zod/mini';
import { expect, it } from 'vitest';
import { keyOf } from '../../../release-worker/argocd/application.ts';
import { button } from '../support/buttons.ts';
import { accepting, acceptingOf, memoryJournal, takingIn } from '../support/intake.ts';
import { settle } from '../support/settle.ts';

const coolDownMs = 2_000;
const perMinute = 5;
const buttons = [button(), button({ id: 'side', on: { press: 'release', hold: 'release' } })];
const known: Readonly<Record<string, readonly string[]>> = { main: ['press'], side: ['press', 'hold'] };

interface Given {
  readonly button: 'main' | 'side' | 'nobody';
  readonly id?: string | undefined;
  readonly ageMs?: number | undefined;
  readonly only?: readonly string[] | undefined;
  readonly gesture?: 'press' | 'double' | 'hold' | undefined;
  readonly retained: boolean;
  readonly malformed: boolean;
  readonly drift: boolean;
  /** time that passes before the press */
  readonly gapMs: number;
  readonly jumpMs: number;
}

const gaps = [0, 1, 500, 1_999, 2_000, 2_001, 10_000, 59_999, 60_000, 86_399_999, 86_400_000];
const ages = [0, 5_000, 10_000, 10_001, 60_000, -10_000, -10_001];
const given: fc.Arbitrary<Given> = fc.record({
  button: fc.constantFrom('main', 'main', 'main', 'side', 'nobody'),
  id: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
  ageMs: fc.option(fc.constantFrom(...ages), { nil: undefined, freq: 2 }),
  only: fc.option(fc.subarray(['argocd/a', 'argocd/b', 'argocd/c'], { minLength: 1 }), {
    nil: undefined,
    freq: 2,
  }),
  gesture: fc.constantFrom(undefined, undefined, 'press', 'double', 'hold'),
  retained: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
  malformed: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
  drift: fc.boolean(),
  gapMs: fc.constantFrom(...gaps),
  jumpMs: fc.constantFrom(0, 0, 0, 0, 3_600_000, -3_600_000),
});

const resultSchema = z.object({
  pressId: z.string(),
  outcome: z.string(),
  reason: z.optional(z.string()),
  releaseId: z.optional(z.string()),
});

function payloadOf(press: Given, now: number): unknown {
  if (press.malformed) return '{"id": 7}';
  const { id, ageMs, gesture, only } = press;
  if ([id, ageMs, gesture, only].every((member) => member === undefined)) return 'press';
  return {
    ...(only === undefined ? {} : { only }),
    ...(press.id === undefined ? {} : { id: press.id }),
    ...(press.ageMs === undefined ? {} : { at: new Date(now - press.ageMs).toISOString() }),
    ...(press.gesture === undefined ? {} : { gesture: press.gesture }),
  };
}

/** A press that names applications waits for a second for other such presses. */
const gathers = ({ button: id, gesture = 'press', only, retained, malformed }: Given) =>
  only !== undefined && !retained && !malformed && known[id]?.includes(gesture) === true;

/** The promises once more, as a person would check them with pencil and paper. */
function createOracle() {
  const ids = new Map<string, number>();
  const acceptedBefore: {
    readonly press: Given;
    readonly keys: readonly string[] | undefined;
    at: number;
  }[] = [];
  const looked: { readonly only: readonly string[] | undefined; readonly at: number }[] = [];
  return (press: Given, arrivedAt: number, at: number): string => {
    const lately = acceptedBefore.filter(
      (one) => one.press.button === press.button && arrivedAt - one.at < coolDownMs,
    );
    const wasPressed = (key: string) => lately.some(({ keys }) => keys?.includes(key) === true);
    const isRepetition =
      lately.some(({ keys }) => keys === undefined) || press.only?.every(wasPressed) === true;
    const decision = (): string => {
      if (press.retained) return 'retained';
      if (press.malformed) return 'malformed';
      const gestures = known[press.button];
      if (gestures === undefined) return 'unknown-button';
      if (Math.abs(press.ageMs ?? 0) > 10_000) return 'stale';
      const last = press.id === undefined ? undefined : ids.get(press.id);
      if (last !== undefined && at - last < 86_400_000) return 'duplicate';
      const isMapped = gestures.includes(press.gesture ?? 'press');
      const isPartly = press.only === undefined ? lately.length > 0 : press.only.some(wasPressed);
      if (isRepetition || (!isMapped && isPartly)) return 'cool-down';
      const same = looked.filter(
        (one) => one.only === undefined || press.only?.some((key) => one.only?.includes(key)) === true,
      );
      if (same.filter((one) => at - one.at < 60_000).length >= perMinute) return 'too-many';
      if (!isMapped) return 'no-action';
      looked.push({ only: press.only, at });
      return press.drift ? 'accepted' : 'nothing-to-release';
    };
    const said = decision();
    if (said === 'accepted')
      acceptedBefore.push({ press, keys: press.only?.filter((key) => !wasPressed(key)), at });
    if (press.id !== undefined && !press.malformed && said !== 'too-many') ids.set(press.id, at);
    return said;
  };
}

it('each press gets exactly the result that the promises require', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(given, { maxLength: 30, size: 'max' }), async (presses) => {
      let drift = true;
      const { clock, fake, press, released, results } = takingIn({
        buttons,
        maxPressesPerMinute: perMinute,
        decide: () =>
          Promise.resolve(drift ? accepting : { outcome: 'nothing-to-release', message: 'all in sync' }),
      });
      const expected = createOracle();
      for (const one of presses) {
        clock.advance(one.gapMs);
        clock.jump(one.jumpMs);
        drift = one.drift;
        const before = results(one.button).length;
        const releasedBefore = released.length;
        const arrivedAt = clock.monotonic();
        press(payloadOf(one, clock.now()), { button: one.button, retained: one.retained });
        await settle();
        if (gathers(one)) {
          expect(results(one.button).length).toBe(before);
          clock.advance(1_000);
          await settle();
        }

        const said = expected(one, arrivedAt, clock.monotonic());
        const answers = results(one.button)
          .slice(before)
          .map((answer) => resultSchema.parse(answer));
        if (said === 'too-many') expect(answers.length).toBeLessThanOrEqual(1);
        else expect(answers.length).toBe(1);
        for (const { outcome, reason, pressId } of answers) {
          expect(outcome === 'rejected' ? reason : outcome).toBe(said);
          if (one.id !== undefined && !one.malformed) expect(pressId).toBe(one.id);
        }
        expect(released.length - releasedBefore).toBe(said === 'accepted' ? 1 : 0);
      }
      expect(fake.published.filter(({ topic }) => topic.endsWith('/press')).length).toBe(
        presses.filter(({ retained }) => retained).length,
      );
    }),
    { numRuns: 100 },
  );
});

it('a burst while decisions take time: one result each, no id twice, and the cool-down from arrival', async () => {
  const burst = fc.array(
    fc.record({
      id: fc.option(fc.constantFrom('a', 'b', 'c', 'd'), { nil: undefined }),
      gapMs: fc.constantFrom(0, 0, 100, 1_000, 1_900, 2_100),
      judgeMs: fc.constantFrom(0, 100, 2_500),
    }),
    { maxLength: 15, size: 'max' },
  );
  await fc.assert(
    fc.asyncProperty(burst, async (presses) => {
      const journal = memoryJournal();
      const durations = presses.map(({ judgeMs }) => judgeMs);
      const acceptedAt: number[] = [];
      const { clock, press, released, results } = takingIn({
        journal,
        decide: async () => {
          const ms = durations.shift() ?? 0;
          await new Promise<void>((resolve) => void clock.setTimeout(resolve, ms));
          return accepting;
        },
        onRelease: () => void acceptedAt.push(clock.monotonic()),
      });
      for (const { id, gapMs } of presses) {
        clock.advance(gapMs);
        press(id === undefined ? 'press' : { id });
        await settle();
      }
      for (let round = 0; round < presses.length + 1; round += 1) {
        clock.advance(2_500);
        await settle();
      }

      expect(results().length).toBe(presses.length);
      expect(journal.lines.filter(({ type }) => type === 'press').length).toBe(presses.length);
      const ids = released.map(({ pressId }) => pressId);
      expect(new Set(ids).size).toBe(ids.length);
      for (const [index, at] of acceptedAt.entries())
        if (index > 0) expect(at - (acceptedAt[index - 1] ?? 0)).toBeGreaterThanOrEqual(coolDownMs);
    }),
    { numRuns: 100 },
  );
});

it('many presses at once, with and without names: one result each, nothing twice, and no plain one waits', async () => {
  const all = ['argocd/a', 'argocd/b', 'argocd/c', 'argocd/d'];
  const burst = fc.array(
    fc.record({
      only: fc.option(fc.subarray(all, { minLength: 1, maxLength: 2 }), { nil: undefined, freq: 4 }),
      gapMs: fc.constantFrom(0, 0, 0, 10, 400, 1_000, 1_001, 2_500),
    }),
    { maxLength: 20, size: 'max' },
  );
  await fc.assert(
    fc.asyncProperty(burst, async (presses) => {
      const journal = memoryJournal();
      const releasedAt: { readonly key: string; readonly at: number }[] = [];
      const { clock, press, released, results } = takingIn({
        journal,
        decide: acceptingOf(all),
        onRelease: ({ apps }) =>
          void releasedAt.push(
            ...apps.map(({ namespace, name }) => ({ key: `${namespace}/${name}`, at: clock.monotonic() })),
          ),
      });
      const answers = () => results().map((answer) => resultSchema.parse(answer));
      for (const [index, { only, gapMs }] of presses.entries()) {
        clock.advance(gapMs);
        await settle();
        press({ id: `p${index}`, ...(only === undefined ? {} : { only }) });
        await settle();
        if (only === undefined) expect(answers().map(({ pressId }) => pressId)).toContain(`p${index}`);
      }
      clock.advance(1_000);
      await settle();

      const ids = presses.map((_, index) => `p${index}`);
      expect(
        answers()
          .map(({ pressId }) => pressId)
          .sort(),
      ).toEqual([...ids].sort());
      const lines = journal.lines.filter((line) => line.type === 'press');
      expect(lines.map(({ pressId }) => pressId).sort()).toEqual([...ids].sort());
      for (const { id, apps } of released) {
        const sharing = lines.filter((line) => (line.release?.id ?? line.releaseId) === id);
        const keys = sharing.flatMap(({ share, release }) => share ?? release?.apps.map(keyOf) ?? []);
        expect(keys).toEqual(apps.map(keyOf));
      }
      const named = answers().flatMap(({ releaseId }) => releaseId ?? []);
      expect(new Set(named)).toEqual(new Set(released.map(({ id }) => id)));
      for (const [index, one] of releasedAt.entries())
        for (const other of releasedAt.slice(0, index))
          if (other.key === one.key) expect(one.at - other.at).toBeGreaterThanOrEqual(coolDownMs);
    }),
    { numRuns: 100 },
  );
});
