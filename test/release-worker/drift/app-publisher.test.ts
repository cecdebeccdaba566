import { describe, expect, it, onTestFinished } from 'vitest';
import { createAppPublisher } from '../../../release-worker/drift/app-publisher.ts';
import { createRegistry } from '../../../release-worker/drift/registry.ts';
import type { AppRecord } from '../../../release-worker/argocd/application.ts';
import { silentLog } from '../../../service/log.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createFakeLink } from '../support/fake-link.ts';
import { detailOf, drifted, listed, newCommit, oldCommit, whole } from '../support/records.ts';

function publishing(maxPublishesPerSecond = 50) {
  const clock = createFakeClock();
  const registry = createRegistry();
  const fake = createFakeLink();
  const known = new Map<string, { permitted: boolean; windowOpen: boolean }>();
  const commits = new Map<string, { author: string; title: string }>();
  const appPublisher = createAppPublisher({
    link: fake.link,
    worker: 'main',
    registry,
    clock,
    log: silentLog(),
    access: { obstacleOf: () => undefined, stateOf: (key) => known.get(key) },
    revisions: { of: (_, revision) => commits.get(revision) },
    maxPublishesPerSecond,
    buttons: [
      { id: 'all', select: { all: true } },
      { id: 'other', select: { projects: ['other'] } },
      { id: 'shop', select: { names: ['shop'] } },
    ],
    externalUrl: 'https://argocd.example',
  });
  registry.onChange(appPublisher.changed);
  appPublisher.start();
  onTestFinished(() => appPublisher.stop());
  return {
    clock,
    registry,
    appPublisher,
    known,
    commits,
    fake,
    event: (record: AppRecord) => registry.event('changed', record),
    topics: () => fake.published.map(({ topic }) => topic),
  };
}

const topic = 'worker/main/app/argocd/shop';

describe('an application', () => {
  it('is published with what is known of it', () => {
    const { event, clock, fake, known, commits } = publishing();
    known.set('argocd/shop', { permitted: true, windowOpen: false });
    commits.set(newCommit, { author: 'Robin Reviewer', title: 'a change' });
    event(drifted('shop', { labels: { team: 'web' } }));
    clock.advance(100);

    expect(fake.retained(topic)).toEqual({
      namespace: 'argocd',
      name: 'shop',
      project: 'default',
      labels: { team: 'web' },
      buttons: ['all', 'shop'],
      sync: 'OutOfSync',
      health: 'Healthy',
      deployed: { revision: oldCommit },
      target: { revision: newCommit, author: 'Robin Reviewer', title: 'a change' },
      phase: 'Succeeded',
      message: 'successfully synced',
      window: 'closed',
      permitted: true,
      automated: false,
      link: 'https://argocd.example/applications/argocd/shop',
    });
  });

  it('is published again only when something in its message has changed', () => {
    const { event, clock, topics } = publishing();
    event(whole());
    clock.advance(100);
    event(whole({ finishedAt: '2026-01-05T00:00:00Z' }));
    clock.advance(1_000);
    expect(topics()).toEqual([topic]);
    event(whole({ health: 'Degraded' }));
    clock.advance(100);
    expect(topics()).toEqual([topic, topic]);
  });

  it('is cleared when it is gone', () => {
    const { event, registry, clock, fake } = publishing();
    event(whole());
    clock.advance(100);
    registry.event('deleted', whole());
    clock.advance(100);
    expect(fake.published.at(-1)).toEqual({ topic, message: undefined });
  });

  it('is published at once where it must be shown', () => {
    const { event, appPublisher, topics, clock } = publishing();
    event(whole());
    appPublisher.show(['argocd/shop']);
    expect(topics()).toEqual([topic]);
    clock.advance(1_000);
    expect(topics()).toEqual([topic]);
  });

  it('with a name that fits no topic is left out, and nothing breaks', () => {
    const { event, clock, topics, appPublisher } = publishing();
    event(whole({ name: 'Odd+Name' }));
    event(whole({ namespace: '' }));
    event(whole());
    appPublisher.show(['argocd/Odd+Name']);
    clock.advance(1_000);
    expect(topics()).toEqual([topic]);
  });

  it('has a message of bounded length', () => {
    const { event, clock, fake } = publishing();
    event(whole({ detail: detailOf({ message: 'x'.repeat(10_000) }) }));
    clock.advance(100);
    expect(JSON.stringify(fake.retained(topic)).length).toBeLessThan(1_500);
  });
});

it('publishes no more than so many a second, and all of them in the end', () => {
  const { event, clock, topics } = publishing(50);
  for (let index = 0; index < 500; index += 1) event(whole({ name: `app-${index}` }));
  clock.advance(1_000);
  expect(topics().length).toBeGreaterThan(40);
  expect(topics().length).toBeLessThanOrEqual(50);
  clock.advance(9_000);
  expect(new Set(topics()).size).toBe(500);
});

it('keeps to low rates too', () => {
  const { event, clock, topics } = publishing(1);
  for (let index = 0; index < 100; index += 1) event(whole({ name: `app-${index}` }));
  clock.advance(20_000);
  expect(topics().length).toBeGreaterThanOrEqual(19);
  expect(topics().length).toBeLessThanOrEqual(20);
});

describe('while many wait for their turn', () => {
  const count = 500;
  const names = Array.from({ length: count }, (_, index) => `app-${index}`);
  const topicOf = (name: string) => `worker/main/app/argocd/${name}`;
  const last = `app-${count - 1}`;

  /** After a start: all applications are known, and none has been published. */
  const waiting = (onBroker: boolean, first: (name: string) => AppRecord = (name) => whole({ name })) => {
    const all = publishing(50);
    if (onBroker)
      for (const name of names)
        all.fake.deliver(topicOf(name), { ...messageOf(name), phase: 'Succeeded' }, { retained: true });
    for (const name of names) all.event(first(name));
    return all;
  };

  it.each([
    ['is on the broker from a former run', true],
    ['is told for the first time', false],
  ])('what changes goes before what %s', (_, onBroker) => {
    const { event, clock, topics } = waiting(onBroker);
    clock.advance(100);
    event(whole({ name: last, health: 'Degraded' }));
    clock.advance(100);
    expect(topics()).toContain(topicOf(last));
    clock.advance(20_000);
    expect(new Set(topics()).size).toBe(count);
  });

  it('what is other than a former run has left it goes first', () => {
    const { clock, topics } = waiting(true, (name) => (name === last ? drifted(name) : whole({ name })));
    clock.advance(100);
    expect(topics()[0]).toBe(topicOf(last));
  });

  it('so does what is found on the broker later', () => {
    const { clock, topics, fake } = waiting(false);
    fake.deliver(
      topicOf(last),
      { ...messageOf(last), sync: 'OutOfSync', phase: 'Succeeded' },
      { retained: true },
    );
    clock.advance(100);
    expect(topics()[0]).toBe(topicOf(last));
  });

  it('so does what is gone', () => {
    const { clock, topics, registry, fake } = waiting(true);
    const gone = names.slice(-3);
    clock.advance(20_000);
    const from = topics().length;
    for (const name of names.slice(0, -3))
      registry.event('changed', whole({ name, labels: { team: 'web' } }));
    for (const name of gone) registry.event('deleted', whole({ name }));
    clock.advance(100);
    expect(topics().slice(from, from + 3)).toEqual(gone.map(topicOf));
    expect(fake.published.slice(from, from + 3).map(({ message }) => message)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('what is out of sync goes before what is in sync, where nobody has been told of either', () => {
    const { clock, topics } = waiting(false, (name) => (name === last ? drifted(name) : whole({ name })));
    clock.advance(100);
    expect(topics()[0]).toBe(topicOf(last));
  });

  it('what only becomes known in more detail is no change', () => {
    const { clock, topics, registry, commits } = publishing(50);
    const items = names.map((name) => listed({ name, target: undefined }));
    registry.list(registry.ticket(), items);
    commits.set(newCommit, { author: 'Robin Reviewer', title: 'a change' });
    for (const name of names.toReversed()) registry.event('changed', whole({ name }));
    clock.advance(100);
    expect(topics()[0]).toBe(topicOf('app-0'));
  });

  it('what waits is not forgotten, although others change without a pause', () => {
    const { event, clock, topics } = waiting(true);
    const busy = names.slice(0, 100);
    for (let round = 0; round < 300; round += 1) {
      for (const name of busy) event(whole({ name, health: round % 2 === 0 ? 'Degraded' : 'Progressing' }));
      clock.advance(1_000);
    }
    expect(new Set(topics()).size).toBe(count);
  });
});

describe('what a former run has left on the broker', () => {
  const old = { ...JSON.parse(JSON.stringify(messageOf('gone'))) };

  it('is cleared after the first complete list, if it is gone, and not before', () => {
    const { event, clock, fake, appPublisher, topics } = publishing();
    fake.deliver('worker/main/app/argocd/gone', old, { retained: true });
    fake.deliver('worker/main/app/argocd/shop', messageOf('shop'), { retained: true });
    clock.advance(60_000);
    expect(topics()).toEqual([]);

    event(whole());
    appPublisher.complete();
    clock.advance(5_000);
    expect(fake.on('worker/main/app/argocd/gone')).toEqual([undefined]);
    expect(fake.on(topic).length).toBe(1);
    expect(fake.retained(topic)).toBeDefined();
  });

  it('is cleared when it is found after the list too', () => {
    const { fake, clock, appPublisher } = publishing();
    appPublisher.complete();
    fake.deliver('worker/main/app/argocd/gone', old, { retained: true });
    clock.advance(5_000);
    expect(fake.on('worker/main/app/argocd/gone')).toEqual([undefined]);
  });

  it('is cleared when it vanishes before it has been published again', () => {
    const { fake, clock, appPublisher, event, registry } = publishing(1);
    for (let index = 0; index < 20; index += 1) event(whole({ name: `app-${index}` }));
    event(whole({ name: 'gone' }));
    fake.deliver('worker/main/app/argocd/gone', { ...old, phase: 'Succeeded' }, { retained: true });
    appPublisher.complete();
    clock.advance(5_000);
    expect(fake.on('worker/main/app/argocd/gone')).toEqual([]);
    registry.event('deleted', whole({ name: 'gone' }));
    clock.advance(30_000);
    expect(fake.on('worker/main/app/argocd/gone')).toEqual([undefined]);
  });

  it('stays where it is of another worker', () => {
    const { fake, clock, appPublisher } = publishing();
    appPublisher.complete();
    fake.deliver('worker/other/app/argocd/gone', old, { retained: true });
    clock.advance(60_000);
    expect(fake.published).toEqual([]);
  });

  it('is not mistaken for what is published live', () => {
    const { fake, clock, appPublisher } = publishing();
    appPublisher.complete();
    fake.deliver('worker/main/app/argocd/gone', old);
    clock.advance(60_000);
    expect(fake.on('worker/main/app/argocd/gone')).toEqual([]);
  });
});

it('leaves no timer when it is stopped', () => {
  const { event, appPublisher, clock, fake } = publishing();
  appPublisher.complete();
  fake.deliver('worker/main/app/argocd/gone', messageOf('gone'), { retained: true });
  event(whole());
  appPublisher.stop();
  event(whole({ name: 'other' }));
  appPublisher.stop();
  expect(clock.pendingTimers()).toBe(0);
});

function messageOf(name: string) {
  return {
    namespace: 'argocd',
    name,
    project: 'default',
    labels: {},
    sync: 'Synced',
    health: 'Healthy',
    automated: false,
    link: `https://argocd.example/applications/argocd/${name}`,
  };
}
