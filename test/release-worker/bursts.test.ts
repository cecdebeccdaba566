// Much at once: the broker is told no faster than configured, the summary and the light are said a few times and not a
// thousand, and neither is the log filled.
import { expect, it } from 'vitest';
import { systemClock } from '../../service/clock.ts';
import { until } from '../support/wait.ts';
import { keptLog } from './argocd/kept-log.ts';
import type { Apps, Sync } from './support/breakable-argocd.ts';
import { eventHead } from './support/breakable-argocd.ts';
import { showing } from './support/showing.ts';

const count = 1_000;
const maxPublishesPerSecond = 500;

function many(sync: (index: number) => Sync): Apps {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`app-${String(index).padStart(4, '0')}`, sync(index)]),
  );
}

it('a thousand changes at once are told no faster than allowed, and said few times in sum', async () => {
  const { argocd, untilShown, heard, on } = await showing({
    apps: many(() => 'Synced'),
    maxPublishesPerSecond,
    clock: systemClock(),
  });
  await untilShown(many(() => 'Synced'));
  await until('the stream', () => argocd.streams().length > 0);
  const first = heard.length;
  const before = { summaries: on('drift').length, signals: on('button/main/signal').length };
  const topics = () => heard.slice(first).filter(({ topic }) => topic.startsWith('app/')).length;

  const startedAt = performance.now();
  const changed = many((index) => (index % 2 === 0 ? 'OutOfSync' : 'Synced'));
  argocd.has(changed);
  argocd.has(many(() => 'OutOfSync'));
  argocd.has(many(() => 'Synced'));
  argocd.has(changed);
  await untilShown(changed);
  const seconds = (performance.now() - startedAt) / 1_000;

  // Of four changes one after the other the topics tell the last; a tenth of a second is what may come in one go.
  expect(topics()).toBeLessThanOrEqual(maxPublishesPerSecond * (seconds + 0.2));
  expect(topics()).toBeLessThan(3 * count);
  expect(on('drift').length - before.summaries).toBeLessThan(20);
  expect(on('button/main/signal').length - before.signals).toBeLessThan(60);
  expect(on('drift').at(-1)).toMatchObject({ outOfSync: count / 2, total: count, truncated: true });
}, 60_000);

it('a thousand applications that go leave no topic', async () => {
  const { argocd, untilShown, retained } = await showing({
    apps: many(() => 'OutOfSync'),
    clock: systemClock(),
  });
  await untilShown(many(() => 'OutOfSync'));
  argocd.has({ 'app-0007': 'Synced' });
  await untilShown({ 'app-0007': 'Synced' });
  expect(retained()).toEqual(['app/argocd/app-0007']);
}, 60_000);

it('a stream of nothing but garbage fills neither the log nor the broker', async () => {
  const { log, lines } = keptLog();
  const apps = { shop: 'Synced', till: 'OutOfSync' } as const;
  const { argocd, untilShown, heard } = await showing({ apps, log });
  await untilShown(apps);
  const first = { lines: lines.length, heard: heard.length };
  let garbage = 0;
  argocd.break(({ url = '' }, response) => {
    if (!url.startsWith('/api/v1/stream/')) return false;
    response.writeHead(200, eventHead);
    const more = (): void => {
      garbage += 1_000;
      if (!response.destroyed)
        response.write('data: {"result": \n\n'.repeat(1_000), () => setImmediate(more));
    };
    more();
    return true;
  });
  argocd.cut();
  await until('50,000 events that cannot be read', () => garbage > 50_000);
  argocd.secretlyHas({ shop: 'OutOfSync' });
  argocd.mend();
  argocd.cut();
  await untilShown({ shop: 'OutOfSync' });
  expect(lines.length - first.lines).toBeLessThan(100);
  expect(heard.length - first.heard).toBeLessThan(100);
  expect(lines.slice(first.lines).some((line) => line.includes('could not be read'))).toBe(true);
}, 60_000);
