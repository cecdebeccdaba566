// A whole worker while a thousand applications change at once: few messages, and the right ones in the end.
import { expect, it } from 'vitest';
import { systemClock } from '../../../service/clock.ts';
import { worldOf, type ArgoCdControl } from '../../support/argocd-control.ts';
import { until } from '../../support/wait.ts';
import { simulatedArgoCd } from '../support/argocd.ts';
import { showing } from '../support/showing.ts';
import { onBroker, startWorker, stateDirectory, workerConfig } from '../support/worker.ts';

const count = 1_000;
const names = Array.from({ length: count }, (_, index) => `app-${index}`);
const maxPublishesPerSecond = 500;
/** At most one signal every 30 ms and one summary every 200 ms; the first of each comes at once. */
const mostOf = (elapsedMs: number, everyMs: number) => Math.ceil(elapsedMs / everyMs) + 2;

/** As fast as possible, each as an event of its own. */
async function oneByOne(control: ArgoCdControl): Promise<void> {
  const left = names.values();
  const some = async () => {
    for (const app of left) await control.post('drift', { app });
  };
  await Promise.all(Array.from({ length: 4 }, some));
}

it.each([
  ['in one piece', (control: ArgoCdControl) => control.post('drift', { count })],
  ['one by one', oneByOne],
])('a thousand changes %s are few messages, and topics no faster than the limit', async (_, change) => {
  const { control } = await simulatedArgoCd(worldOf(names.map((name) => ({ name }))));
  const { url, heard, latest } = await onBroker();
  const config = workerConfig(url, control.url, { stateDir: stateDirectory() });
  const drift = { ...config.worker.drift, maxPublishesPerSecond };
  await startWorker({ ...config, worker: { ...config.worker, drift } });
  const topics = (from: number) =>
    heard.slice(from).filter(({ topic }) => topic.startsWith('worker/main/app/'));
  await until('all topics', () => new Set(topics(0).map(({ topic }) => topic)).size === count);
  await until('the summary', () => latest('worker/main/drift')?.['total'] === count);
  expect(latest('button/main/signal')).toMatchObject({ signal: 'clear', outOfSync: 0 });

  const from = heard.length;
  const begun = performance.now();
  await change(control);
  await until('the signal', () => latest('button/main/signal')?.['outOfSync'] === count);
  await until('the summary of all', () => latest('worker/main/drift')?.['outOfSync'] === count);
  const elapsed = performance.now() - begun;
  const outOfSync = () => topics(from).filter(({ text }) => text.includes('"sync":"OutOfSync"'));
  await until('all topics again', () => new Set(outOfSync().map(({ topic }) => topic)).size === count);
  const topicsElapsed = performance.now() - begun;

  expect(latest('button/main/signal')).toMatchObject({ signal: 'drifted', outOfSync: count, blocked: 0 });
  expect(latest('worker/main/drift')).toMatchObject({
    state: 'drifted',
    outOfSync: count,
    total: count,
    truncated: true,
  });
  const said = (topic: string) => heard.slice(from).filter((one) => one.topic === topic).length;
  expect(said('button/main/signal')).toBeLessThanOrEqual(mostOf(elapsed, 30));
  expect(said('drift')).toBeLessThanOrEqual(mostOf(topicsElapsed, 200));
  // A tick's worth may be saved up; a machine that is late only takes longer.
  const atRate = (topics(from).length / maxPublishesPerSecond) * 1_000;
  expect(topicsElapsed).toBeGreaterThan(atRate - 500);
});

it('what changes right after the start is told before what only waits for its turn', async () => {
  const few = Object.fromEntries(names.slice(0, 500).map((name) => [name, 'Synced'] as const));
  const { argocd, latest, heard, retained } = await showing({
    apps: few,
    clock: systemClock(),
    maxPublishesPerSecond: 50,
  });
  await until('the summary', () => latest('worker/main/drift')?.['total'] === 500);
  await until('the stream', () => argocd.streams().length > 0);
  argocd.has({ ...few, 'app-499': 'OutOfSync' });
  await until('all topics', () => retained().length === 500);

  const topics = heard.filter(({ topic }) => topic.startsWith('worker/main/app/')).map(({ topic }) => topic);
  expect(latest('worker/main/app/argocd/app-499')).toMatchObject({ sync: 'OutOfSync' });
  expect(topics.lastIndexOf('worker/main/app/argocd/app-499')).toBeLessThan(
    topics.indexOf('worker/main/app/argocd/app-498'),
  );
});

it('a thousand applications that go leave no topic behind', async () => {
  const apps = Object.fromEntries(names.map((name) => [name, 'OutOfSync'] as const));
  const { argocd, untilShown, retained } = await showing({ apps, clock: systemClock() });
  await untilShown(apps);
  argocd.has({ 'app-7': 'Synced' });
  await untilShown({ 'app-7': 'Synced' });
  expect(retained()).toEqual(['worker/main/app/argocd/app-7']);
});
