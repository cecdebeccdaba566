import { expect, test } from 'vitest';
import { createHealth } from '../../service/health.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const start = Date.parse('2026-03-01T10:00:00Z');
const at = (seconds: number) => new Date(start + seconds * 1_000).toISOString();

test('without checks everything is healthy', () => {
  expect(createHealth(createFakeClock()).report()).toEqual({ status: 'ok', checks: {} });
});

test('a check fails until it is reported as healthy', () => {
  const health = createHealth(createFakeClock(start));
  health.check('broker', 'failing');
  expect(health.report()).toEqual({
    status: 'failing',
    checks: { broker: { ok: false, since: at(0), message: 'not started yet' } },
  });
});

test('`since` changes only together with `ok`, and the message changes at any time', () => {
  const clock = createFakeClock(start);
  const health = createHealth(clock);
  const check = health.check('broker', 'failing');
  const brokerCheck = () => health.report().checks['broker'];
  clock.advance(1_000);
  check.bad('refused');
  expect(brokerCheck()).toEqual({ ok: false, since: at(0), message: 'refused' });
  clock.advance(1_000);
  check.ok();
  expect(brokerCheck()).toEqual({ ok: true, since: at(2), message: 'ok' });
  clock.advance(1_000);
  check.ok('connected');
  expect(brokerCheck()).toEqual({ ok: true, since: at(2), message: 'connected' });
  clock.advance(1_000);
  check.bad('lost');
  expect(brokerCheck()).toEqual({ ok: false, since: at(4), message: 'lost' });
});

test('the status is the worst severity among the failing checks', () => {
  const health = createHealth(createFakeClock());
  const hard = health.check('hard', 'failing');
  const soft = health.check('soft', 'degraded');
  const status = () => health.report().status;
  hard.ok();
  soft.ok();
  expect(status()).toBe('ok');
  soft.bad('slow');
  expect(status()).toBe('degraded');
  hard.bad('gone');
  expect(status()).toBe('failing');
  soft.ok();
  expect(status()).toBe('failing');
  hard.ok();
  expect(status()).toBe('ok');
});

test('a check may have the name of a property that every object has', () => {
  const health = createHealth(createFakeClock());
  health.check('constructor', 'failing').ok();
  health.check('toString', 'degraded').bad('odd');
  expect(health.report().status).toBe('degraded');
  expect(Object.keys(health.report().checks)).toEqual(['constructor', 'toString']);
});

test('a listener is called for each change of a check or its message, and for nothing else', () => {
  const health = createHealth(createFakeClock());
  const check = health.check('broker', 'failing');
  let calls = 0;
  const end = health.onChange(() => (calls += 1));
  check.bad('refused');
  check.bad('refused');
  expect(calls).toBe(1);
  check.ok();
  check.ok();
  expect(calls).toBe(2);
  health.check('another', 'degraded');
  expect(calls).toBe(3);
  end();
  check.bad('lost');
  expect(calls).toBe(3);
});
