import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buttonEvent, buttonState } from '../../../messages/button.ts';
import { text } from '../../../messages/codec.ts';
import { app } from '../../../messages/drift.ts';
import { filterBelow, foreignFilter } from '../../../messages/foreign.ts';
import { createRouter, topicFits } from '../../../service/link/router.ts';
import { silentLog } from '../../../service/log.ts';

describe('topics and filters', () => {
  const level = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.'), minLength: 1, maxLength: 3 });

  test('a filter matches the topics that differ from it only where it has a +', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(level, fc.boolean(), level), { minLength: 1, maxLength: 5 }),
        (levels) => {
          const filter = levels.map(([name, any]) => (any ? '+' : name)).join('/');
          const topic = levels.map(([name, any, other]) => (any ? other : name)).join('/');
          expect(topicFits(filter, topic)).toBe(true);
          expect(topicFits(filter, `${topic}/more`)).toBe(false);
          expect(topicFits(filter, `more/${topic}`)).toBe(false);
          for (const [index, [, any]] of levels.entries()) {
            const changed = topic.split('/').with(index, 'changed').join('/');
            expect(topicFits(filter, changed)).toBe(any);
          }
        },
      ),
    );
  });

  test('handlers get the parameters by name, and handlers with the same filter share a subscription', () => {
    const router = createRouter('some/prefix', silentLog());
    const received: unknown[] = [];
    router.add(app.filter({ namespace: 'argocd' }), (_, { params }) => received.push(params), {});
    router.add(app.filter({ namespace: 'argocd' }), (_, { topic }) => received.push(topic), {});
    router.add(buttonEvent.filter(), () => received.push('event'), {});
    router.add(buttonState.filter(), (decoded) => received.push(decoded), {});
    expect([...router.filters().keys()]).toEqual([
      'some/prefix/worker/+/app/argocd/+',
      'some/prefix/button/+/event',
      'some/prefix/button/+/state',
    ]);
    const dispatch = (topic: string, payload = '{}') =>
      router.dispatch({ topic, payload: Buffer.from(payload), retain: false, version: 5 });
    dispatch('some/prefix/worker/main/app/argocd/shop.web');
    dispatch('some/prefix/worker/main/app/other/shop');
    dispatch('prefix/worker/main/app/argocd/shop');
    dispatch('some/prefix');
    dispatch('some/prefix/button/main/state', '');
    expect(received).toEqual([
      { worker: 'main', namespace: 'argocd', name: 'shop.web' },
      'worker/main/app/argocd/shop.web',
      undefined,
    ]);
  });

  test('topics of others are never shortened, and none of our topics is mistaken for theirs', () => {
    const router = createRouter('home', silentLog());
    const received: unknown[] = [];
    router.add(
      foreignFilter('zigbee/button', text()),
      (decoded, { topic }) => received.push([topic, decoded]),
      {},
    );
    router.add(filterBelow('home', app.filter()), (_, { params }) => received.push(params), {});
    expect([...router.filters().keys()]).toEqual(['zigbee/button', 'home/worker/+/app/+/+']);
    const dispatch = (topic: string) =>
      router.dispatch({ topic, payload: Buffer.from('single'), retain: false, version: 5 });
    dispatch('zigbee/button');
    dispatch('home/zigbee/button');
    dispatch('home/worker/main/app/argocd/shop');
    dispatch('worker/main/app/argocd/shop');
    expect(received).toEqual([
      ['zigbee/button', { ok: true, value: 'single' }],
      { worker: 'main', namespace: 'argocd', name: 'shop' },
    ]);
  });
});
