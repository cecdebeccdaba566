// The package as it would be published: packed, installed into an empty folder without development packages, and used for
// a press.
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { patienceMs } from '../support/patience.ts';
import { createWorkplace, type Workplace } from '../support/processes.ts';
import { hasRegistry } from '../support/programs.ts';

/** npm compiles rpio, and other work may keep the machine busy. */
const installMs = 10 * patienceMs;

/** npm can pack without a network. But the packages for an install come from a registry, and rpio is compiled. */
const installable = hasRegistry('rpio');
const root = join(import.meta.dirname, '../..');
let folder: string;
let archive: string;
const npm = (...args: string[]) =>
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel', 'error'], {
    cwd: folder,
    encoding: 'utf8',
    timeout: installMs,
  });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'release-button-package-'));
  // The tests are already built. A script of npm pack would rebuild while other tests run.
  npm('pack', root, '--ignore-scripts', '--pack-destination', folder);
  archive = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'no tarball');
}, installMs);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the tarball', () => {
  it('passes publint', async () => {
    const tarball = Uint8Array.from(readFileSync(archive)).buffer;
    const { messages, pkg } = await publint({ strict: true, pack: { tarball } });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  it('contains the code, its licences and the pages, and no sources, maps or tests', () => {
    const files = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' }).trim().split('\n');
    for (const needed of [
      'dist/bundle/main.js',
      'dist/bundle/licences.txt',
      'config/release-button.example.yaml',
      'README.md',
      'LICENSE',
      'docs/hardware.md',
      'home-assistant/blueprints/release-by-button.yaml',
    ])
      expect(files).toContain(`package/${needed}`);
    expect(files.filter((file) => /\.(ts|map)$|^package\/(test|bench|\.)/.test(file))).toEqual([]);
  });

  it('contains a command that is executable after each build, so that npx starts it', () => {
    expect(() => accessSync(join(root, 'dist/bundle/main.js'), constants.X_OK)).not.toThrow();
  });
});

describe.skipIf(!installable)('the installed package (skipped without a package registry)', () => {
  let installed: string;
  let workplace: Workplace;

  beforeAll(() => {
    npm('install', '--global', '--prefix', folder, '--allow-scripts=rpio', '--prefer-offline', archive);
    installed = join(folder, 'lib/node_modules/release-button');
    workplace = createWorkplace();
  }, installMs);
  afterAll(() => workplace.clear());

  it('names the licence of every bundled package', () => {
    const licences = readFileSync(join(installed, 'dist/bundle/licences.txt'), 'utf8');
    for (const name of ['mqtt', 'aedes', 'got', 'convict', 'zod', 'pino', 'prom-client', 'yaml', 'commander'])
      expect(licences).toMatch(new RegExp(`^Name: ${name}\\n[\\s\\S]*?^License: \\S+`, 'm'));
  });

  it('needs no development package', () => {
    const packages = new Set(readdirSync(join(installed, 'node_modules')));
    for (const name of Object.keys(packageJson.devDependencies)) expect(packages).not.toContain(name);
    for (const name of Object.keys(packageJson.optionalDependencies)) expect(packages).toContain(name);
    expect(existsSync(join(installed, 'node_modules/rpio/build/Release/rpio.node'))).toBe(true);
  });

  it('has a command that starts the demo, and releases on a press', async () => {
    const command = join(folder, 'bin/release-button');
    const env = {
      RELEASE_BUTTON_BROKER_PORT: '0',
      RELEASE_BUTTON_HEALTH_PORT: '0',
      RELEASE_BUTTON_SIMULATOR_PORT: '0',
    };
    const version = workplace.spawn(command, ['--version']);
    await version.exited;
    expect(version.output()).toBe(`release-button ${packageJson.version}\n`);

    const start = workplace.spawn(command, ['start'], env);
    const broker = await start.untilListening((line) => line['part'] === 'broker');
    await start.untilOutput(/"signal":"drifted"/);
    const press = workplace.spawn(command, ['press'], { RELEASE_BUTTON_MQTT_URL: broker });
    expect(await press.exited).toMatchObject({ code: 0 });
    await start.untilOutput(/release succeeded/);
    start.signal('SIGTERM');
    expect(await start.exited).toEqual({ code: 0, signal: null });
  });
});
