// The worker's access to Argo CD: a token, or name and password, and extra headers.
import { describe, expect, test } from 'vitest';
import { renderConfig } from '../../config/render.ts';
import { failure, leaf, load, onlyProblem, type Given } from './support.ts';

const entrance = { sections: ['argocd'], oneOf: [['argocd.token', 'argocd.username']] } as const;

describe('credentials for Argo CD', () => {
  test.each<Given>([
    { file: 'argocd: {token: abc}' },
    { file: 'argocd: {username: button, password: abc}' },
    { files: { 'run/password': 'abc\n' }, file: 'argocd: {username: button, passwordFile: run/password}' },
    { files: { 'run/token': 'abc\n' }, env: { ARGOCD_AUTH_TOKEN_FILE: 'run/token' } },
    { env: { RELEASE_BUTTON_ARGOCD_USERNAME: 'button', RELEASE_BUTTON_ARGOCD_PASSWORD: 'abc' } },
  ])('%j are enough', async (given) => {
    const { config } = await load({ ...entrance, ...given });
    expect(config.argocd.token ?? config.argocd.password).toBe('abc');
  });

  test('that are missing: the message names both kinds', async () => {
    const problem = await onlyProblem(entrance);
    expect(problem).toMatchObject({ key: 'argocd.token', message: 'is missing' });
    expect(problem.remedy).toMatch(
      /generate-token.*ARGOCD_AUTH_TOKEN.*argocd\.username and argocd\.password/,
    );
  });

  test.each<[Given, string, string]>([
    [
      { file: 'argocd:\n  username: button\n  password: abc\n', env: { ARGOCD_AUTH_TOKEN: 'abc' } },
      'argocd.username',
      'config/release-button.yaml:2',
    ],
    [
      { file: 'argocd:\n  token: abc\n  username: button\n' },
      'argocd.username',
      'config/release-button.yaml:3',
    ],
    [{ file: 'argocd:\n  token: abc\n  password: abc\n' }, 'argocd.password', 'config/release-button.yaml:3'],
  ])('of both kinds contradict each other: %j', async (given, key, origin) => {
    const problem = await onlyProblem({ ...entrance, ...given });
    expect(problem).toMatchObject({ key, origin });
    expect(problem.message).toContain('argocd.token is set too');
    expect(problem.remedy).toMatch(/^keep one: argocd\.token, or /);
  });

  test.each([
    ['username', 'password'],
    ['password', 'username'],
  ])('with %s alone are not enough', async (given, lacking) => {
    const problem = await onlyProblem({ sections: ['argocd'], file: `argocd: {${given}: abc}` });
    expect(problem.key).toBe(`argocd.${given}`);
    expect(problem.message).toContain(`argocd.${lacking} is not`);
  });

  test('in a secret file that cannot be read: this is the only problem reported', async () => {
    expect(await onlyProblem({ ...entrance, file: 'argocd: {tokenFile: run/nowhere}' })).toMatchObject({
      key: 'argocd.tokenFile',
    });
  });

  test.each([
    ['username: button, password: abc', 'password'],
    ['token: abc', 'token'],
    ['token: abc, headers: "x-a: hunter2"', 'token'],
  ])('cause a warning without encryption: %s', async (text, words) => {
    const { warnings } = await load({
      sections: ['argocd'],
      file: `argocd: {server: "http://argocd.example", ${text}}`,
    });
    expect(warnings.join()).toMatch(new RegExp(`${words} goes to argocd\\.example unencrypted`));
  });
});

test('in files are returned with their paths, so that they can be read again', async () => {
  const files = { 'run/token': 'abc', 'run/headers': 'x-a: b' };
  const { secretFiles } = await load({
    files,
    file: 'argocd: {tokenFile: run/token, headersFile: run/headers}\n',
    env: { RELEASE_BUTTON_MQTT_USERNAME: 'me', RELEASE_BUTTON_MQTT_PASSWORD: 'x' },
  });
  expect([...secretFiles.keys()].toSorted()).toEqual(['argocd.headers', 'argocd.token']);
  expect(secretFiles.get('argocd.token')).toMatch(/^\/.*\/run\/token$/);
  const direct = await load({
    files,
    file: 'argocd: {tokenFile: run/token}',
    env: { ARGOCD_AUTH_TOKEN: 'x' },
  });
  expect([...direct.secretFiles]).toEqual([]);
});

describe('extra headers', () => {
  test.each([
    ['one', 'CF-Access-Client-Id: 1234.access'],
    ['several, with a blank line', 'a: b\n\nc:d\r\ne:  f g\r\n'],
    ['one whose value has colons and quotes', 'Cookie: a="b:c"; d=e'],
    ['one for a proxy that needs its own login', 'Proxy-Authorization: Bearer abc'],
  ])('can be: %s', async (_, text) => {
    const { config } = await load({ sections: ['argocd'], env: { RELEASE_BUTTON_ARGOCD_HEADERS: text } });
    expect(config.argocd.headers).toBe(text.trimEnd());
  });

  test.each([
    'Authorization: Bearer hunter2',
    'a: b\nCONTENT-TYPE: hunter2',
    'accept: hunter2',
    'Host: hunter2',
    'Content-Length: 2',
    'Transfer-Encoding: hunter2',
    'User-Agent: hunter2',
    'Connection: hunter2',
  ])('must not contain %j, which the client sends itself', async (text) => {
    const problem = await onlyProblem({
      sections: ['argocd'],
      env: { RELEASE_BUTTON_ARGOCD_HEADERS: text },
    });
    expect(problem).toMatchObject({ key: 'argocd.headers', value: '********' });
    expect(problem.message).toMatch(/must not have [a-z-]+ \(line \d\)/);
    expect(JSON.stringify(problem)).not.toContain('hunter2');
  });

  test.each([
    ['hunter2', 'no `Name: value` in line 1'],
    ['a: b\nhunter 2: c', 'no `Name: value` in line 2'],
    ['hunter2:', 'has no value'],
    ['a: hünter2', 'not ASCII'],
    ['a: hunter2\nA: c', 'twice (line 2)'],
    ['\n\n', 'has no header'],
    [`a: ${'x'.repeat(16_384)}`, 'characters; at most 16384 are allowed'],
  ])('are refused for %j, and the value is not shown', async (text, words) => {
    const { message, problems } = await failure({
      sections: ['argocd'],
      file: `argocd: {headers: ${JSON.stringify(text)}}`,
    });
    expect(problems[0]?.message).toContain(words);
    expect(message).not.toMatch(/hunter|hünter/);
  });

  test('appear in no output, even if their file is invalid', async () => {
    const result = await load({
      sections: ['argocd'],
      files: { 'run/headers': 'x-a: hunter2' },
      file: 'argocd: {username: button, password: hunter2, headersFile: run/headers}',
    });
    expect(leaf(result, 'argocd.headers').value).toBe('********');
    expect(leaf(result, 'argocd.password').value).toBe('********');
    expect(renderConfig(result)).not.toContain('hunter2');
    const { message } = await failure({
      sections: ['argocd'],
      file: 'argocd:\n  headers:\n    X-A: hunter2\n',
    });
    expect(message).toContain('argocd.headers');
    expect(message).not.toContain('hunter2');
  });
});
