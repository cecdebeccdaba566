// Unreadable events of the stream.
import { describe, expect, it } from 'vitest';
import { streamEvent } from '../support/argocd.ts';
import { listed } from '../support/records.ts';
import { keepAlive, watching } from '../support/watching.ts';

const garbage = 'data: {"result": \n\n\n';
const shop = { metadata: { namespace: 'argocd', name: 'shop' }, status: { sync: { status: 'Synced' } } };

/** A stream that keeps the state fresh: the next list is due in minutes. */
async function vouching() {
  const watch = await watching();
  watch.stream().send(streamEvent('ADDED', shop));
  await watch.pass(3_000);
  return watch;
}

describe('an event that cannot be read', () => {
  it('may have told of a change: a list is asked at once', async () => {
    const { stream, lists, registry, answerWith, pass } = await vouching();
    const before = lists.length;
    answerWith(() => Promise.resolve([listed({ sync: 'OutOfSync' })]));
    stream().send(garbage);
    await pass(1_000);
    expect(lists).toHaveLength(before + 1);
    expect(registry.get('argocd/shop')?.sync).toBe('OutOfSync');
  });

  it('vouches for nothing until then', async () => {
    const { stream, watch, answerWith, pass, isFresh } = await vouching();
    answerWith(() => Promise.reject(new Error('down')));
    stream().send(garbage);
    await pass(1);
    const heardAt = watch.heardAt();
    for (let seconds = 0; seconds < 75; seconds += 15) {
      await pass(15_000);
      stream().send(keepAlive);
    }
    expect(isFresh()).toBe(false);
    expect(watch.heardAt()).toBe(heardAt);
  });

  it('with thousands of others does not have lists asked one after the other', async () => {
    const { stream, lists, pass } = await vouching();
    const before = lists.length;
    for (let seconds = 0; seconds < 120; seconds += 1) {
      stream().send(garbage.repeat(100));
      await pass(1_000);
    }
    expect(lists.length - before).toBeGreaterThan(2);
    expect(lists.length - before).toBeLessThan(7);
  });
});
