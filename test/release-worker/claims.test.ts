// Who answers a press of a button whose worker is offline, and while the worker stops. claims.property.test.ts has several
// workers at once.
import { describe, expect, it } from 'vitest';
import { createClaims } from '../../release-worker/claims.ts';
import { createHealth } from '../../service/health.ts';
import { silentLog } from '../../service/log.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createFakeLink } from './support/fake-link.ts';
import { settle } from './support/settle.ts';
import { workerInfoWith } from '../support/worker-info.ts';

function start() {
  const fake = createFakeLink();
  const clock = createFakeClock();
  const claims = createClaims({
    link: fake.link,
    clock,
    worker: 'main',
    buttons: ['main'],
    health: createHealth(clock),
    log: silentLog(),
    onChange: () => {},
  });
  claims.start();
  fake.setState('connected');
  return { fake, clock, claims };
}

const infoOf = (worker: string, ...buttons: readonly string[]) =>
  workerInfoWith({ worker, buttons: buttons.map((id) => ({ id, on: { press: 'release' } })) });

/** It has just connected, and the broker has sent what it has retained of another worker. */
async function startBeside(availability: 'online' | 'offline', ...buttons: readonly string[]) {
  const started = start();
  started.fake.deliver('worker/other/info', infoOf('other', ...buttons), { retained: true });
  started.fake.deliver('worker/other/availability', availability, { retained: true });
  started.fake.deliver('worker/main/availability', 'online');
  await settle();
  started.clock.advance(500);
  return started;
}

describe('a button of an offline worker', () => {
  it('is not answered for by a worker that is online, and neither is a request about it', async () => {
    const { claims } = await startBeside('offline', 'theirs');
    expect(claims.answers('theirs')).toBe(false);
    expect(claims.isOthers('theirs')).toBe(true);
  });

  it('is nobody’s once the retained info is cleared', async () => {
    const { fake, claims } = await startBeside('offline', 'theirs');
    fake.deliver('worker/other/info', '');
    expect(claims.answers('theirs')).toBe(true);
    expect(claims.isOthers('theirs')).toBe(false);
  });

  it('is nobody’s once that worker has come back without it, and has gone again', async () => {
    const { fake, claims } = await startBeside('offline', 'theirs');
    fake.deliver('worker/other/info', infoOf('other', 'renamed'));
    fake.deliver('worker/other/availability', 'online');
    fake.deliver('worker/other/availability', 'offline');
    expect([claims.answers('theirs'), claims.answers('renamed')]).toEqual([true, false]);
  });

  it('still belongs to a worker that has it and is online', async () => {
    const { fake, claims } = await startBeside('offline', 'main');
    expect([claims.answers('main'), claims.isOthers('main')]).toEqual([true, false]);
    expect(claims.claimedTwice('main')).toBeUndefined();
    fake.deliver('worker/other/availability', 'online');
    expect(claims.claimedTwice('main')).toContain('both have the button main');
  });

  it('is left to it also by a worker that may not read availability', async () => {
    const { fake, clock, claims } = start();
    fake.deliver('worker/other/info', infoOf('other', 'theirs', 'main'), { retained: true });
    await settle();
    clock.advance(500);
    clock.advance(2_000);
    expect(['main', 'theirs', 'nobodys'].map((button) => claims.answers(button))).toEqual([
      true,
      false,
      true,
    ]);
  });
});

it('a press that arrives during the stop waits for nothing, although nobody knows yet whose it is', async () => {
  const { claims } = start();
  const before = claims.answers('main');
  claims.stop();
  expect(await before).toBe(false);
  expect(claims.answers('main')).toBe(false);
});

it('a press that arrives during the stop is still answered by its worker', async () => {
  const { fake, clock, claims } = start();
  fake.deliver('worker/main/availability', 'online');
  await settle();
  clock.advance(500);
  claims.stop();
  expect([claims.answers('main'), claims.answers('other')]).toEqual([true, true]);
});

it('after the stop no retained message starts a timer', async () => {
  const { fake, clock, claims } = start();
  await settle();
  claims.stop();
  fake.deliver('worker/other/availability', 'online', { retained: true });
  await settle();
  expect(clock.pendingTimers()).toBe(0);
});
