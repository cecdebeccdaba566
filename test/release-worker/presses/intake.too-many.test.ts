import { describe, expect, it } from 'vitest';
import type { Decision } from '../../../release-worker/presses/decision.ts';
import { accepting, memoryJournal, takingIn } from '../support/intake.ts';
import { settle } from '../support/settle.ts';

describe('too many presses', () => {
  const busy = {
    maxPressesPerMinute: 3,
    decide: () => Promise.resolve<Decision>({ outcome: 'nothing-to-release', message: 'no' }),
  };

  it('get one result per second, which counts the others', async () => {
    const journal = memoryJournal();
    const { clock, press, results, counted } = takingIn({ ...busy, journal });
    for (let index = 0; index < 50; index += 1) {
      press();
      await settle();
    }
    expect(results().length).toBe(4);
    expect(results()[3]).toMatchObject({ outcome: 'rejected', reason: 'too-many' });

    clock.advance(1_000);
    press();
    await settle();
    expect(results().length).toBe(5);
    expect(JSON.stringify(results()[4])).toContain('46 more');
    expect(counted.filter((one) => one === 'main too-many').length).toBe(48);
    expect(journal.lines.filter(({ type }) => type === 'press').length).toBe(5);
  });

  it('do not block presses after the minute is over, and rejected ones do not count', async () => {
    const { clock, press, results } = takingIn(busy);
    for (let second = 0; second < 120; second += 1) {
      press('{"malformed": ');
      press();
      await settle();
      clock.advance(1_000);
    }
    const looked = results().filter((result) => JSON.stringify(result).includes('nothing-to-release'));
    expect(looked.length).toBe(6);
  });

  it('at once get one result too', async () => {
    const { press, results, clock } = takingIn({
      decide: async () => {
        await new Promise<void>((resolve) => void clock.setTimeout(resolve, 1_000));
        return accepting;
      },
    });
    for (let index = 0; index < 300; index += 1) press();
    await settle();
    const before = results().length;
    expect(results()).toMatchObject([{ reason: 'too-many' }]);
    clock.advance(1_000);
    await settle();
    expect(results().length).toBe(before + 100);
  });

  it('for buttons that do not exist are limited too', async () => {
    const { press, fake, counted } = takingIn({
      journal: { ...memoryJournal(), append: () => new Promise(() => {}) },
    });
    for (let index = 0; index < 5_000; index += 1) press('press', { button: `no-${index}` });
    await settle();
    expect(fake.published).toEqual([]);
    expect(counted.length).toBeGreaterThanOrEqual(4_000);
  });
});
