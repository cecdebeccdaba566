// What is published at release/current and release/last if another process has published there as well.
import { expect, it } from 'vitest';
import type { Release } from '../../../messages/release.ts';
import { createReleaseTopics, laterRelease } from '../../../release-worker/releases/release-topics.ts';
import { silentLog } from '../../../service/log.ts';
import { createFakeLink } from '../support/fake-link.ts';
import { settle } from '../support/settle.ts';

function ended(id: string, finishedAt: string, over: Partial<Release> = {}): Release {
  return {
    id,
    button: 'main',
    pressId: `press-${id}`,
    action: 'release',
    source: 'test',
    startedAt: finishedAt,
    finishedAt,
    outcome: 'succeeded',
    apps: [],
    truncated: false,
    ...over,
  };
}

function saying(options: { last?: Release; endedHere?: string[]; goingOn?: string[] } = {}) {
  const fake = createFakeLink();
  const others: Release[] = [];
  const releaseTopics = createReleaseTopics({
    link: fake.link,
    worker: 'main',
    log: silentLog(),
    onOthersLast: (release) => others.push(release),
  });
  releaseTopics.start({
    endedHere: options.endedHere ?? (options.last === undefined ? [] : [options.last.id]),
    goingOn: options.goingOn ?? [],
    ...(options.last === undefined ? {} : { last: options.last }),
  });
  const stored = async (topic: string, message: unknown) => {
    fake.deliver(topic, message, { retained: true });
    await settle();
  };
  return { releaseTopics, fake, others, stored };
}

const noon = '2026-01-01T12:00:00.000Z';
const one = '2026-01-01T13:00:00.000Z';

it("publishes the journal's last release if the broker has no later one", async () => {
  const last = ended('ours', one);
  const { fake, others, stored } = saying({ last });
  await settle();
  expect(fake.retained('worker/main/release/last')).toEqual(last);
  expect(fake.retained('worker/main/release/current')).toEqual({ state: 'idle' });
  await stored('worker/main/release/last', ended('theirs', noon));
  expect(fake.retained('worker/main/release/last')).toEqual(last);
  expect(others).toEqual([]);
});

it('keeps a later release of another process, and reports it once', async () => {
  const { fake, others, stored } = saying({ last: ended('ours', noon) });
  await settle();
  const published = fake.on('worker/main/release/last').length;
  const theirs = ended('theirs', one);
  await stored('worker/main/release/last', theirs);
  await stored('worker/main/release/last', theirs);
  expect(fake.on('worker/main/release/last')).toHaveLength(published);
  expect(others).toEqual([theirs]);
});

it("takes the newest of this machine's releases, whatever the clock said", () => {
  const ours = ended('second', noon);
  const stored = ended('first', '2036-01-01T00:00:00.000Z');
  const endedHere = (id: string) => ['first', 'second'].includes(id);
  expect(laterRelease(ours, stored, endedHere)).toBe(ours);
  expect(laterRelease(undefined, stored, endedHere)).toBe(stored);
});

it('replaces the end of a release by its late end', async () => {
  const { releaseTopics, fake, stored } = saying({ last: ended('ours', noon, { outcome: 'timed-out' }) });
  const late = ended('ours', one);
  releaseTopics.last(late);
  await stored('worker/main/release/last', ended('ours', noon, { outcome: 'timed-out' }));
  expect(fake.retained('worker/main/release/last')).toEqual(late);
});

it('a continued release of the former run stays published until it has ended', async () => {
  const { releaseTopics, fake, stored } = saying({ goingOn: ['ours'] });
  await settle();
  const { finishedAt: _, outcome: __, ...running } = ended('ours', noon);
  const before = fake.on('worker/main/release/current').length;
  await stored('worker/main/release/current', running);
  expect(fake.on('worker/main/release/current')).toHaveLength(before);
  releaseTopics.last(ended('ours', one));
  await stored('worker/main/release/current', running);
  expect(fake.retained('worker/main/release/current')).toEqual({ state: 'idle' });
});

it('a release that another process left running is not published as running', async () => {
  const { releaseTopics, fake, stored } = saying();
  await settle();
  const count = () => fake.on('worker/main/release/current').length;
  const before = count();
  await stored('worker/main/release/current', { state: 'idle' });
  expect(count()).toBe(before);
  await stored('worker/main/release/current', ended('r9', noon));
  expect(count()).toBe(before + 1);
  expect(fake.retained('worker/main/release/current')).toEqual({ state: 'idle' });
  const running = ended('r1', one);
  releaseTopics.current(running);
  await stored('worker/main/release/current', { state: 'idle' });
  expect(fake.retained('worker/main/release/current')).toEqual(running);
});
