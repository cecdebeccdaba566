// Standard output that cannot be written, because a disk is full or a reader has ended.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  command,
  createWorkplace,
  publish,
  subscribe,
  type Running,
  type Workplace,
} from '../support/processes.ts';
import { freePort } from '../support/ports.ts';
import { canMount, hasMosquitto } from '../support/programs.ts';
import { until } from '../support/wait.ts';

const env = {
  RELEASE_BUTTON_BROKER_PORT: '0',
  RELEASE_BUTTON_HEALTH_PORT: '0',
  RELEASE_BUTTON_SIMULATOR_PORT: '0',
  RELEASE_BUTTON_SIMULATOR_DRIFT_EVERY_MS: '0',
};

const signal = 'release-button/button/main/signal';

let workplace: Workplace;
beforeEach(() => {
  workplace = createWorkplace();
});
afterEach(() => workplace.clear());

/** @param shell the shell command; `release-button` in it stands for the command under test */
const inShell = (shell: string, extraEnv: Readonly<Record<string, string>> = {}): Running =>
  workplace.spawn('sh', ['-c', shell.replaceAll('release-button', '"$0" "$1"'), process.execPath, command], {
    ...env,
    ...extraEnv,
  });

describe('standard output on a full disk', () => {
  it.each([
    'release-button config',
    'release-button --version',
    'release-button --help',
    'release-button press --help',
    'release-button health',
    'release-button press --mqtt-url mqtt://127.0.0.1:1',
    'release-button watch --mqtt-url mqtt://127.0.0.1:1',
  ])('is reported by `%s` in one line, with an exit code that is not 0', async (shell) => {
    const running = inShell(`${shell} > /dev/full`);
    const { code } = await running.exited;
    expect(code).not.toBe(0);
    expect(code).not.toBeNull();
    expect(running.output()).toMatch(/^release-button: standard output cannot be written \(ENOSPC.*\n$/);
  });

  it('leaves the result of an answered press to standard error', async () => {
    const start = workplace.start(['start']);
    const url = await start.untilListening((line) => line['part'] === 'broker');
    await start.untilOutput('LED main: on');
    const press = inShell(`release-button press --mqtt-url ${url} > /dev/full`);
    expect(await press.exited).toMatchObject({ code: 1 });
    expect(press.output()).toMatch(/standard output cannot be written.*Not written: accepted/);
  });

  it.each(['broker', 'gpio-agent', 'release-worker', 'home-assistant', 'argocd-simulator', 'start'])(
    'does not stop `%s`, which reports it once and stops in order',
    async (name) => {
      const port = await freePort();
      const running = inShell(`exec release-button ${name} > /dev/full`, {
        RELEASE_BUTTON_HEALTH_PORT: String(port),
        RELEASE_BUTTON_MQTT_URL: name === 'start' ? '' : 'mqtt://127.0.0.1:1',
        ARGOCD_SERVER: 'http://127.0.0.1:1',
        ARGOCD_AUTH_TOKEN: 'none',
        RELEASE_BUTTON_WORKER_BUTTONS: '[{"id":"main","select":{"all":true}}]',
      });
      await running.untilOutput('the log cannot be written to standard output (ENOSPC');
      const health = await until('the health that names the log', async () => {
        const report = await fetch(`http://127.0.0.1:${port}/healthz`).then(
          (response) => response.text(),
          () => '',
        );
        return report.includes('"log"') && report;
      });
      expect(JSON.parse(health)).toMatchObject({ checks: { log: { ok: false } } });
      running.signal('SIGTERM');
      expect(await running.exited).toEqual({ code: 0, signal: null });
      expect(running.output()).toMatch(
        /^release-button: the log cannot be written.*\nrelease-button: the last \d+ lines of the log could not be written\n$/,
      );
    },
  );
});

describe.skipIf(!canMount)('a log on a small disk (skipped where nothing may be mounted: needs root)', () => {
  let disk: string;
  beforeEach(() => {
    disk = join(workplace.directory, 'small');
    mkdirSync(disk);
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', disk]);
  });
  // A function, because the process that writes there is killed only later.
  afterEach(() => void spawnSync('umount', ['--lazy', disk]));

  it.skipIf(!hasMosquitto)(
    'that is full does not stop releases, and the log continues when there is room (skipped without mosquitto)',
    async () => {
      const file = join(disk, 'log');
      const log = () => (existsSync(file) ? readFileSync(file, 'utf8') : '');
      const start = inShell('exec release-button start > small/log');
      const broker = await until(
        'the broker',
        () => /"part":"broker".*"url":"(mqtt:[^"]+)".*"msg":"listening"/.exec(log())?.[1],
      );
      const subscriber = subscribe(workplace, broker);
      await until('drift', () => subscriber.latest(signal)?.['signal'] === 'drifted');
      const filler = openSync(join(disk, 'filler'), 'w');
      expect(() => {
        for (;;) writeSync(filler, Buffer.alloc(4_096));
      }).toThrow('ENOSPC');
      const wholeLog = log();

      publish(broker, ['-t', 'release-button/button/main/press', '-m', 'press']);
      await until('the release', () => subscriber.latest(signal)?.['signal'] === 'succeeded');
      await start.untilOutput('the log cannot be written to standard output (ENOSPC');
      expect(log()).not.toContain('release succeeded');
      expect(log().startsWith(wholeLog)).toBe(true);

      ftruncateSync(filler);
      closeSync(filler);
      await until('the log to go on', () => log().includes('release succeeded'));
      const lines = log().trim().split('\n');
      expect(lines.every((line) => line.startsWith('{') && line.endsWith('}'))).toBe(true);
      start.signal('SIGTERM');
      expect(await start.exited).toEqual({ code: 0, signal: null });
      expect(log()).toContain('"stopped"');
    },
  );
});

describe('a reader that has ended', () => {
  it('ends `watch` silently', async () => {
    const start = workplace.start(['start']);
    const url = await start.untilListening((line) => line['part'] === 'broker');
    const watch = inShell(`release-button watch --mqtt-url ${url} | head -1`);
    let hasEnded = false;
    void watch.exited.then(() => (hasEnded = true));
    // `watch` notices it at the first line that it writes after the reader has ended.
    await until('the end of watch', async () => {
      await inShell(`release-button press --mqtt-url ${url} > /dev/null`).exited;
      return hasEnded;
    });
    expect(await watch.exited).toEqual({ code: 0, signal: null });
    expect(watch.output()).toMatch(/^.*connecting.*\n$/);
  });

  it.each(['release-button --help', 'release-button config', 'release-button health'])(
    'gets no stack trace and no error message from `%s`',
    async (shell) => {
      const running = inShell(`${shell} | true`);
      await running.exited;
      expect(running.output()).toBe('');
    },
  );

  it('does not end a process that works, and the lost log is reported once', async () => {
    const port = await freePort();
    const broker = inShell('mkfifo pipe; head -1 pipe > /dev/null & exec release-button broker > pipe', {
      RELEASE_BUTTON_HEALTH_PORT: String(port),
    });
    await broker.untilOutput('the log cannot be written to standard output (EPIPE');
    await until('an answer of the broker', () =>
      fetch(`http://127.0.0.1:${port}/healthz`).then(
        async (response) => response.ok && (await response.text()).includes('EPIPE'),
        () => false,
      ),
    );
  });
});
