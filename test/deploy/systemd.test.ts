// Checks the units of deploy/systemd/ with the tools of systemd, and runs the real command as the units do. It uses the
// compiled code (`npm run build`). No systemd runs the units here, because that needs a machine that systemd has booted.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openNotifySocket } from '../service/notify-socket.ts';
import { createWorkplace, type Workplace } from '../support/processes.ts';
import { hasSystemdAnalyze, hasSystemdNotify } from '../support/programs.ts';
import { until } from '../support/wait.ts';
import { folder, readUnits, settingsIn, type Unit } from './units.ts';
import { patienceMs } from '../support/patience.ts';

const units = readUnits();
const guide = readdirSync(folder)
  .filter((name) => name.endsWith('.md'))
  .map((page) => readFileSync(join(folder, page), 'utf8'))
  .join('\n');
const sysusers = ['release-button.sysusers.conf', 'release-button-environments.sysusers.conf'];
const byName = units.map((unit) => [unit.file, unit] as const);

/**
 * The scale ends at 10. These limits are above the actual values, because another version of systemd may score a little
 * differently.
 */
const exposures: Readonly<Record<string, number>> = {
  'release-button-broker.service': 1.5,
  'release-button-agent.service': 2,
  'release-button-worker.service': 1.5,
  'release-button-worker@staging.service': 1.5,
  'release-button-home-assistant.service': 1.5,
};

let workplace: Workplace;
beforeEach(() => {
  workplace = createWorkplace();
});
afterEach(() => workplace.clear());

function run(
  program: string,
  args: readonly string[],
): { readonly code: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: patienceMs });
  return { code: status, output: `${stdout}${stderr}` };
}

/** The file system of a machine with the units and the files that they refer to, but without release-button. */
function root(): string {
  const path = join(workplace.directory, 'root');
  const system = join(path, 'etc/systemd/system');
  mkdirSync(system, { recursive: true });
  for (const { template, path: from } of units) copyFileSync(from, join(system, template));
  for (const target of ['sysinit', 'basic', 'shutdown', 'network', 'network-online', 'multi-user'])
    writeFileSync(join(system, `${target}.target`), '[Unit]\nDescription=as on every machine\n');
  return path;
}

/**
 * Writes the configuration of an installation whose broker and Argo CD do not exist.
 * @returns its path
 */
function configuration(): string {
  const path = join(workplace.directory, 'release-button.yaml');
  writeFileSync(
    path,
    'mqtt: {url: mqtt://127.0.0.1:1}\nagent: {driver: simulated}\nargocd: {server: http://127.0.0.1:1}\n' +
      'worker:\n  buttons:\n    - select: {all: true}\n',
  );
  return path;
}

/** The environment that a unit sets, with its specifiers (systemd.unit(5)) and the files of its credentials. */
function environmentOf(settings: Pick<Unit, 'valuesOf'>): Readonly<Record<string, string>> {
  const credentials = join(workplace.directory, 'credentials');
  mkdirSync(credentials, { recursive: true });
  for (const credential of settings.valuesOf('LoadCredential'))
    writeFileSync(join(credentials, credential.split(':')[0] ?? ''), 'a-secret\n');
  return Object.fromEntries(
    settings.valuesOf('Environment').map((line) => {
      const [, name = '', value = ''] = /^([A-Z_]+)=(\S*)$/.exec(line) ?? [];
      return [name, value.replaceAll('%d', credentials).replaceAll('%S', workplace.directory)];
    }),
  );
}

/** The arguments of `ExecStart=release-button …`, with the configuration of this machine. */
function argumentsOf(unit: Unit, key: string, config: string): readonly string[] {
  const [line = ''] = unit.valuesOf(key);
  const [program, ...args] = line.replace(/^-/, '').split(' ');
  const configFile = `/etc/release-button/${unit.instance || 'release-button'}.yaml`;
  expect(program).toBe('release-button');
  expect(args).toContain(configFile);
  return args.map((argument) => (argument === configFile ? config : argument));
}

describe.skipIf(!hasSystemdAnalyze)(
  `systemd-analyze${hasSystemdAnalyze ? '' : ' (skipped: systemd-analyze is not installed)'}`,
  () => {
    const verify = (path: string) =>
      run('systemd-analyze', ['verify', `--root=${path}`, ...units.map(({ file }) => file)]);
    const install = (path: string, program: string) => {
      mkdirSync(join(path, program, '..'), { recursive: true });
      writeFileSync(join(path, program), '#!/bin/sh\n');
      chmodSync(join(path, program), 0o755);
    };

    test.each(['usr/local/bin/release-button', 'usr/bin/release-button'])(
      'finds no fault in the units if the command is at /%s',
      (program) => {
        const path = root();
        install(path, program);
        // The output must be empty too: systemd ignores an unknown key with a warning.
        expect(verify(path)).toEqual({ code: 0, output: '' });
      },
    );

    test('reports only the missing command if it is not installed', () => {
      expect(verify(root()).output.trim().split('\n').sort()).toEqual(
        units.map(
          ({ file }) => `${file}: Command release-button is not executable: No such file or directory`,
        ),
      );
    });

    test.each(byName)('scores the exposure of %s no higher than it must be', (file, { path }) => {
      // In tenths.
      const threshold = `--threshold=${(exposures[file] ?? 0) * 10}`;
      const { code, output } = run('systemd-analyze', [
        'security',
        '--offline=true',
        '--no-pager',
        threshold,
        path,
      ]);
      expect({ code, output }).toEqual({
        code: 0,
        output: expect.stringContaining('Overall exposure level'),
      });
    });

    test('and systemd-sysusers makes every user and group that the units name', () => {
      const path = root();
      mkdirSync(join(path, 'etc/sysusers.d'));
      for (const name of sysusers) copyFileSync(join(folder, name), join(path, 'etc/sysusers.d', name));
      expect(run('systemd-sysusers', [`--root=${path}`]).code).toBe(0);
      const users = readFileSync(join(path, 'etc/passwd'), 'utf8');
      const groups = readFileSync(join(path, 'etc/group'), 'utf8');
      for (const unit of units) {
        for (const user of unit.valuesOf('User')) expect(users).toMatch(new RegExp(`^${user}:`, 'm'));
        for (const group of unit.valuesOf('SupplementaryGroups'))
          expect(groups).toMatch(new RegExp(`^${group}:`, 'm'));
      }
      expect(new Set(units.flatMap((unit) => unit.valuesOf('User'))).size).toBe(units.length);
    });
  },
);

test('the units set nothing that JavaScript, systemd-notify, the clock or the pins cannot live with', () => {
  for (const unit of units) {
    expect(unit.valuesOf('MemoryDenyWriteExecute')).toEqual([]);
    expect(unit.valuesOf('DynamicUser')).toEqual([]);
    expect(unit.valuesOf('Type')).toEqual(['notify']);
    expect(unit.valuesOf('NotifyAccess')).toEqual(['all']);
    expect(unit.valuesOf('RestrictAddressFamilies').join(' ').split(' ')).toContain('AF_UNIX');
  }
  const agent = units.find(({ file }) => file === 'release-button-agent.service');
  for (const key of ['PrivateDevices', 'PrivateUsers', 'ProcSubset'])
    expect(agent?.valuesOf(key)).toEqual([]);
  expect(agent?.valuesOf('DeviceAllow')).toEqual(['/dev/gpiomem rw', 'char-gpiochip rw']);
});

test('the agent has priority on a busy machine, and no other service has', () => {
  for (const unit of units) {
    const first = unit.file === 'release-button-agent.service';
    // Nice counts on a kernel without the CPU controller. CPUWeight counts among services.
    expect(unit.valuesOf('Nice')).toEqual(first ? ['-10'] : []);
    expect(unit.valuesOf('CPUWeight')).toEqual(first ? ['1000'] : []);
  }
});

describe.skipIf(!hasSystemdNotify)(
  `what the units run${hasSystemdNotify ? '' : ' (skipped: systemd-notify or python3 is not installed)'}`,
  () => {
    test.each(byName)('%s becomes ready, reports that it stops, and ends with 0', async (_, unit) => {
      const systemd = await openNotifySocket(workplace);
      const config = configuration();
      const running = workplace.start(argumentsOf(unit, 'ExecStart', config), {
        ...environmentOf(unit),
        NOTIFY_SOCKET: systemd.path,
      });
      await until(`READY=1; it said ${running.output()}`, () => systemd.messages()[0]?.[0] === 'READY=1');
      running.signal('SIGTERM');
      expect(await running.exited).toEqual({ code: 0, signal: null });
      await until('STOPPING=1', () => systemd.messages().at(-1)?.[0] === 'STOPPING=1');
    });
  },
);

test('LEDs that the agent leaves on are switched off by a command that needs only the configuration file', async () => {
  const config = configuration();
  for (const unit of units.filter(({ file }) => file.includes('agent'))) {
    const after = workplace.start(argumentsOf(unit, 'ExecStopPost', config));
    expect(await after.exited).toEqual({ code: 0, signal: null });
    expect(after.output()).toContain('LED main: off');
  }
});

test('the worker of an environment runs as the single worker does, with a file, a token, a user and a journal of its own', () => {
  const linesOf = (name: string) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .filter((line) => !line.startsWith('#'));
  const asOneOfSeveral = linesOf('release-button-worker.service').map((line) =>
    line
      .replace(/^Description=.*/, '$& %i')
      .replace('/release-button.yaml', '/%i.yaml')
      .replace(/^User=release-button-worker$/, 'User=release-button-%i')
      .replace(/^StateDirectory=.*/, '$&-%i')
      .replace(/^Environment=RELEASE_BUTTON_WORKER_STATE_DIR=.*/, '$&-%i')
      .replace('release-button/argocd-token', 'release-button/%i-token'),
  );
  expect(linesOf('release-button-worker@.service')).toEqual(asOneOfSeveral);
});

describe('the environment variables', () => {
  const configOutput = async (name: string, config: string, env: Readonly<Record<string, string>>) => {
    const running = workplace.start(['config', name, '--config', config], env);
    const { code } = await running.exited;
    expect({ code, output: running.output() }).toEqual({ code: 0, output: running.output() });
    return running.output();
  };

  test.each(byName)('of %s are all known settings, and are in force', async (_, unit) => {
    const config = configuration();
    const [name = ''] = argumentsOf(unit, 'ExecStart', config);
    const env = environmentOf(unit);
    const output = await configOutput(name, config, env);
    // Node.js reads this variable, and would refuse to start with an unknown option.
    const { NODE_OPTIONS: _nodes, ...ownVariables } = env;
    for (const name of Object.keys(ownVariables)) expect(output).toMatch(new RegExp(`# .*${name}\\b`));
    expect(output).not.toContain('a-secret');
  });

  test('of the drop-ins in the pages are known settings, and so is their configuration', async () => {
    const blocks = [...guide.matchAll(/^(?:sudo tee|\s+sudo tee) .*<<'END'\n([\s\S]*?)^END$/gm)].map(
      ([, text = '']) => text,
    );
    const dropIns = blocks.filter((text) => text.startsWith('[Service]'));
    expect(blocks.length).toBeGreaterThan(dropIns.length);
    const settings = settingsIn(dropIns.join('\n'));
    const env = environmentOf({
      valuesOf: (key) => settings.flatMap(([name, value]) => (name === key ? [value] : [])),
    });
    expect(Object.keys(env)).toEqual(['RELEASE_BUTTON_MQTT_PASSWORD_FILE']);
    const configurations = [
      ...blocks.filter((text) => !text.startsWith('[Service]')),
      ...[...guide.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text),
    ];
    expect(configurations).toHaveLength(5);
    for (const text of configurations) {
      const config = join(workplace.directory, 'shown.yaml');
      writeFileSync(config, text);
      if (text.includes('worker:')) await configOutput('release-worker', config, { ARGOCD_AUTH_TOKEN: 'x' });
      else if (text.includes('mqtt:'))
        expect(await configOutput('gpio-agent', config, env)).toMatch(
          /mqtt\.password +\*+ +#.* RELEASE_BUTTON_MQTT_PASSWORD_FILE/,
        );
      else await configOutput('broker', config, {});
    }
  });

  test('the pages name every unit and every file for systemd-sysusers', () => {
    for (const { template } of units) expect(guide).toContain(template);
    for (const name of sysusers) expect(guide).toContain(`$units/${name}`);
  });
});
