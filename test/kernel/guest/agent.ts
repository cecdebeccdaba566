// The real agent in a separate process.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { until } from '../../support/wait.ts';

const command = '/lab/project/dist/bundle/main.js';
const healthPort = 9882;

export interface Agent {
  readonly pid: number;
  /** All its output. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  readonly exited: Promise<number | null>;
}

/** The output of all agents, for the console of the guest. */
const said: string[] = [];
export const everythingSaid = () => said.join('');

/** Starts `release-button gpio-agent` on the lab's chip. @param config the section `agent` */
export function startAgent(
  brokerUrl: string,
  config: Readonly<Record<string, unknown>>,
  flags: readonly string[] = [],
): Agent {
  const file = '/tmp/release-button.yaml';
  writeFileSync(
    file,
    JSON.stringify({
      mqtt: { url: brokerUrl },
      log: { format: 'json' },
      health: { port: healthPort },
      agent: { driver: 'gpiochip', chip: 'lab', ...config },
    }),
  );
  const child = spawn(process.execPath, [command, 'gpio-agent', '--config', file, ...flags], {
    cwd: '/tmp',
    env: { PATH: '/bin', HOME: '/tmp' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      said.push(chunk);
    });
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', (code) => resolve(code));
  });
  return {
    pid: child.pid ?? 0,
    output: () => output,
    signal: (signal) => void child.kill(signal),
    exited,
  };
}

export async function health(): Promise<{ readonly status: number; readonly body: string }> {
  const response = await fetch(`http://127.0.0.1:${healthPort}/healthz`);
  return { status: response.status, body: await response.text() };
}

/** A counter of the main button. */
export async function metric(name: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${healthPort}/metrics`);
  const found = new RegExp(`^${name}\\{[^}]*button="main"[^}]*\\} (\\d+)$`, 'm').exec(await response.text());
  return Number(found?.[1] ?? 0);
}

/** What the kernel has counted for a process so far. */
export function costOf({ pid }: Agent) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // After the name in brackets, which is the second field: utime and stime are the 14th and the 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    ticks: Number(fields[11]) + Number(fields[12]),
    ranMs: Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
    wakeUps: Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]),
    residentKb: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]),
  };
}

/** Waits in the guest, whose programs take ten times as long to start as on a real machine. */
export const eventually = <T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
) => until(what, look, 60_000);
