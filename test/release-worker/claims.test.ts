// Who answers a press while the worker stops. claims.property.test.ts has everything else.
import { expect, it } from 'vitest';
import { createClaims } from '../../release-worker/claims.ts';
import { createHealth } from '../../service/health.ts';
import { silentLog } from '../../service/log.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createFakeLink } from './support/fake-link.ts';
import { settle } from './support/settle.ts';

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
