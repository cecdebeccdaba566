// Who answers a press while the worker stops. claims.property.test.ts has everything else.
import { expect, it } from 'vitest';
import { createClaims } from '../../release-worker/claims.ts';
import { createHealth } from '../../service/health.ts';
import { silentLog } from '../../service/log.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createFakeLink } from './support/fake-link.ts';

it('a press that arrives during the stop waits for nothing, although nobody knows yet whose it is', async () => {
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
  const before = claims.answers('main');
  claims.stop();
  expect(await before).toBe(false);
  expect(claims.answers('main')).toBe(false);
});
