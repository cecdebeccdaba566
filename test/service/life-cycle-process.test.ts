// The life cycle with a real process and real signals. It uses the compiled code (`npm run build`).
import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { until } from './arrange.ts';

interface Run {
  readonly output: () => string;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  signal(name: NodeJS.Signals): void;
}

function run(...args: string[]): Run {
  const file = new URL('life-cycle.child.mjs', import.meta.url).pathname;
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
  return {
    output: () => output,
    ended: new Promise((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal }));
    }),
    signal: (name) => void child.kill(name),
  };
}

const untilOutput = (child: Run, text: string) => until(() => child.output().includes(text));

test.each(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'] as const)(
  '%s ends a process in order with 0',
  async (signal) => {
    const child = run('orderly');
    await untilOutput(child, '"started"');
    child.signal(signal);
    expect(await child.ended).toEqual({ code: 0, signal: null });
    expect(child.output()).toContain(`${signal}: stopping`);
    expect(child.output()).toContain('"stopped"');
  },
);

test('a part that never stops lets the process end with 1 after the deadline', async () => {
  const child = run('hangs', '100');
  await untilOutput(child, '"started"');
  child.signal('SIGTERM');
  expect(await child.ended).toEqual({ code: 1, signal: null });
  expect(child.output()).toContain('not everything stopped within 0.1 s: ending anyway');
});

test('a second signal ends at once a process that hangs', async () => {
  const child = run('hangs', '600000');
  await untilOutput(child, '"started"');
  child.signal('SIGTERM');
  await untilOutput(child, 'SIGTERM: stopping');
  child.signal('SIGTERM');
  expect(await child.ended).toEqual({ code: 130, signal: null });
});

test('a second SIGHUP does not end it at once, because the kernel and the shell may each send one for the same terminal', async () => {
  const child = run('slow');
  await untilOutput(child, '"started"');
  child.signal('SIGHUP');
  await untilOutput(child, 'SIGHUP: stopping');
  child.signal('SIGHUP');
  child.signal('SIGUSR2');
  expect(await child.ended).toEqual({ code: 0, signal: null });
  expect(child.output()).toContain('"stopped"');
});

test('a process that outlives its terminal continues after SIGHUP, and stops after SIGTERM', async () => {
  const child = run('outlives');
  await untilOutput(child, '"started"');
  child.signal('SIGHUP');
  await untilOutput(child, 'SIGHUP is ignored: nohup started this process');
  child.signal('SIGTERM');
  expect(await child.ended).toEqual({ code: 0, signal: null });
});

test.each(['throws', 'rejects'])(
  'an unexpected error (%s) is logged, and the process ends with 1',
  async (mode) => {
    const child = run(mode);
    expect(await child.ended).toEqual({ code: 1, signal: null });
    expect(child.output()).toContain('unexpected error, ending: a bug');
  },
);

test('after a failed start the process ends with its own exit code', async () => {
  const child = run('fails');
  expect(await child.ended).toEqual({ code: 3, signal: null });
  expect(child.output()).toContain('start failed: the port is in use');
});
