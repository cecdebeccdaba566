// A stream that sends only garbage, at full speed, to a whole worker.
import { expect, it } from 'vitest';
import { until } from '../support/wait.ts';
import { keptLog } from './argocd/kept-log.ts';
import { eventHead } from './support/breakable-argocd.ts';
import { showing } from './support/showing.ts';

it('fills neither the log nor the broker', async () => {
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
});
