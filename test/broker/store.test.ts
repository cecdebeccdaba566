import { describe, expect, test } from 'vitest';
import { createStore } from '../../broker/store.ts';

describe('a retained message that waits to be sent to a new subscriber', () => {
  test.each([
    ['a newer message that arrives meanwhile', 'newer'],
    ['nothing when it is cleared', ''],
  ])('is replaced by %s', async (_, last) => {
    const { persistence } = createStore({ maximumMessages: 100, maximumBytes: 10_000, now: Date.now });
    for (const topic of ['P/1', 'P/2', 'P/3']) await persistence.storeRetained({ topic, payload: 'older' });
    const read: unknown[] = [];
    for await (const message of persistence.createRetainedStreamCombi(['P/#'])) read.push(message);
    await persistence.storeRetained({ topic: 'P/3', payload: last });
    expect(read.map((message) => String(Reflect.get(Object(message), 'payload')))).toEqual([
      'older',
      'older',
      last,
    ]);
  });
});
