import { describe, expect, test } from 'vitest';
import { createOutbox } from '../../../service/link/outbox.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import type { Outgoing } from '../../../service/link/wire.ts';

const text = (topic: string, payload: string, expirySeconds?: number): Outgoing => ({
  topic,
  payload,
  qos: 1,
  retain: false,
  ...(expirySeconds === undefined ? {} : { expirySeconds }),
});

describe('the outbox', () => {
  test('keeps the newest state of a topic until it is forgotten', () => {
    const outbox = createOutbox(createFakeClock());
    outbox.remember(text('a', '1'));
    outbox.remember(text('b', '1'));
    outbox.remember(text('a', '2'));
    expect(outbox.pending().states.map(({ topic, payload }) => [topic, payload])).toEqual([
      ['a', '2'],
      ['b', '1'],
    ]);
    expect(outbox.state('a')?.payload).toBe('2');
    const clear = outbox.forget('a');
    expect(clear).toEqual({ topic: 'a', payload: '', qos: 1, retain: true });
    expect(outbox.pending().states).toEqual([text('b', '1'), clear]);
    outbox.cleared(clear);
    expect(outbox.pending().states).toEqual([text('b', '1')]);
  });

  test('does not clear a state that was published again after it was cleared', () => {
    const outbox = createOutbox(createFakeClock());
    const clear = outbox.forget('a');
    outbox.remember(text('a', '1'));
    outbox.cleared(clear);
    expect(outbox.pending().states).toEqual([text('a', '1')]);
    const again = outbox.forget('a');
    outbox.cleared(clear);
    expect(outbox.pending().states).toEqual([again]);
  });

  test('keeps the last 1000 events, oldest first, without the acknowledged ones', () => {
    const outbox = createOutbox(createFakeClock());
    const events = Array.from({ length: 1_005 }, (_, index) => text('e', String(index)));
    for (const event of events) outbox.keep(event);
    expect(outbox.pending().events).toEqual(events.slice(5));
    for (const event of events.slice(0, 1_000)) outbox.done(event, 'acknowledged');
    expect(outbox.pending().events).toEqual(events.slice(1_000));
    outbox.dropEvents();
    expect(outbox.pending().events).toEqual([]);
  });

  test('keeps the newest events, at most 4 MiB of them', () => {
    const outbox = createOutbox(createFakeClock());
    const events = Array.from({ length: 100 }, () => text('e', 'x'.repeat(100_000)));
    for (const event of events) outbox.keep(event);
    expect(outbox.pending().events).toHaveLength(41);
    expect(outbox.pending().events.at(-1)).toBe(events.at(-1));
  });

  test('keeps an event for a minute, or as long as it is useful', () => {
    const clock = createFakeClock();
    const outbox = createOutbox(clock);
    outbox.keep(text('e', 'long'));
    outbox.keep(text('e', 'short', 10));
    const keptPayloads = () => outbox.pending().events.map(({ payload }) => payload);
    clock.advance(9_999);
    expect(keptPayloads()).toEqual(['long', 'short']);
    clock.advance(1);
    expect(keptPayloads()).toEqual(['long']);
    clock.jump(-86_400_000);
    clock.advance(49_999);
    expect(keptPayloads()).toEqual(['long']);
    clock.advance(1);
    expect(keptPayloads()).toEqual([]);
  });
});
