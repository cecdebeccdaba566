import { describe, expect, it } from 'vitest';
import { hostInUrl, isLoopback, reachedAt } from '../../config/host.ts';

describe('an address that only this machine can reach', () => {
  it.each([
    'localhost',
    'LOCALHOST',
    'localhost.',
    '127.0.0.1',
    '127.0.0.2',
    '127.255.255.254',
    '127.1',
    '0x7f.0.0.1',
    '::1',
    '[::1]',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
    '::FFFF:127.0.0.2',
    '[::ffff:7f00:1]',
  ])('is %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });
});

describe('an address that others may reach', () => {
  it.each([
    '',
    '0',
    '0.0.0.0',
    '::',
    '[::]',
    '10.0.0.1',
    '128.0.0.1',
    '127.0.0.256',
    '127.0.0.1.example',
    'localhost.example',
    'my-localhost',
    '::ffff:10.0.0.1',
    '::127.0.0.1',
    'fe80::1',
    'fe80::1%lo',
    '127.0.0.1:80',
    'x@127.0.0.1',
    '127.0.0.1/x',
    '127.0.0.1#x',
    '127%2e0.0.1',
    '127.0.0.1 ',
    '[::1',
  ])('is %s', (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});

it.each([
  ['0.0.0.0', '127.0.0.1'],
  ['0', '127.0.0.1'],
  ['::', '[::1]'],
  ['0:0::0', '[::1]'],
  ['::1', '[::1]'],
  ['[::1]', '[::1]'],
  ['192.168.1.4', '192.168.1.4'],
  ['pi.local', 'pi.local'],
])('a server that listens on %s is reached at %s', (host, reached) => {
  expect(reachedAt(host)).toBe(reached);
});

it('a host in a URL has brackets if it is an IPv6 address', () => {
  expect(['pi', '::1', '[::1]'].map(hostInUrl)).toEqual(['pi', '[::1]', '[::1]']);
});
