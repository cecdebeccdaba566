import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createInFlight } from '../../../service/link/in-flight.ts';
import { createPacketBound } from '../../../service/link/packet-bound.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

describe('the messages in flight', () => {
  const arrange = (window: number) => {
    const clock = createFakeClock();
    const written: { message: string; acknowledge: (refused: boolean) => void }[] = [];
    const unacknowledged: string[] = [];
    const inFlight = createInFlight<string>({
      clock,
      window,
      write: (message, acknowledge) => written.push({ message, acknowledge }),
      onUnacknowledged: (message) => unacknowledged.push(message),
    });
    return {
      clock,
      written,
      unacknowledged,
      inFlight,
      messages: () => written.map(({ message }) => message),
    };
  };

  test('never exceed the window, keep their order, and all get an outcome', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 30 }),
        fc.infiniteStream(fc.nat({ max: 4 })),
        async (window, count, choices) => {
          const { inFlight, written } = arrange(window);
          const outcomes = Array.from({ length: count }, (_, index) =>
            inFlight.send(String(index), { timeoutMs: 1_000 }),
          );
          const open = new Set<number>();
          let firstNew = 0;
          for (let acknowledged = 0; acknowledged < count; acknowledged += 1) {
            for (; firstNew < written.length; firstNew += 1) open.add(firstNew);
            expect(open.size).toBeLessThanOrEqual(window);
            const choice = [...open][(choices.next().value ?? 0) % open.size] ?? -1;
            open.delete(choice);
            written[choice]?.acknowledge(false);
          }
          expect(await Promise.all(outcomes)).toEqual(outcomes.map(() => 'acknowledged'));
          expect(written.map(({ message }) => Number(message))).toEqual(outcomes.map((_, index) => index));
          await inFlight.idle();
        },
      ),
    );
  });

  test('have a timeout that begins when they are written, or on request at once', async () => {
    const { clock, inFlight, written, unacknowledged, messages } = arrange(1);
    const first = inFlight.send('first', { timeoutMs: 100 });
    const second = inFlight.send('second', { timeoutMs: 100 });
    const third = inFlight.send('third', { timeoutMs: 100, fromNow: true });
    clock.advance(99);
    written[0]?.acknowledge(false);
    expect(await first).toBe('acknowledged');
    clock.advance(1);
    expect(await third).toBe('timed-out');
    // It was never written, so it cannot arrive late.
    expect(unacknowledged).toEqual([]);
    clock.advance(99);
    expect(await second).toBe('timed-out');
    expect(unacknowledged).toEqual(['second']);
    expect(messages()).toEqual(['first', 'second']);
  });

  test('begin with urgent ones, which overtake all that wait', () => {
    const { inFlight, written, messages } = arrange(1);
    for (const message of ['a', 'b']) void inFlight.send(message, { timeoutMs: 100 });
    void inFlight.send('press', { timeoutMs: 100, first: true });
    written[0]?.acknowledge(false);
    expect(messages()).toEqual(['a', 'press']);
  });

  test('all end as not connected on a close: later answers change nothing, and no timer is left', async () => {
    const { clock, inFlight, written } = arrange(1);
    const outcomes = ['a', 'b'].map((message) => inFlight.send(message, { timeoutMs: 100, fromNow: true }));
    const idle = inFlight.idle();
    inFlight.close();
    inFlight.close();
    written[0]?.acknowledge(true);
    await idle;
    expect(await Promise.all(outcomes)).toEqual(['not-connected', 'not-connected']);
    expect(await inFlight.send('c', { timeoutMs: 100 })).toBe('not-connected');
    expect(clock.pendingTimers()).toBe(0);
    expect(written).toHaveLength(1);
  });

  test('do not overflow the stack if thousands of them end at once', async () => {
    const inFlight = createInFlight<number>({
      clock: createFakeClock(),
      window: 1,
      write: (_, acknowledge) => acknowledge(false),
      onUnacknowledged: () => {},
    });
    const outcomes = Array.from({ length: 20_000 }, (_, index) => inFlight.send(index, { timeoutMs: 100 }));
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['acknowledged']));
  });
});

describe('the limit for the size of packets', () => {
  const header = (length: number): number[] => {
    const bytes: number[] = [];
    let rest = length;
    do {
      bytes.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
      rest = Math.floor(rest / 128);
    } while (rest > 0);
    return [0x30, ...bytes];
  };
  const packet = (length: number) =>
    Uint8Array.from([...header(length), ...Array<number>(length).fill(0xff)]);

  test('ignores packets within it, however they are split, and reports the first packet beyond it', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 6 });
    const cuts = fc.infiniteStream(fc.integer({ min: 1, max: 200 }));
    fc.assert(
      fc.property(lengths, cuts, fc.integer({ min: 301, max: 268_435_455 }), (sizes, steps, large) => {
        const isTooLarge = createPacketBound(300);
        const small = Uint8Array.from(sizes.flatMap((size) => [...packet(size)]));
        for (let at = 0; at < small.length;) {
          const step: number | undefined = steps.next().value;
          const end = at + (step ?? 1);
          expect(isTooLarge(small.subarray(at, end))).toBe(false);
          at = end;
        }
        expect(header(large).some((byte) => isTooLarge(Uint8Array.of(byte)))).toBe(true);
      }),
    );
  });

  test('also works if the length of a packet never ends', () => {
    const isTooLarge = createPacketBound(300);
    expect(isTooLarge(new Uint8Array(1_000).fill(0x80))).toBe(false);
    expect(isTooLarge(new Uint8Array(1_000).fill(0xff))).toBe(true);
  });
});
