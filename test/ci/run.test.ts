// What .ci/run would do (`--plan`) in a CI, and on a machine where something is missing: the test sets its own PATH.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, onTestFinished } from 'vitest';

const script = join(import.meta.dirname, '../../.ci/run');
const programs = [
  'git',
  'faketime',
  'python3',
  'cc',
  'mosquitto',
  'mosquitto_sub',
  'openssl',
  'curl',
  'ip',
  'prometheus',
  'promtool',
  'systemd-analyze',
  'systemd-notify',
];

interface Machine {
  readonly env?: Readonly<Record<string, string>>;
  readonly root?: boolean;
  /** names from `programs` */
  readonly without?: readonly string[];
  readonly docker?: boolean;
  /** a script beside the project that sets up an engine */
  readonly lab?: boolean;
  readonly parts?: readonly string[];
}

/** Standard input is no terminal, since a test has none. */
function planOn({ env = {}, root = false, without = [], docker = false, lab = false, parts = [] }: Machine) {
  const folder = mkdtempSync(join(tmpdir(), 'release-button-ci-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const program = (name: string, body: string) => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  for (const name of ['bash', 'dirname', 'mktemp', 'rm', 'cat'])
    symlinkSync(
      execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(),
      join(bin, name),
    );
  program('id', `echo ${root ? 0 : 1000}`);
  for (const name of ['node', 'npm', ...programs])
    if (!without.includes(name)) program(name, 'echo "ran, though it was only to be planned"; exit 1');
  if (docker) program('docker', 'exit 0');
  mkdirSync(join(folder, 'project/.ci'), { recursive: true });
  cpSync(script, join(folder, 'project/.ci/run'));
  if (lab) writeFileSync(join(folder, 'lab.sh'), 'exit 1\n');
  const { status, stdout, stderr } = spawnSync(join(folder, 'project/.ci/run'), ['--plan', ...parts], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: bin, TMPDIR: folder, DOCKER_LAB: join(folder, 'lab.sh'), ...env },
  });
  const steps = [...stdout.matchAll(/^== (.*)$/gm)].map(([, step = '']) =>
    step
      .replace(/ --reporter=.*$/, '')
      .replaceAll(folder, '…')
      .replace(/…\/tmp\.\S+/, '…'),
  );
  return { code: status, steps, said: stdout + stderr };
}

const always = [
  'npm ci --no-fund --no-audit',
  'npm run check',
  'npm run test --',
  'npm run test:gpio --',
  'npm run test:compose --',
  'npm run test:chaos --',
];
const withLab = always.toSpliced(4, 0, 'bash …/lab.sh …');

test.each<[string, Machine]>([
  ['where CI is set', { env: { CI: 'true' } }],
  ['where CI has another value', { env: { CI: '1' } }],
  ['where root runs it without a terminal', { root: true }],
])('%s, nothing is skipped: missing packages are installed, and a Docker engine is set up', (_, machine) => {
  const sudo = machine.root === true ? '' : 'sudo --preserve-env=DEBIAN_FRONTEND ';
  expect(
    planOn({ ...machine, lab: true, docker: true, without: ['mosquitto_sub', 'prometheus', 'promtool'] }),
  ).toMatchObject({
    code: 0,
    steps: [
      `${sudo}apt-get update -qq`,
      `${sudo}apt-get install -y -qq --no-install-recommends mosquitto-clients prometheus`,
      ...withLab,
    ],
  });
  expect(planOn({ ...machine, lab: true }).steps).toEqual(withLab);
});

test('in a CI it uses the given engine, or else one that answers, and fails if there is none', () => {
  const env = { CI: 'true' };
  expect(planOn({ env: { ...env, DOCKER_HOST: 'unix:///given' }, lab: true, docker: true }).steps).toEqual(
    always,
  );
  expect(planOn({ env, docker: true })).toMatchObject({ code: 0, steps: always });
  const without = planOn({ env });
  expect(without.code).toBe(1);
  expect(without.said).toContain('failed: no Docker engine with compose answers');
});

test.each<[string, Machine]>([
  ['somebody', {}],
  ['somebody beside a folder that would bring an engine', { lab: true }],
  ['root who says that it is no CI', { root: true, lab: true, env: { CI: 'false' } }],
])('for %s it installs nothing, names what is missing, and goes on', (_, machine) => {
  const { code, steps, said } = planOn({
    ...machine,
    without: ['mosquitto', 'mosquitto_sub', 'systemd-notify'],
  });
  expect({ code, steps }).toEqual({ code: 0, steps: always });
  expect(said).toContain(
    'sudo apt-get install --no-install-recommends mosquitto mosquitto-clients systemd\n',
  );
  expect(said).toContain('the tests of the containers are skipped');
});

test('with a Docker engine it neither mentions nor sets up another one', () => {
  const { code, steps, said } = planOn({ docker: true, lab: true });
  expect({ code, steps }).toEqual({ code: 0, steps: always });
  expect(said).not.toMatch(/skipped|missing/);
});

test.each<[readonly string[], string, readonly string[]]>([
  [['check', 'test'], 'build-essential openssl', ['npm run check', 'npm run test --']],
  [['gpio'], 'build-essential', ['npm run test:gpio --']],
  [['compose'], 'build-essential mosquitto', ['npm run test:compose --']],
  [['chaos'], 'build-essential mosquitto', ['npm run test:chaos --']],
])('for the parts %j alone it only needs their packages', (parts, packages, wanted) => {
  const without = ['cc', 'openssl', ...(parts.includes('test') ? [] : ['mosquitto'])];
  expect(planOn({ env: { CI: 'true' }, root: true, docker: true, without, parts }).steps).toEqual([
    'apt-get update -qq',
    `apt-get install -y -qq --no-install-recommends ${packages}`,
    'npm ci --no-fund --no-audit',
    ...wanted,
  ]);
});

test('an unknown part is a usage error', () => {
  expect(planOn({ parts: ['tset'] })).toMatchObject({ code: 2, steps: [] });
});

test('without Node.js it prints that and ends', () => {
  expect(planOn({ without: ['npm'] })).toMatchObject({
    code: 2,
    steps: [],
    said: expect.stringContaining('there is no npm here'),
  });
});
