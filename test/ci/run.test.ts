// What .ci/run would do (`--plan`) in a CI, and on a machine where something is missing. The test sets a PATH of its own.
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
  /** programs that are missing, by their names in `programs` */
  readonly without?: readonly string[];
  readonly docker?: boolean;
  /** whether a folder beside the project has a script that sets up a Docker engine */
  readonly lab?: boolean;
  readonly parts?: readonly string[];
}

/** The standard input of a test is not a terminal. */
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
  ['if CI is set', { env: { CI: 'true' } }],
  ['if CI has another value', { env: { CI: '1' } }],
  ['if root runs it without a terminal', { root: true }],
])('%s, it skips nothing: it installs missing packages and sets up a Docker engine', (_, machine) => {
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

test('in a CI it uses the given engine, or else a running one, and fails if there is none', () => {
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
])('for %s it installs nothing, names what is missing, and continues', (_, machine) => {
  const {
    code,
    steps,
    said: output,
  } = planOn({
    ...machine,
    without: ['mosquitto', 'mosquitto_sub', 'systemd-notify'],
  });
  expect({ code, steps }).toEqual({ code: 0, steps: always });
  expect(output).toContain(
    'sudo apt-get install --no-install-recommends mosquitto mosquitto-clients systemd\n',
  );
  expect(output).toContain('the tests of the containers are skipped');
});

test('with a Docker engine it does not mention or set up another one', () => {
  const { code, steps, said: output } = planOn({ docker: true, lab: true });
  expect({ code, steps }).toEqual({ code: 0, steps: always });
  expect(output).not.toMatch(/skipped|missing/);
});

test.each<[readonly string[], string, readonly string[]]>([
  [['check', 'test'], 'build-essential openssl', ['npm run check', 'npm run test --']],
  [['gpio'], 'build-essential', ['npm run test:gpio --']],
  [['compose'], 'build-essential mosquitto', ['npm run test:compose --']],
  [['chaos'], 'build-essential mosquitto', ['npm run test:chaos --']],
])('for the parts %j alone it needs only their packages', (parts, packages, expected) => {
  const without = ['cc', 'openssl', ...(parts.includes('test') ? [] : ['mosquitto'])];
  expect(planOn({ env: { CI: 'true' }, root: true, docker: true, without, parts }).steps).toEqual([
    'apt-get update -qq',
    `apt-get install -y -qq --no-install-recommends ${packages}`,
    'npm ci --no-fund --no-audit',
    ...expected,
  ]);
});

test('it calls an unknown part a usage error', () => {
  expect(planOn({ parts: ['tset'] })).toMatchObject({ code: 2, steps: [] });
});

test('it says that Node.js is missing, and ends', () => {
  expect(planOn({ without: ['npm'] })).toMatchObject({
    code: 2,
    steps: [],
    said: expect.stringContaining('there is no npm here'),
  });
});
