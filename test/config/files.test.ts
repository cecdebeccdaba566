// Files that a configuration names: the configuration file itself, by flag or environment variable, and files of
// certificates.
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../config/load.ts';
import { asUnprivilegedUser } from '../support/unprivileged.ts';
import { hasOpenssl } from '../support/programs.ts';
import { authority, directory, load, onlyProblem } from './support.ts';

describe('the file that RELEASE_BUTTON_CONFIG names', () => {
  const files = { 'other.yaml': 'log: {level: warn}\n' };

  test('is read like that of --config, and --config is stronger', async () => {
    const env = { RELEASE_BUTTON_CONFIG: 'other.yaml' };
    expect(await load({ files, env })).toMatchObject({
      file: 'other.yaml',
      config: { log: { level: 'warn' } },
    });
    const flag = await load({
      files: { ...files, 'flag.yaml': 'log: {level: error}' },
      env,
      configFile: 'flag.yaml',
    });
    expect(flag).toMatchObject({ file: 'flag.yaml', config: { log: { level: 'error' } } });
    expect((await load({ files, env: { RELEASE_BUTTON_CONFIG: '' } })).file).toBeUndefined();
  });

  test.each([
    ['nowhere.yaml', 'does not exist', 'or unset it'],
    ['folder', 'is a directory', 'did you mean folder/release-button.yaml?'],
    ['empty-folder', 'is a directory', 'or unset it'],
    ['release-button.yaml', 'does not exist', 'did you mean config/release-button.yaml?'],
    ['"other.yaml"', 'does not exist', 'without quotes'],
    ['latin.yaml', 'is not text in UTF-8', 'save it as UTF-8'],
  ])('is reported together with the variable: %s', async (name, message, remedy) => {
    const problem = await onlyProblem({
      files: {
        ...files,
        'folder/release-button.yaml': '',
        'empty-folder/x': '',
        'latin.yaml': Uint8Array.from([0x23, 0xe4]),
      },
      file: '',
      env: { RELEASE_BUTTON_CONFIG: name },
    });
    expect(problem).toMatchObject({ key: name, origin: 'RELEASE_BUTTON_CONFIG' });
    expect(problem.message).toContain(message);
    expect(problem.remedy).toContain(remedy);
  });

  test('is reported, if it cannot be read, with the permissions to change', async () => {
    const cwd = await directory(files);
    await chmod(join(cwd, 'other.yaml'), 0);
    const env = { RELEASE_BUTTON_CONFIG: 'other.yaml' };
    await chmod(cwd, 0o755);
    await expect(
      asUnprivilegedUser(() => loadConfig({ cwd, env, flags: {}, sections: ['log'] })),
    ).rejects.toThrow(/may not be read.*give the user that runs release-button permission to read it/s);
  });
});

describe.skipIf(!hasOpenssl)('a file of certificates', () => {
  const openssl = (line: string, input: string | Buffer = '') =>
    execFileSync('openssl', line.split(' '), { input, stdio: ['pipe', 'pipe', 'ignore'] });

  test.each(['mqtt', 'argocd'])(
    'may contain one certificate or several, and text around them: %s.caFile',
    async (section) => {
      const ca = authority();
      for (const text of [ca, `# our authorities\n${ca}\n${authority()}`, ca.replaceAll('\n', '\r\n')])
        await expect(load({ files: { ca: text }, file: `${section}: {caFile: ca}` })).resolves.toBeDefined();
    },
  );

  const ca = authority();
  const key = hasOpenssl ? openssl('genpkey -algorithm ed25519').toString() : '';
  const cut = (text: string) => `${text.slice(0, 200)}\n-----END CERTIFICATE-----\n`;
  test.each<readonly [string, string | Buffer, string]>([
    ['nothing', '', 'is empty'],
    ['a text', 'hello\n', 'contains no certificate'],
    ['a key', key, 'contains a private key, but no certificate'],
    [
      'a key with a password',
      hasOpenssl ? openssl('pkcs8 -topk8 -passout pass:x', key) : '',
      'contains an encrypted private key, but no certificate',
    ],
    [
      'a public key',
      hasOpenssl ? openssl('pkey -pubout', key) : '',
      'contains a public key, but no certificate',
    ],
    [
      'a request',
      hasOpenssl ? openssl('req -new -newkey rsa:2048 -nodes -subj /CN=x -keyout /dev/null') : '',
      'contains a request for a certificate, but no certificate',
    ],
    ['a certificate as DER', hasOpenssl ? openssl('x509 -outform der', ca) : '', 'is a certificate in DER'],
    ['half a certificate', ca.slice(0, 200), 'ends in the middle of a certificate'],
    ['a broken certificate', cut(ca), 'contains a certificate that cannot be read (the only one)'],
    ['one of two broken', `${ca}${cut(ca)}`, 'cannot be read (number 2 of 2)'],
  ])('with %s in it is refused together with the rest of the configuration', async (_, content, message) => {
    for (const section of ['mqtt', 'argocd']) {
      const problem = await onlyProblem({
        files: { 'ca.pem': content },
        file: `${section}: {caFile: ca.pem}`,
      });
      expect(problem).toMatchObject({ key: `${section}.caFile`, origin: 'config/release-button.yaml:1' });
      expect(problem.message).toContain(message);
      expect(problem.remedy).not.toBe('');
    }
  });

  test('is refused if it is missing or is a folder', async () => {
    expect((await onlyProblem({ env: { RELEASE_BUTTON_MQTT_CA_FILE: 'nowhere' } })).message).toContain(
      'does not exist',
    );
    const cwd = await directory();
    await mkdir(join(cwd, 'ca'));
    await writeFile(join(cwd, 'ca', 'x'), '');
    await expect(
      loadConfig({ cwd, env: {}, flags: { 'mqtt.caFile': 'ca' }, sections: ['mqtt'] }),
    ).rejects.toThrow('is a directory');
  });
});
