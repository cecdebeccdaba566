// A closed terminal stops a process in order, and a process started by nohup goes on. The terminals are real.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { command, createWorkplace, type Running, type Workplace } from '../support/processes.ts';
import { hasPython } from '../support/programs.ts';
import { until } from '../support/wait.ts';

const env = {
  RELEASE_BUTTON_BROKER_PORT: '0',
  RELEASE_BUTTON_HEALTH_PORT: '0',
  RELEASE_BUTTON_SIMULATOR_PORT: '0',
  RELEASE_BUTTON_SIMULATOR_DRIFT_EVERY_MS: '0',
};

describe.skipIf(!hasPython)('a closed terminal (skipped without python3, which opens one)', () => {
  let workplace: Workplace;
  beforeEach(() => {
    workplace = createWorkplace();
  });
  afterEach(() => workplace.clear());

  const onTerminal = (...words: readonly string[]): Running =>
    workplace.spawn('python3', [join(import.meta.dirname, '../support/terminal.py'), ...words], env);
  const release = (...words: readonly string[]) => [process.execPath, command, ...words];
  const file = (name: string) => {
    const path = join(workplace.directory, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  };
  const untilFile = (name: string, words: string) =>
    until(`${words} in ${name}`, () => file(name).includes(words));
  const close = (terminal: Running) => terminal.signal('SIGUSR1');

  it('stops everything in order, with lights off and exit code 0', async () => {
    const terminal = onTerminal('sh', '-c', 'exec "$0" "$@" > log', ...release('start'));
    await untilFile('log', 'LED main: on');
    close(terminal);
    await terminal.untilOutput('ended: code 0');
    const lights = [...file('log').matchAll(/LED main: (\w+)/g)].map(([, light]) => light);
    expect(lights.at(-1)).toBe('off');
    expect(file('log')).toContain('SIGHUP: stopping');
    expect(file('log')).toContain('"stopped"');
  });

  it('stops everything even if the log and the keys were on that terminal', async () => {
    const terminal = onTerminal(...release('start'));
    await terminal.untilOutput('LED main: on');
    close(terminal);
    await terminal.untilOutput('ended: code 0');
  });

  it.each(['broker', 'gpio-agent', 'home-assistant', 'argocd-simulator'])('stops %s', async (name) => {
    const terminal = onTerminal(...release(name));
    await terminal.untilOutput('listening');
    close(terminal);
    await terminal.untilOutput('ended: code 0');
  });

  it('does not stop a process that nohup started', async () => {
    const terminal = onTerminal('nohup', ...release('start'));
    await terminal.untilOutput(/pid \d+/);
    const pid = Number(/pid (\d+)/.exec(terminal.output())?.[1]);
    // The process would even outlive this test.
    onTestFinished(() => killed(pid));
    await untilFile('nohup.out', 'LED main: on');
    close(terminal);
    await untilFile('nohup.out', 'SIGHUP is ignored');
    process.kill(pid, 'SIGTERM');
    await terminal.untilOutput('ended: code 0');
    expect(file('nohup.out')).toContain('"stopped"');
  });

  it('ends `watch` silently', async () => {
    const terminal = onTerminal(...release('watch'));
    await terminal.untilOutput('connecting');
    close(terminal);
    await terminal.untilOutput('ended: code 0');
  });
});

function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended, as it should.
  }
}
