import { expect, test } from 'vitest';
import { whyHangUpIsIgnored } from '../../service/hang-up.ts';

test.each([
  ['a process in a terminal', { env: { _: '/usr/bin/node' }, streamOnTerminal: true, hasTerminal: true }],
  ['a service, which has no terminal', { env: {}, streamOnTerminal: false, hasTerminal: false }],
])('SIGHUP stops %s', (_, surroundings) => {
  expect(whyHangUpIsIgnored(surroundings)).toBeUndefined();
});

test.each([
  [
    'a process that a shell has started with nohup, even if a stream is still on the terminal',
    { env: { _: '/usr/bin/nohup' }, streamOnTerminal: true, hasTerminal: true },
    /nohup/,
  ],
  [
    'a process that no longer uses its terminal',
    { env: { _: '/usr/bin/node' }, streamOnTerminal: false, hasTerminal: true },
    /does not use its terminal/,
  ],
])('SIGHUP does not stop %s', (_, surroundings, reason) => {
  expect(whyHangUpIsIgnored(surroundings)).toMatch(reason);
});
