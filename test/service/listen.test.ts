import { expect, test } from 'vitest';
import { ListenError, listenError } from '../../service/listen.ts';

const options = { host: '127.0.0.1', port: 80, scheme: 'http', what: 'the answers', key: 'health.port' };
const failure = (code: string) => Object.assign(new Error(`listen ${code}`), { code });

test.each([
  ['EADDRINUSE', 'the port is in use'],
  ['EACCES', 'this user may not open it (ports below 1024 need a privilege)'],
  ['EADDRNOTAVAIL', 'Set health.host to an address of this machine'],
  ['ENOTFOUND', 'the host name cannot be resolved. Set health.host'],
  ['EMFILE', 'listen EMFILE. To use another port, set health.port or --health-port'],
])('for %s the error says what was tried and what to do', (code, words) => {
  const error = listenError(failure(code), options);
  expect(error).toBeInstanceOf(ListenError);
  expect(error.code).toBe(code);
  expect(error.message).toContain('cannot listen on 127.0.0.1:80 for the answers: ');
  expect(error.message).toContain(words);
});
