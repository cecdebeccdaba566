// Real processes: the command itself, and mosquitto's clients.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './wait.ts';
import { patienceMs } from './patience.ts';

export const command = join(import.meta.dirname, '../../dist/bundle/main.js');
/** The Argo CD of the tests, as a separate process. */
export const argocdProcess = join(import.meta.dirname, '../../dist/test/argocd/main.js');

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Running {
  readonly pid: number;
  /** its whole output, of both streams */
  output(): string;
  /** its JSON log lines so far, parsed */
  logs(): readonly Readonly<Record<string, unknown>>[];
  /**
   * Waits until the log says that it listens.
   * @returns the URL
   */
  untilListening(matches: (line: Readonly<Record<string, unknown>>) => boolean): Promise<string>;
  untilOutput(text: string | RegExp): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  readonly exited: Promise<Exit>;
}

export interface Workplace {
  readonly directory: string;
  /** Starts `release-button …` in the directory. */
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Running;
  /** Starts the tests' own Argo CD (test/argocd), with its controls. */
  startArgoCd(options?: { readonly port?: number; readonly version?: string }): Running;
  /** Starts another program. */
  spawn(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Running;
  /** Kills what still runs and removes the directory. */
  clear(): Promise<void>;
}

export function createWorkplace(): Workplace {
  const directory = mkdtempSync(join(tmpdir(), 'release-button-test-'));
  const running: { child: ChildProcess; exited: Promise<Exit> }[] = [];

  const run = (program: string, args: readonly string[], env: Readonly<Record<string, string>>): Running => {
    const child = spawn(program, args, {
      cwd: directory,
      env: { PATH: process.env['PATH'] ?? '', HOME: directory, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const exited = new Promise<Exit>((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
    running.push({ child, exited });
    const logs = () =>
      text
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}'))
        .map(parseLine);
    return {
      pid: child.pid ?? 0,
      output: () => text,
      logs,
      untilListening: async (matches) => {
        const line = await until(`a listener of ${args.join(' ')}; it said: ${text.slice(-2_000)}`, () =>
          logs().find((line) => line['msg'] === 'listening' && matches(line)),
        );
        return String(line['url']);
      },
      untilOutput: async (pattern) => {
        await until(`${String(pattern)} in the output of ${args.join(' ')}`, () =>
          typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text),
        ).catch((error: unknown) => {
          throw new Error(`${String(error)}; it said: ${text.slice(-4_000)}`);
        });
      },
      signal: (signal) => void child.kill(signal),
      exited,
    };
  };

  return {
    directory,
    start: (args, env = {}) =>
      run(process.execPath, [command, ...args], {
        RELEASE_BUTTON_BROKER_PORT: '0',
        RELEASE_BUTTON_HEALTH_PORT: '0',
        RELEASE_BUTTON_SIMULATOR_PORT: '0',
        RELEASE_BUTTON_SIMULATOR_DRIFT_EVERY_MS: '0',
        ...env,
      }),
    startArgoCd: (options = {}) => run(process.execPath, [argocdProcess, JSON.stringify(options)], {}),
    spawn: (program, args, env = {}) => run(program, args, env),
    clear: async () => {
      for (const { child } of running) if (child.exitCode === null) child.kill('SIGKILL');
      await Promise.all(running.map(({ exited }) => exited));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function parseLine(line: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null ? Object.fromEntries(Object.entries(parsed)) : {};
  } catch {
    return {};
  }
}

export interface Message {
  readonly topic: string;
  readonly payload: string;
  readonly retained: boolean;
}

export interface Subscriber {
  /** every message that has arrived, in order */
  messages(): readonly Message[];
  messagesOn(topic: string): readonly Message[];
  /** the newest message of a topic, parsed; undefined if it is empty or there is none */
  latest(topic: string): Readonly<Record<string, unknown>> | undefined;
}

/**
 * Starts a real mosquitto_sub on all topics of our prefix. To know that it has subscribed, wait for its first message; a
 * retained message will do.
 */
/** @param otherFilters filters besides our prefix */
export function subscribe(
  workplace: Workplace,
  brokerUrl: string,
  otherFilters: readonly string[] = [],
): Subscriber {
  const { hostname, port } = new URL(brokerUrl);
  const sub = workplace.spawn('mosquitto_sub', [
    '-V',
    '5',
    '-h',
    hostname,
    '-p',
    port,
    '-q',
    '1',
    '-t',
    'release-button/#',
    ...otherFilters.flatMap((filter) => ['-t', filter]),
    '-F',
    '%r %t %p',
  ]);
  const messages = () =>
    sub
      .output()
      .split('\n')
      .flatMap((line) => {
        const match = /^([01]) (\S+) (.*)$/.exec(line);
        return match === null
          ? []
          : [{ retained: match[1] === '1', topic: match[2] ?? '', payload: match[3] ?? '' }];
      });
  const messagesOn = (topic: string) => messages().filter((message) => message.topic === topic);
  return {
    messages,
    messagesOn,
    latest: (topic) => {
      const payload = messagesOn(topic).at(-1)?.payload;
      return payload === undefined || payload === '' ? undefined : parseLine(payload);
    },
  };
}

/** Runs the real mosquitto_pub to its end. */
export function publish(brokerUrl: string, args: readonly string[]): void {
  const { hostname, port } = new URL(brokerUrl);
  const result = spawnSync('mosquitto_pub', ['-h', hostname, '-p', port, ...args], {
    encoding: 'utf8',
    timeout: patienceMs,
  });
  if (result.status !== 0) throw new Error(`mosquitto_pub ${args.join(' ')} failed: ${result.stderr}`);
}

/** With QoS 1. */
export function publishJson(brokerUrl: string, topic: string, payload: object): void {
  publish(brokerUrl, ['-q', '1', '-t', topic, '-m', JSON.stringify(payload)]);
}

/** Removes what is retained there, with the command that `doctor` and the pages name. */
export function clearRetained(brokerUrl: string, filter: string): void {
  const { hostname, port } = new URL(brokerUrl);
  const options = ['--retained-only', '--remove-retained', '-W', '2'];
  spawnSync('mosquitto_sub', ['-h', hostname, '-p', port, ...options, '-t', filter], { timeout: patienceMs });
}
