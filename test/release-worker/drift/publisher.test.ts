import { describe, expect, it, onTestFinished } from 'vitest';
import { createPublisher } from '../../../release-worker/drift/publisher.ts';
import { createRegistry } from '../../../release-worker/drift/registry.ts';
import type { AppRecord } from '../../../release-worker/argocd/application.ts';
import { silentLog } from '../../../service/log.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createFakeLink } from '../support/fake-link.ts';
import { detailOf, drifted, newCommit, oldCommit, whole } from '../support/records.ts';

function publishing(maxPublishesPerSecond = 50) {
  const clock = createFakeClock();
  const registry = createRegistry();
  const fake = createFakeLink();
  const known = new Map<string, { permitted: boolean; windowOpen: boolean }>();
  const commits = new Map<string, { author: string; title: string }>();
  let alone = true;
  const publisher = createPublisher({
    link: fake.link,
    registry,
    clock,
    log: silentLog(),
    access: { obstacleOf: () => undefined, known: (key) => known.get(key) },
    revisions: { of: (_, revision) => commits.get(revision) },
    maxPublishesPerSecond,
    buttons: [
      { id: 'all', select: { all: true } },
      { id: 'other', select: { projects: ['other'] } },
      { id: 'shop', select: { names: ['shop'] } },
    ],
    externalUrl: 'https://argocd.example',
    isAlone: () => alone,
  });
  registry.onChange(publisher.changed);
  publisher.start();
  onTestFinished(() => publisher.stop());
  return {
    clock,
    registry,
    publisher,
    known,
    commits,
    fake,
    setAlone: (is: boolean) => {
      alone = is;
    },
    event: (record: AppRecord) => registry.event('changed', record),
    topics: () => fake.published.map(({ topic }) => topic),
  };
}

const topic = 'app/argocd/shop';

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
    const { event, publisher, topics, clock } = publishing();
    event(whole());
    publisher.show(['argocd/shop']);
    expect(topics()).toEqual([topic]);
    clock.advance(1_000);
    expect(topics()).toEqual([topic]);
  });

  it('with a name that fits no topic is left out, and nothing breaks', () => {
    const { event, clock, topics, publisher } = publishing();
    event(whole({ name: 'Odd+Name' }));
    event(whole({ namespace: '' }));
    event(whole());
    publisher.show(['argocd/Odd+Name']);
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

describe('what a former run has left on the broker', () => {
  const old = { ...JSON.parse(JSON.stringify(messageOf('gone'))) };

  it('is cleared after the first complete list, if it is gone, and not before', () => {
    const { event, clock, fake, publisher, topics } = publishing();
    fake.deliver('app/argocd/gone', old, { retained: true });
    fake.deliver('app/argocd/shop', messageOf('shop'), { retained: true });
    clock.advance(60_000);
    expect(topics()).toEqual([]);

    event(whole());
    publisher.complete();
    clock.advance(5_000);
    expect(fake.on('app/argocd/gone')).toEqual([undefined]);
    expect(fake.on(topic).length).toBe(1);
    expect(fake.retained(topic)).toBeDefined();
  });

  it('is cleared when it is found after the list too', () => {
    const { fake, clock, publisher } = publishing();
    publisher.complete();
    fake.deliver('app/argocd/gone', old, { retained: true });
    clock.advance(5_000);
    expect(fake.on('app/argocd/gone')).toEqual([undefined]);
  });

  it('is cleared when it vanishes before it has been published again', () => {
    const { fake, clock, publisher, event, registry } = publishing(1);
    for (let index = 0; index < 20; index += 1) event(whole({ name: `app-${index}` }));
    event(whole({ name: 'gone' }));
    fake.deliver('app/argocd/gone', old, { retained: true });
    publisher.complete();
    clock.advance(5_000);
    expect(fake.on('app/argocd/gone')).toEqual([]);
    registry.event('deleted', whole({ name: 'gone' }));
    clock.advance(30_000);
    expect(fake.on('app/argocd/gone')).toEqual([undefined]);
  });

  it('stays while another worker is there, whose it may be', () => {
    const { fake, clock, publisher, setAlone } = publishing();
    publisher.complete();
    setAlone(false);
    fake.deliver('app/argocd/gone', old, { retained: true });
    clock.advance(60_000);
    expect(fake.on('app/argocd/gone')).toEqual([]);
  });

  it('is not mistaken for what is published live', () => {
    const { fake, clock, publisher } = publishing();
    publisher.complete();
    fake.deliver('app/argocd/gone', old);
    clock.advance(60_000);
    expect(fake.on('app/argocd/gone')).toEqual([]);
  });
});

it('leaves no timer when it is stopped', () => {
  const { event, publisher, clock, fake } = publishing();
  publisher.complete();
  fake.deliver('app/argocd/gone', messageOf('gone'), { retained: true });
  event(whole());
  publisher.stop();
  event(whole({ name: 'other' }));
  publisher.stop();
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
