// The installation that the test breaks. It consists of separate processes on fixed ports: a broker, an agent with two
// buttons and lights, and for each button a worker and a simulated Argo CD. A second agent and a second worker under
// another prefix are the witnesses: the test does not touch them, and they see every death of broker and Argo CD.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/ports.ts';
import { argocdProcess, command } from '../support/processes.ts';
import { until } from '../support/wait.ts';
import { startChild, type Child, type ChildOptions, type Line } from './child.ts';
import { listen, type MessageLog } from './message-log.ts';
import { createRelay, type Relay } from './relay.ts';
import { environmentOf, environments, kindOf, type Environment, type PartName } from './schedule.ts';
import { createWorld, type World } from './world.ts';

export const main = 'release-button';
export const witness = 'witness';

/**
 * The settings of all processes. The keep-alive, and how long an answer of Argo CD counts, are the defaults, because the
 * test is about them.
 * - The wait before a reconnect never exceeds 2 s. Otherwise the wait would grow when the broker dies repeatedly.
 * - A release ends soon, so that one that is refused, cut or frozen does not take minutes.
 */
const settings = {
  RELEASE_BUTTON_MQTT_RECONNECT_MAX_MS: '2000',
  RELEASE_BUTTON_WORKER_RELEASE_APP_TIMEOUT_MS: '20000',
  RELEASE_BUTTON_WORKER_RELEASE_REFRESH_TIMEOUT_MS: '3000',
  RELEASE_BUTTON_ARGOCD_REQUEST_TIMEOUT_MS: '3000',
  RELEASE_BUTTON_AGENT_DRIVER: 'simulated',
  RELEASE_BUTTON_LOG_FORMAT: 'json',
  RELEASE_BUTTON_HEALTH_PORT: '0',
  ARGOCD_AUTH_TOKEN: 'simulated',
};
export const refreshTimeoutMs = Number(settings.RELEASE_BUTTON_WORKER_RELEASE_REFRESH_TIMEOUT_MS);

const buttonsOf = (id: string) => JSON.stringify([{ id, select: { all: true }, coolDownMs: 0 }]);

/** The folder in which the worker of an environment keeps its state, below the folder of the run. */
export function stateFolderOf(environment: Environment): string {
  return `state-${environment}`;
}

/** The Argo CD of an environment. */
interface ArgoCd {
  readonly relay: Relay;
  readonly world: World;
  readonly simulatorPort: number;
}

export interface Light {
  readonly at: number;
  readonly pattern: string;
  /** a signal, or another state that the light shows, such as `offline` */
  readonly shows: string;
}

export interface Installation {
  readonly folder: string;
  readonly brokerPort: number;
  readonly messageLog: MessageLog;
  readonly argocd: Readonly<Record<Environment, ArgoCd>>;
  /** what the lights of the simulated pins show, by the agent's own log */
  readonly light: (environment: Environment) => Light | undefined;
  /** is called for every log line of a part, of all its processes */
  readonly onLog: (listener: (part: string, line: Line) => void) => void;
  /** every process that was ever started */
  readonly children: readonly Child[];
  readonly witnesses: { readonly agent: Child; readonly worker: Child };
  readonly current: (part: PartName) => Child;
  kill(part: PartName): Promise<void>;
  /**
   * Sends SIGSTOP.
   * @returns the function that sends SIGCONT
   */
  stop(part: PartName): () => void;
  /** Starts a killed part again. Resolves when it is up. */
  restart(part: PartName): Promise<void>;
  /** Presses a button of the agent. */
  pressButton(environment: Environment): void;
  /** The processes that have ended although nobody killed them. */
  endedByThemselves(): readonly string[];
  /** Ends all processes in order, by SIGTERM. */
  end(): Promise<readonly Ended[]>;
  clear(): Promise<void>;
}

export interface Ended {
  readonly name: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly ms: number;
}

export async function startInstallation(): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), 'release-button-chaos-'));
  const brokerPort = await freePort();
  const argocd = { main: await createArgoCd(), staging: await createArgoCd() };
  const children: Child[] = [];
  const lights = new Map<Environment, Light>();
  const listeners: ((part: string, line: Line) => void)[] = [];
  const running = new Map<PartName, Child>();
  const killed = new Set<Child>();

  const start = (
    name: string,
    options: Pick<ChildOptions, 'program' | 'args'> & { env: ChildOptions['env'] },
  ) => {
    const child = startChild({
      name,
      cwd: folder,
      ...options,
      env: {
        ...settings,
        RELEASE_BUTTON_MQTT_URL: `mqtt://127.0.0.1:${brokerPort}`,
        ...options.env,
      },
      onLine: (line) => {
        const light = name === 'agent' ? lightOf(line) : undefined;
        if (light !== undefined) lights.set(light.environment, light);
        for (const listener of listeners) listener(name, line);
      },
    });
    children.push(child);
    return child;
  };
  const startCommand = (
    name: string,
    words: readonly string[],
    env: ChildOptions['env'],
    flags: readonly string[] = [],
  ) => start(name, { program: process.execPath, args: [...flags, command, ...words], env });

  /**
   * The agent runs in a terminal, because the keys of the terminal are the simulated buttons. `script` (bsdutils) makes
   * the terminal.
   */
  const agent = () =>
    start('agent', {
      program: 'script',
      args: ['-qefc', `echo "pid $$"; exec ${process.execPath} ${command} gpio-agent`, '/dev/null'],
      env: {
        SHELL: '/bin/sh',
        RELEASE_BUTTON_AGENT_BUTTONS: JSON.stringify(environments.map((id, at) => ({ id, line: 17 + at }))),
        RELEASE_BUTTON_AGENT_LEDS: JSON.stringify(
          environments.map((id, at) => ({ id, line: 22 + at, follows: id })),
        ),
      },
    });
  const worker = (id: Environment) => () =>
    startCommand(`worker ${id}`, ['release-worker'], {
      RELEASE_BUTTON_WORKER_ID: id,
      RELEASE_BUTTON_WORKER_STATE_DIR: `./${stateFolderOf(id)}`,
      RELEASE_BUTTON_WORKER_BUTTONS: buttonsOf(id),
      ARGOCD_SERVER: argocd[id].relay.url,
    });
  const simulator = (id: Environment) => () =>
    start(`simulator ${id}`, {
      program: process.execPath,
      args: [argocdProcess, JSON.stringify({ port: argocd[id].simulatorPort })],
      env: {},
    });
  const starters: Readonly<Record<PartName, () => Child>> = {
    broker: () => startCommand('broker', ['broker'], { RELEASE_BUTTON_BROKER_PORT: String(brokerPort) }),
    agent,
    'worker main': worker('main'),
    'worker staging': worker('staging'),
    'simulator main': simulator('main'),
    'simulator staging': simulator('staging'),
  };
  const current = (part: PartName) => {
    const child = running.get(part);
    if (child === undefined) throw new Error(`the ${part} has not been started`);
    return child;
  };
  const begin = async (part: PartName) => {
    const child = starters[part]();
    running.set(part, child);
    await until(`the ${part} to be up; it said ${child.lines.map(({ text }) => text).join('\n')}`, () =>
      child.lines.some((line) => isUp(part, line)),
    );
    const environment = environmentOf(part);
    if (kindOf(part) !== 'simulator' || environment === undefined) return;
    // No worker may connect to the new simulator before its world is restored.
    await argocd[environment].world.reset();
    await argocd[environment].relay.up();
  };
  const pidOf = (child: Child) =>
    child.lines.map(({ text }) => /^pid (\d+)$/.exec(text)?.[1]).find((pid) => pid !== undefined);
  const signal = (part: PartName, name: NodeJS.Signals) => {
    const child = current(part);
    if (part !== 'agent') return child.signal(name);
    process.kill(Number(pidOf(child)), name);
    // `script` pauses together with its child, so it must continue with it.
    if (name === 'SIGCONT') child.signal(name);
  };
  const terminate = (child: Child) => {
    if (child === running.get('agent')) signal('agent', 'SIGTERM');
    else child.signal('SIGTERM');
  };

  await begin('broker');
  const messageLog = listen({
    brokerPort,
    cwd: folder,
    events: environments.map((id) => `${main}/button/${id}/result`),
  });
  await begin('simulator main');
  await begin('simulator staging');
  const witnessEnv = {
    RELEASE_BUTTON_MQTT_TOPIC_PREFIX: witness,
    RELEASE_BUTTON_WORKER_STATE_DIR: './witness',
    RELEASE_BUTTON_WORKER_BUTTONS: buttonsOf('main'),
    ARGOCD_SERVER: argocd.main.relay.url,
  };
  const collecting = ['--expose-gc', '--import', join(import.meta.dirname, 'collect.mjs')];
  const witnesses = {
    agent: startCommand('witness-agent', ['gpio-agent'], witnessEnv, collecting),
    worker: startCommand('witness-worker', ['release-worker'], witnessEnv, collecting),
  };
  await begin('worker main');
  await begin('worker staging');
  await begin('agent');

  return {
    folder,
    brokerPort,
    messageLog,
    argocd,
    light: (environment) => lights.get(environment),
    onLog: (listener) => void listeners.push(listener),
    children,
    witnesses,
    current,
    kill: async (part) => {
      killed.add(current(part));
      signal(part, 'SIGKILL');
      const environment = environmentOf(part);
      if (kindOf(part) === 'simulator' && environment !== undefined) await argocd[environment].relay.down();
      await current(part).exited;
      // The last lights of the dead process must not count as lights of the next one.
      if (part === 'agent') lights.clear();
      if (part === 'broker') messageLog.forget();
    },
    stop: (part) => {
      signal(part, 'SIGSTOP');
      return () => signal(part, 'SIGCONT');
    },
    restart: begin,
    endedByThemselves: () =>
      [...children, messageLog.child]
        .filter((child) => !child.running && !killed.has(child))
        .map(({ name, lines }) => `${name}: ${lines.at(-1)?.text ?? 'without a word'}`),
    end: async () => {
      const endedProcesses: Ended[] = [];
      // The clients of the broker end before the broker, as they do with `start`.
      const workers = [current('worker main'), current('worker staging')];
      const simulators = [current('simulator main'), current('simulator staging')];
      const order = [current('agent'), ...workers, witnesses.agent, witnesses.worker, ...simulators];
      for (const child of [...order, current('broker')]) {
        const startedAt = performance.now();
        terminate(child);
        const { code, signal: by } = await child.exited;
        endedProcesses.push({ name: child.name, code, signal: by, ms: performance.now() - startedAt });
      }
      return endedProcesses;
    },
    pressButton: (environment) => current('agent').write(String(environments.indexOf(environment) + 1)),
    clear: async () => {
      for (const child of [...children, messageLog.child]) {
        if (!child.running) continue;
        const pid = pidOf(child);
        if (pid !== undefined) killQuietly(Number(pid));
        child.signal('SIGKILL');
        await child.exited;
      }
      for (const { relay } of Object.values(argocd)) await relay.down();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function createArgoCd(): Promise<ArgoCd> {
  const [port, simulatorPort] = [await freePort(), await freePort()];
  return { relay: createRelay({ port, simulatorPort }), world: createWorld(simulatorPort), simulatorPort };
}

/** Reads a line such as `LED main: double-blink (offline)`. */
function lightOf({ at, log }: Line): (Light & { readonly environment: Environment }) | undefined {
  const [, id, pattern = '', shows = ''] =
    /^LED (\S+): (\S+) \((\S+)\)$/.exec(typeof log['msg'] === 'string' ? log['msg'] : '') ?? [];
  const environment = environments.find((one) => one === id);
  return environment === undefined ? undefined : { at, environment, pattern, shows };
}

function isUp(part: PartName, { log }: Line): boolean {
  const kind = kindOf(part);
  if (kind === 'broker' || kind === 'simulator') return log['msg'] === 'listening' && log['part'] === kind;
  return typeof log['msg'] === 'string' && log['msg'].startsWith('release-button ');
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process has ended.
  }
}
