// Checks the units of deploy/systemd/ with systemd's own tools, and runs the real command as they do. It uses the compiled
// code (`npm run build`). No real systemd runs the units here: that needs a machine that systemd has booted.
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

/** Above the actual value, so that another version of systemd may score a little differently. The scale ends at 10. */
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

/** A machine's file system with the units and the files they refer to, but without release-button. */
function root(): string {
  const path = join(workplace.directory, 'root');
  const system = join(path, 'etc/systemd/system');
  mkdirSync(system, { recursive: true });
  for (const { template, path: from } of units) copyFileSync(from, join(system, template));
  for (const target of ['sysinit', 'basic', 'shutdown', 'network', 'network-online', 'multi-user'])
    writeFileSync(join(system, `${target}.target`), '[Unit]\nDescription=as on every machine\n');
  return path;
}

/** The configuration of an installation whose broker and Argo CD do not exist. @returns its path */
function configuration(): string {
  const path = join(workplace.directory, 'release-button.yaml');
  writeFileSync(
    path,
    'mqtt: {url: mqtt://127.0.0.1:1}\nagent: {driver: simulated}\nargocd: {server: http://127.0.0.1:1}\n' +
      'worker:\n  buttons:\n    - select: {all: true}\n',
  );
  return path;
}

/** The environment that a unit sets, with its specifiers (systemd.unit(5)) and its credentials in files. */
function environmentOf(settings: { all(key: string): readonly string[] }): Readonly<Record<string, string>> {
  const credentials = join(workplace.directory, 'credentials');
  mkdirSync(credentials, { recursive: true });
  for (const credential of settings.all('LoadCredential'))
    writeFileSync(join(credentials, credential.split(':')[0] ?? ''), 'a-secret\n');
  return Object.fromEntries(
    settings.all('Environment').map((line) => {
      const [, name = '', value = ''] = /^([A-Z_]+)=(\S*)$/.exec(line) ?? [];
      return [name, value.replaceAll('%d', credentials).replaceAll('%S', workplace.directory)];
    }),
  );
}

/** The arguments of `ExecStart=release-button …`, with this machine's configuration. */
function argumentsOf(unit: Unit, key: string, config: string): readonly string[] {
  const [line = ''] = unit.all(key);
  const [program, ...args] = line.replace(/^-/, '').split(' ');
  const configFile = `/etc/release-button/${unit.instance || 'release-button'}.yaml`;
  expect(program).toBe('release-button');
  expect(args).toContain(configFile);
  return args.map((argument) => (argument === configFile ? config : argument));
}

describe.skipIf(!hasSystemdAnalyze)(
  `by systemd-analyze${hasSystemdAnalyze ? '' : ' (skipped: systemd-analyze is not installed)'}`,
  () => {
    const verify = (path: string) =>
      run('systemd-analyze', ['verify', `--root=${path}`, ...units.map(({ file }) => file)]);
    const install = (path: string, program: string) => {
      mkdirSync(join(path, program, '..'), { recursive: true });
      writeFileSync(join(path, program), '#!/bin/sh\n');
      chmodSync(join(path, program), 0o755);
    };

    test.each(['usr/local/bin/release-button', 'usr/bin/release-button'])(
      'there is nothing to say of the units where the command is at /%s',
      (program) => {
        const path = root();
        install(path, program);
        // Not only the exit code: systemd ignores what it does not know, with a warning.
        expect(verify(path)).toEqual({ code: 0, output: '' });
      },
    );

    test('without the command, that it is missing is all that there is to say', () => {
      expect(verify(root()).output.trim().split('\n').sort()).toEqual(
        units.map(
          ({ file }) => `${file}: Command release-button is not executable: No such file or directory`,
        ),
      );
    });

    test.each(byName)('%s is exposed no more than it has to be', (file, { path }) => {
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

    test('systemd-sysusers makes every user and group that the units name', () => {
      const path = root();
      mkdirSync(join(path, 'etc/sysusers.d'));
      for (const name of sysusers) copyFileSync(join(folder, name), join(path, 'etc/sysusers.d', name));
      expect(run('systemd-sysusers', [`--root=${path}`]).code).toBe(0);
      const users = readFileSync(join(path, 'etc/passwd'), 'utf8');
      const groups = readFileSync(join(path, 'etc/group'), 'utf8');
      for (const unit of units) {
        for (const user of unit.all('User')) expect(users).toMatch(new RegExp(`^${user}:`, 'm'));
        for (const group of unit.all('SupplementaryGroups'))
          expect(groups).toMatch(new RegExp(`^${group}:`, 'm'));
      }
      expect(new Set(units.flatMap((unit) => unit.all('User'))).size).toBe(units.length);
    });
  },
);

test('nothing is set that JavaScript, the word to systemd, the clock or the pins cannot live with', () => {
  for (const unit of units) {
    expect(unit.all('MemoryDenyWriteExecute')).toEqual([]);
    expect(unit.all('DynamicUser')).toEqual([]);
    expect(unit.all('Type')).toEqual(['notify']);
    expect(unit.all('NotifyAccess')).toEqual(['all']);
    expect(unit.all('RestrictAddressFamilies').join(' ').split(' ')).toContain('AF_UNIX');
  }
  const agent = units.find(({ file }) => file === 'release-button-agent.service');
  for (const key of ['PrivateDevices', 'PrivateUsers', 'ProcSubset']) expect(agent?.all(key)).toEqual([]);
  expect(agent?.all('DeviceAllow')).toEqual(['/dev/gpiomem rw', 'char-gpiochip rw']);
});

test('the agent goes before everything else on a busy machine, and no other service does', () => {
  for (const unit of units) {
    const first = unit.file === 'release-button-agent.service';
    // Nice counts on a kernel without the CPU controller, the weight among services.
    expect(unit.all('Nice')).toEqual(first ? ['-10'] : []);
    expect(unit.all('CPUWeight')).toEqual(first ? ['1000'] : []);
  }
});

describe.skipIf(!hasSystemdNotify)(
  `what the units run${hasSystemdNotify ? '' : ' (skipped: systemd-notify or python3 is not installed)'}`,
  () => {
    test.each(byName)('%s becomes ready, says that it stops, and ends with 0', async (_, unit) => {
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

test('what the agent leaves behind is switched off by a command that needs nothing but the file', async () => {
  const config = configuration();
  for (const unit of units.filter(({ file }) => file.includes('agent'))) {
    const after = workplace.start(argumentsOf(unit, 'ExecStopPost', config));
    expect(await after.exited).toEqual({ code: 0, signal: null });
    expect(after.output()).toContain('LED main: off');
  }
});

test('a worker of an environment is run as the worker is, with a file, a token, a user and a journal of its own', () => {
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

describe('variables', () => {
  const shown = async (name: string, config: string, env: Readonly<Record<string, string>>) => {
    const running = workplace.start(['config', name, '--config', config], env);
    const { code } = await running.exited;
    expect({ code, output: running.output() }).toEqual({ code: 0, output: running.output() });
    return running.output();
  };

  test.each(byName)('of %s are all understood, and in force', async (_, unit) => {
    const config = configuration();
    const [name = ''] = argumentsOf(unit, 'ExecStart', config);
    const env = environmentOf(unit);
    const output = await shown(name, config, env);
    // Node.js reads this variable, and refuses to start with an unknown option.
    const { NODE_OPTIONS: _nodes, ...ours } = env;
    for (const name of Object.keys(ours)) expect(output).toMatch(new RegExp(`# .*${name}\\b`));
    expect(output).not.toContain('a-secret');
  });

  test('of the drop-ins in the pages, and their configuration, are understood', async () => {
    const blocks = [...guide.matchAll(/^(?:sudo tee|\s+sudo tee) .*<<'END'\n([\s\S]*?)^END$/gm)].map(
      ([, text = '']) => text,
    );
    const dropIns = blocks.filter((text) => text.startsWith('[Service]'));
    expect(blocks.length).toBeGreaterThan(dropIns.length);
    const settings = settingsIn(dropIns.join('\n'));
    const env = environmentOf({
      all: (key) => settings.flatMap(([name, value]) => (name === key ? [value] : [])),
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
      if (text.includes('worker:')) await shown('release-worker', config, { ARGOCD_AUTH_TOKEN: 'x' });
      else if (text.includes('mqtt:'))
        expect(await shown('gpio-agent', config, env)).toMatch(
          /mqtt\.password +\*+ +#.* RELEASE_BUTTON_MQTT_PASSWORD_FILE/,
        );
      else await shown('broker', config, {});
    }
  });

  test('the pages name every unit and every file for systemd-sysusers', () => {
    for (const { template } of units) expect(guide).toContain(template);
    for (const name of sysusers) expect(guide).toContain(`$units/${name}`);
  });
});
