// The real agent in a separate process.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { until } from '../../support/wait.ts';

const command = '/lab/project/dist/bundle/main.js';
const healthPort = 9882;

export interface Agent {
  readonly pid: number;
  /** its whole output */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  readonly exited: Promise<number | null>;
}

/** The output of all agents, for the console of the guest. */
const outputs: string[] = [];
export const everythingSaid = () => outputs.join('');

/**
 * Starts `release-button gpio-agent` on the simulated chip.
 * @param config the section `agent`
 */
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
      outputs.push(chunk);
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
  const match = new RegExp(`^${name}\\{[^}]*button="main"[^}]*\\} (\\d+)$`, 'm').exec(await response.text());
  return Number(match?.[1] ?? 0);
}

/** The cost of a process so far, as the kernel counts it. */
export function costOf({ pid }: Agent) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the name in brackets. utime and stime are the 14th and the 15th field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    ticks: Number(fields[11]) + Number(fields[12]),
    ranMs: Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
    wakeUps: Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]),
    residentKb: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]),
  };
}

/** Waits in the guest, where programs start ten times as slowly as on a real machine. */
export const eventually = <T>(
  event: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
) => until(event, probe, 60_000);
