// The place where the commands of one page run: a fresh clone with a home directory, and a separate network and process
// table. So pages that use the same ports can run at the same time. Every command runs on a terminal, as it does for a
// reader.
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { patienceMs } from '../support/patience.ts';
import { until } from '../support/wait.ts';
import { loosely, root, type Block } from './blocks.ts';

/** Root may create namespaces. Other users may if the system lets them have user namespaces. */
const separate = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
const asRoot = process.getuid?.() === 0;
const unshare = asRoot ? separate : ['--user', '--map-root-user', ...separate];
const enter = ['--net', '--pid', '--mount', ...(asRoot ? [] : ['--user', '--preserve-credentials'])];
const network = 'ip link set lo up && echo up && exec sleep infinity';

export const canSeparate: boolean =
  spawnSync('unshare', [...unshare, 'sh', '-c', 'ip link set lo up'], { stdio: 'ignore' }).status === 0;

/** A clone gets its files from git. */
export const isRepository: boolean =
  spawnSync('git', ['rev-parse', '--git-dir'], { cwd: root, stdio: 'ignore' }).status === 0;

export interface Place {
  /**
   * Runs a block as the page says.
   * @throws Error with the output if the result differs from the page
   */
  run(block: Block): Promise<void>;
  /** Kills everything that still runs and removes the clone. */
  clear(): Promise<void>;
}

export interface PlaceOptions {
  /** whether `npm ci` has been run in the clone */
  readonly installed: boolean;
  /**
   * If given, the commands use the network of this machine, with these additional environment variables. They then can
   * reach programs outside.
   */
  readonly outside?: Readonly<Record<string, string>>;
}

export async function createPlace({ installed, outside }: PlaceOptions): Promise<Place> {
  const directory = mkdtempSync(join(tmpdir(), 'release-button-page-'));
  const home = join(directory, 'home');
  const clone = join(home, 'clone');
  const bin = join(directory, 'bin');
  for (const folder of [home, clone, bin]) mkdirSync(folder);
  copyProject(clone);
  if (installed) install(clone);
  writePrograms(bin, clone);
  // Makes curl fail if the answer is an error.
  writeFileSync(join(home, '.curlrc'), 'fail-with-body\n');
  const cwdFile = join(directory, 'cwd');
  writeFileSync(cwdFile, clone);

  /** Building an image takes longer. */
  const longestMs = outside === undefined ? patienceMs : 8 * patienceMs;
  const network = outside === undefined ? await openNetwork() : undefined;
  const env = {
    PATH: [bin, join(home, 'global/bin'), process.env['PATH'] ?? ''].join(':'),
    HOME: home,
    USER: 'root',
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    npm_config_prefix: join(home, 'global'),
    npm_config_update_notifier: 'false',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_progress: 'false',
    ...outside,
  };

  let count = 0;
  const terminals: (Terminal & { readonly at: string })[] = [];
  const open = (at: string, commands: string) => {
    count += 1;
    const file = join(directory, `${count}.sh`);
    writeFileSync(
      file,
      `stty cols 200 -echo\ncd "$(cat ${cwdFile})"\nset -e -o pipefail\ntrap 'pwd > ${cwdFile}' EXIT\n${commands}\n`,
    );
    const terminal = openTerminal(
      [...(network?.enter ?? []), 'script', '-qefc', `exec bash ${file}`, '/dev/null'],
      env,
    );
    terminals.push({ at, ...terminal });
    return terminal;
  };

  const run = async (block: Block): Promise<void> => {
    const parts =
      block.keepsRunning === 'in a terminal for each line' ? block.commands.split('\n') : [block.commands];
    const otherTerminals = [...terminals];
    const alreadyPrinted = otherTerminals.map(({ output }) => output().length);
    const opened = parts.map((commands) => open(block.at, commands));
    const output = () => opened.map((terminal) => terminal.output()).join('\n');
    const waitForOutput = (event: string, isPrinted: () => boolean) =>
      until(`${event} of ${block.at}`, () => {
        if (isPrinted()) return true;
        const endedTerminal = opened.find(({ code }) => code() !== undefined);
        if (endedTerminal !== undefined && block.keepsRunning !== undefined)
          throw new Error(`${block.at} has ended with ${endedTerminal.code()}`);
        return false;
      });
    const shows = block.shows === undefined ? undefined : loosely(block.shows);
    for (const terminal of opened) if (block.types !== undefined) terminal.type(`${block.types}\n\u0004`);
    const { until: ready } = block;
    if (ready !== undefined) await waitForOutput(`"${ready}"`, () => output().includes(ready));
    if (shows !== undefined && (ready !== undefined || block.keepsRunning !== undefined))
      await waitForOutput(`the output ${shows.source}`, () => shows.test(output()));
    if (block.keepsRunning !== undefined) return;
    for (const terminal of opened) {
      if (ready !== undefined) terminal.type('\u0003');
      const code = await until(`the end of ${block.at}`, terminal.code, longestMs);
      if (code !== (block.exit ?? 0))
        throw new Error(`${block.at} ended with ${code} instead of ${block.exit ?? 0}`);
    }
    if (shows !== undefined && !shows.test(output()))
      throw new Error(`${block.at} does not print what the page shows: ${shows.source}`);
    const { afterwards } = block;
    if (afterwards !== undefined)
      await until(`"${afterwards}" in another terminal after ${block.at}`, () =>
        otherTerminals.some(({ output }, index) =>
          output().slice(alreadyPrinted[index]).includes(afterwards),
        ),
      );
  };

  return {
    run: async (block) => {
      try {
        await run(block);
      } catch (error) {
        const printed = terminals.map(({ at, output }) => `--- ${at}\n${output().slice(-4_000)}`).join('\n');
        throw new Error(`${String(error)}\n${printed}`, { cause: error });
      }
    },
    clear: async () => {
      await network?.close();
      for (const terminal of terminals) terminal.close();
      await until('the terminals of the page to end', () =>
        terminals.every(({ code }) => code() !== undefined),
      );
      rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

interface Network {
  /** the command that runs another command in this network */
  readonly enter: readonly string[];
  /** Kills all processes in this network. */
  close(): Promise<void>;
}

async function openNetwork(): Promise<Network> {
  const holder = spawn('unshare', [...unshare, 'sh', '-c', network], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => {
    holder.stdout.once('data', resolve);
  });
  const target = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim();
  return {
    enter: ['nsenter', '--target', target, ...enter],
    close: async () => {
      holder.kill('SIGKILL');
      await until(
        'the processes of the page to end',
        () => holder.exitCode !== null || holder.signalCode !== null,
      );
    },
  };
}

interface Terminal {
  output(): string;
  type(keys: string): void;
  /** the exit code; undefined while the command runs */
  code(): number | undefined;
  /** Sends SIGHUP to the commands that still run. */
  close(): void;
}

function openTerminal(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): Terminal {
  const child: ChildProcess = spawn(program, args, {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 10 * patienceMs,
  });
  let text = '';
  let code: number | undefined;
  const append = (chunk: string) => (text += chunk);
  child.stdout?.setEncoding('utf8').on('data', append);
  child.stderr?.setEncoding('utf8').on('data', append);
  child.stdin?.on('error', () => undefined);
  child.once('close', (exitCode, signal) => (code = exitCode ?? (signal === null ? -1 : 128)));
  return {
    output: () => stripVTControlCharacters(text).replaceAll('\r', ''),
    type: (keys) => void child.stdin?.write(keys),
    code: () => code,
    close: () => void child.kill(),
  };
}

/** Copies the files of this working tree, with their changes, as git would clone them. */
function copyProject(clone: string): void {
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  });
  const archive = execFileSync('tar', ['--null', '--ignore-failed-read', '-T', '-', '-cf', '-'], {
    cwd: root,
    input: files,
    maxBuffer: 1e9,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  execFileSync('tar', ['-xf', '-'], { cwd: clone, input: archive });
}

/**
 * Replaces `npm ci` and the first build, which need a registry and time, with the packages and the build of this
 * checkout.
 */
function install(clone: string): void {
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  execFileSync('cp', ['-a', join(root, 'dist'), clone]);
}

function writePrograms(bin: string, clone: string): void {
  const npm = execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim();
  const programs = {
    // `npm ci` calls `install` above. This network has no registry. test/end-to-end/package.test.ts installs the real
    // package with compiled drivers.
    npm: `case "$1" in
ci) ln -sfn ${root}/node_modules node_modules && exec cp -a ${root}/dist . ;;
install) exec ${npm} "$@" --offline --ignore-scripts ;;
*) exec ${npm} "$@" ;;
esac`,
    sudo: 'exec env "$@"',
    'release-button': `exec node ${clone}/dist/bundle/main.js "$@"`,
  };
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
}
