// Why rpio cannot be loaded, with the real errors of Node.js: the package is absent, not compiled, or compiled for
// something else. Uses the compiled code (`npm run build`).
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWorkplace, type Workplace } from '../support/processes.ts';

const root = join(import.meta.dirname, '../..');
const addon = 'build/Release/rpio.node';

let workplace: Workplace;
beforeEach(() => {
  workplace = createWorkplace();
});
afterEach(() => workplace.clear());

/** The rooms from which the driver is loaded. To copy all rooms would take many times as long. */
const rooms = ['gpio-agent', 'service'];

/**
 * Puts compiled code and packages into a separate folder.
 * @returns the path for its rpio
 */
function installation(): string {
  const { directory } = workplace;
  for (const room of rooms)
    cpSync(join(root, 'dist', room), join(directory, 'dist', room), {
      recursive: true,
      filter: (path) => !/\.(map|d\.ts)$/.test(path),
    });
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  const packages = join(directory, 'node_modules');
  mkdirSync(packages);
  for (const name of readdirSync(join(root, 'node_modules')))
    if (name !== 'rpio') symlinkSync(join(root, 'node_modules', name), join(packages, name));
  return join(packages, 'rpio');
}

/** Unpacks rpio as npm does, without the results of its install script. */
function unpacked(): string {
  const folder = installation();
  const source = join(root, 'node_modules/rpio');
  cpSync(source, folder, { recursive: true, filter: (path) => path !== join(source, 'build') });
  return folder;
}

function compiled(addonBytes: Uint8Array): void {
  const folder = unpacked();
  mkdirSync(join(folder, 'build/Release'), { recursive: true });
  writeFileSync(join(folder, addon), addonBytes);
}

async function load(): Promise<string> {
  const script = `
    import { loadRpio } from './dist/gpio-agent/drivers/rpio.js';
    loadRpio().then(() => console.log('loaded'), (error) => console.log(error.name + ': ' + error.message));
  `;
  const child = workplace.spawn(process.execPath, ['--input-type=module', '--eval', script]);
  await child.exited;
  return child.output();
}

test('rpio that is absent leads to a message about the missing compiler and the permission to run scripts', async () => {
  installation();
  const message = await load();
  expect(message).toMatch(/^HardwareError: the package rpio is not installed/);
  expect(message).toContain('`sudo apt install build-essential python3`');
  expect(message).toContain('--allow-scripts=rpio');
});

test('rpio that was unpacked without its install script leads to npm rebuild', async () => {
  unpacked();
  const message = await load();
  expect(message).toMatch(/^HardwareError: the package rpio is installed, but was never compiled/);
  expect(message).toContain('`npm rebuild rpio`');
});

test('rpio that was compiled for another machine leads to npm rebuild', async () => {
  compiled(Buffer.from('not a program for this machine'));
  const message = await load();
  expect(message).toMatch(
    /^HardwareError: the package rpio was compiled for another Node\.js version or another machine/,
  );
  expect(message).toContain('`npm rebuild rpio`');
});

const ownAddon = join(root, 'node_modules/rpio', addon);
const noAddon = !existsSync(ownAddon);
if (noAddon && process.env['CI'] !== undefined)
  throw new Error('rpio is not compiled, and with CI set no test is skipped');

test.skipIf(noAddon)(
  'rpio that was compiled for another Node.js version leads to a message with both versions, and npm rebuild',
  async () => {
    const bytes = readFileSync(ownAddon);
    // The node::node_module of an addon begins with the version as an int, flags of 0 and a handle of 0 (node.h,
    // NODE_MODULE_X).
    const head = Buffer.alloc(16);
    head.writeInt32LE(Number(process.versions.modules));
    const at = bytes.indexOf(head);
    expect(at).toBeGreaterThan(0);
    bytes.writeInt32LE(93, at);
    compiled(bytes);
    const message = await load();
    expect(message).toMatch(/^HardwareError: the package rpio was compiled for another Node\.js version/);
    expect(message).toContain('NODE_MODULE_VERSION 93');
    expect(message).toContain(process.version);
  },
);

test.skipIf(noAddon)('rpio that was compiled for this version can be loaded on any machine', async () => {
  compiled(readFileSync(ownAddon));
  expect(await load()).toBe('loaded\n');
});
