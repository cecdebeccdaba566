// Secrets come from files, and are never shown.
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../config/load.ts';
import { renderConfig } from '../../config/render.ts';
import { asUnprivilegedUser } from '../support/unprivileged.ts';
import { directory, failure, leaf, load, onlyProblem } from './support.ts';

const secret = 'hunter2-xyzzy';

describe('a secret from a file', () => {
  test.each([secret, `${secret}\n`, `${secret}\r\n`])(
    '%j is read without one line break at its end',
    async (text) => {
      const result = await load({ files: { 'run/token': text }, file: 'argocd:\n  tokenFile: run/token\n' });
      expect(result.config.argocd.token).toBe(secret);
      expect(leaf(result, 'argocd.token').origin).toBe('run/token, named by config/release-button.yaml:2');
    },
  );

  test.each(['RELEASE_BUTTON_ARGOCD_TOKEN_FILE', 'ARGOCD_AUTH_TOKEN_FILE'])(
    'is read from the file that %s names',
    async (variable) => {
      const result = await load({ files: { 'run/token': secret }, env: { [variable]: './run/token' } });
      expect(result.config.argocd.token).toBe(secret);
      expect(leaf(result, 'argocd.token').origin).toBe(`./run/token, named by ${variable}`);
    },
  );

  test('may be a password with spaces and a line break inside', async () => {
    const { config } = await load({
      files: { 'run/password': ' a b\nc \n' },
      file: 'mqtt: {username: me, passwordFile: run/password}',
    });
    expect(config.mqtt.password).toBe(' a b\nc ');
  });

  test.each([
    ['that is missing', {}, 'the file with the secret does not exist'],
    ['that is empty', { 'run/token': '\n' }, 'the file with the secret is empty'],
    ['that is a directory', { 'run/token/x': '' }, 'the file with the secret is a directory'],
    [
      'that is too large',
      { 'run/token': 'x'.repeat(64 * 1024 + 1) },
      'the file with the secret is larger than 64 KiB',
    ],
    [
      'that is not text',
      { 'run/token': new Uint8Array([255, 254]) },
      'the file with the secret is not text in UTF-8',
    ],
  ])(
    'that cannot be had, from a file %s, is an error, and it is not also reported as missing',
    async (_, files, message) => {
      const problem = await onlyProblem({
        files,
        env: { ARGOCD_SERVER: 'a', ARGOCD_AUTH_TOKEN_FILE: 'run/token' },
        required: ['argocd.server', 'argocd.token'],
      });
      expect(problem).toMatchObject({
        key: 'argocd.tokenFile',
        origin: 'ARGOCD_AUTH_TOKEN_FILE',
        value: 'run/token',
      });
      expect(problem.message).toContain(message);
    },
  );

  test('that cannot be read because of permissions is an error that says so', async () => {
    const cwd = await directory({ 'run/token': secret });
    await chmod(cwd, 0o755);
    await chmod(join(cwd, 'run/token'), 0o000);
    const loading = asUnprivilegedUser(() =>
      loadConfig({ cwd, sections: ['argocd'], env: { ARGOCD_AUTH_TOKEN_FILE: 'run/token' }, flags: {} }),
    );
    await expect(loading).rejects.toThrow('may not be read by this user');
  });

  test.each([
    [{ file: 'argocd: {token: a, tokenFile: run/token}' }],
    [{ env: { ARGOCD_AUTH_TOKEN: 'a', ARGOCD_AUTH_TOKEN_FILE: 'run/token' } }],
    [{ flags: { 'argocd.token': 'a', 'argocd.tokenFile': 'run/token' } }],
  ])('contradicts the secret itself in the same source: %j', async (given) => {
    const problem = await onlyProblem({ ...given, files: { 'run/token': secret } });
    expect(problem).toMatchObject({ key: 'argocd.token', message: 'is set twice: directly and by a file' });
  });

  test('is weaker than the secret itself in a stronger source, and is then not read', async () => {
    const { config } = await load({
      file: 'argocd: {tokenFile: /no/such/file}',
      env: { ARGOCD_AUTH_TOKEN: 'env' },
    });
    expect(config.argocd.token).toBe('env');
    const result = await load({
      files: { 'run/token': 'of-file' },
      env: { ARGOCD_AUTH_TOKEN: 'env', RELEASE_BUTTON_ARGOCD_TOKEN_FILE: 'run/token' },
    });
    expect(result.config.argocd.token).toBe('of-file');
  });

  test('is an error if the path is not text', async () => {
    const problem = await onlyProblem({ file: 'argocd:\n  tokenFile: 5\n' });
    expect(problem).toMatchObject({ key: 'argocd.tokenFile', message: 'must be the path of a file' });
  });
});

describe('a secret is never shown in a message about', () => {
  test.each([
    ['a misspelt key', `argocd:\n  tokne: ${secret}\n`],
    ['a misspelt file key', `argocd:\n  tokenfile: ${secret}\n`],
    ['a misspelt password', `mqtt:\n  passwrod: ${secret}\n`],
    ['a key for a secret that does not exist', `mqtt:\n  clientSecret: ${secret}\n`],
    ['a secret in the wrong section', `log:\n  token: ${secret}\n`],
    ['a secret outside any section', `token: ${secret}\n`],
    ['a misspelt section', `argcd:\n  token: ${secret}\n`],
    ['a section that is text', `argocd: ${secret}\n`],
    ['a file that is text', `${secret}\n`],
    ['a secret of the wrong type', `argocd:\n  token: [${secret}]\n`],
    ['a secret that is a map', `argocd:\n  token: {${secret}: 1}\n`],
    ['a secret with spaces', `argocd:\n  token: "${secret} x"\n`],
    ['the secret in place of its path', `argocd:\n  tokenFile: ${secret}\n`],
    ['credentials in the broker’s URL', `mqtt:\n  url: mqtt://me:${secret}@broker\n`],
    ['credentials in the broker’s URL without scheme', `mqtt:\n  url: me:${secret}@broker\n`],
    ['credentials with odd characters', `mqtt:\n  url: mqtt://me:p@ss/${secret}@broker\n`],
    ['credentials in Argo CD’s URL', `argocd:\n  server: https://me:${secret}@argocd.example\n`],
    ['a token in Argo CD’s URL', `argocd:\n  server: https://argocd.example?token=${secret}\n`],
    ['broken YAML', `argocd:\n  token: "x" ${secret}\n`],
    ['a tag', `argocd:\n  token: !secret ${secret}\n`],
    ['a missing quote', `argocd:\n  token: "${secret}\n`],
    ['a token as an alias', `argocd:\n  token: *${secret}\n`],
    ['a number as a password', `mqtt:\n  password: 123454321\n`],
    ['a password in quotes', `mqtt:\n  username: a\n  password: ['123454321']\n`],
  ])('%s', async (_, file) => {
    const { message, problems } = await failure({ file, sections: ['mqtt', 'argocd', 'log'] });
    expect(`${message}${JSON.stringify(problems)}`).not.toMatch(/hunter2|xyzzy|123454321/);
  });

  test('or in the list of values in force', async () => {
    const result = await load({
      env: {
        ARGOCD_AUTH_TOKEN: secret,
        RELEASE_BUTTON_MQTT_PASSWORD: 'x',
        RELEASE_BUTTON_MQTT_USERNAME: 'me',
      },
    });
    expect(leaf(result, 'argocd.token').value).toBe('********');
    expect(leaf(result, 'mqtt.password').value).toBe('********');
    expect(renderConfig(result)).not.toContain(secret);
    expect(JSON.stringify(result.leaves)).not.toContain(secret);
    expect(leaf(await load(), 'argocd.token').value).toBeUndefined();
  });
});

test.each([
  ['a b', 'has a space in it'],
  [' ab', 'has a space at its beginning or end'],
  ['a\nb', 'has more than one line'],
  ['\nab', 'has more than one line'],
  ['\ttoken', 'has a space at its beginning or end'],
  ['tökén', 'has a character that cannot be in a token'],
  ['Bearer abc', 'begins with `Bearer`, which is not part of the token'],
  ['"abc"', 'begins or ends with a quote, and quotes are part of the value here'],
  ["abc'", 'begins or ends with a quote, and quotes are part of the value here'],
  ['a"b', 'must not contain quotes'],
])('the token %j is refused', async (text, message) => {
  const problem = await onlyProblem({ files: { 'run/token': text }, file: 'argocd: {tokenFile: run/token}' });
  expect(problem).toMatchObject({ key: 'argocd.token', value: '********' });
  expect(problem.message).toBe(message);
  expect(JSON.stringify(problem)).not.toContain(text);
});
