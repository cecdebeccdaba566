// What a process sends to systemd, with the real systemd-notify and the real command. It uses the compiled code (`npm run
// build`).
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHealth } from '../../service/health.ts';
import { silentLog } from '../../service/log.ts';
import { createNotify, statusOf, takeNotifySocket } from '../../service/notify.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createWorkplace, type Running, type Workplace } from '../support/processes.ts';
import { hasSystemdNotify } from '../support/programs.ts';
import { until } from '../support/wait.ts';
import { openNotifySocket } from './notify-socket.ts';

let workplace: Workplace;
beforeEach(() => {
  workplace = createWorkplace();
});
afterEach(() => workplace.clear());

/** Makes a folder with a program, for the beginning of PATH. */
function program(name: string, script: string): string {
  const path = join(workplace.directory, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return `${workplace.directory}${delimiter}${process.env['PATH'] ?? ''}`;
}

const reaches = async (url: string) => (await fetch(url)).status;
const healthOf = (running: Running) =>
  running.untilListening((line) => line['what'] === 'health and metrics');

describe.skipIf(!hasSystemdNotify)(
  `a process under systemd${hasSystemdNotify ? '' : ' (skipped: systemd-notify or python3 is not installed)'}`,
  () => {
    test('sends READY=1 when its listeners are open, and STOPPING=1 when it begins to stop', async () => {
      const systemd = await openNotifySocket(workplace);
      const broker = workplace.start(['broker'], { NOTIFY_SOCKET: systemd.path });
      const ready = await until('a message', () => systemd.messages()[0]);
      expect(ready).toEqual(['READY=1', expect.stringMatching(/^STATUS=ok: listening on mqtt:\/\//)]);
      // Both listeners were open before READY=1.
      const listening = broker.logs().filter(({ msg }) => msg === 'listening');
      expect(listening.map(({ what }) => what)).toContain('health and metrics');
      expect(listening).toHaveLength(2);
      expect(await reaches(`${await healthOf(broker)}/healthz`)).toBe(200);

      broker.signal('SIGTERM');
      expect(await broker.exited).toEqual({ code: 0, signal: null });
      await until('the last message', () => systemd.messages().length === 2);
      expect(systemd.messages()[1]).toEqual(['STOPPING=1', 'STATUS=stopping']);
      expect(broker.logs().filter(({ level }) => level === 'warn')).toEqual([]);
    });

    test('is ready although its broker cannot be reached, and reports what it waits for', async () => {
      const systemd = await openNotifySocket(workplace);
      workplace.start(['gpio-agent', '--agent-driver', 'simulated', '--mqtt-url', 'mqtt://127.0.0.1:1'], {
        NOTIFY_SOCKET: systemd.path,
      });
      const [ready] = await until('READY=1', () => systemd.messages()[0]);
      expect(ready).toBe('READY=1');
      await until('the status', () =>
        systemd
          .messages()
          .flat()
          .some((line) => /^STATUS=failing: mqtt-agent: .*127\.0\.0\.1:1/.test(line)),
      );
    });

    test('sends nothing if it does not start', async () => {
      const systemd = await openNotifySocket(workplace);
      const portOwner = workplace.start(['broker']);
      const { port } = new URL(await portOwner.untilListening((line) => line['part'] === 'broker'));
      const broker = workplace.start(['broker'], {
        NOTIFY_SOCKET: systemd.path,
        RELEASE_BUTTON_BROKER_PORT: port,
      });
      expect(await broker.exited).toEqual({ code: 3, signal: null });
      expect(systemd.messages()).toEqual([]);
    });
  },
);

describe('a process that cannot notify systemd still runs', () => {
  const endsInOrder = async (running: Running) => {
    running.signal('SIGTERM');
    expect(await running.exited).toEqual({ code: 0, signal: null });
  };

  test('and logs the remedy once if systemd-notify is missing', async () => {
    const broker = workplace.start(['broker'], {
      NOTIFY_SOCKET: join(workplace.directory, 'notify'),
      PATH: workplace.directory,
    });
    await broker.untilOutput('Install it (Debian package systemd)');
    expect(await reaches(`${await healthOf(broker)}/healthz`)).toBe(200);
    await endsInOrder(broker);
    expect(broker.logs().filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  test('and logs the error of a systemd-notify that fails', async () => {
    const broker = workplace.start(['broker'], {
      NOTIFY_SOCKET: join(workplace.directory, 'notify'),
      PATH: program(
        'systemd-notify',
        'echo "Failed to notify init system: No such file or directory" >&2; exit 1',
      ),
    });
    await broker.untilOutput(
      /systemd-notify could not send READY=1 .*No such file or directory.*NotifyAccess=all/,
    );
    expect(await reaches(`${await healthOf(broker)}/healthz`)).toBe(200);
    await endsInOrder(broker);
  });

  test('and ends in time if systemd-notify hangs, and still tries to report that it stops', async () => {
    const called = join(workplace.directory, 'called');
    const calls = () => (existsSync(called) ? readFileSync(called, 'utf8') : '');
    const broker = workplace.start(['broker'], {
      NOTIFY_SOCKET: join(workplace.directory, 'notify'),
      PATH: program(
        'systemd-notify',
        `echo "$$ $*" >> ${called}\ncase "$1" in READY=1) exec sleep 1000;; esac`,
      ),
    });
    await until('systemd-notify to hang', () => calls().includes('READY=1'));
    await endsInOrder(broker);
    await until('the last word', () => calls().includes('STOPPING=1'));
    // The first systemd-notify still hangs, so nothing has waited for it.
    expect(process.kill(Number(calls().split(' ')[0]))).toBe(true);
  });
});

test('only systemd-notify gets the socket of systemd, and it gets no secret', async () => {
  const sentSinceLastCall = (name: string) => join(workplace.directory, `${name}.env`);
  program(
    'systemd-notify',
    `env > ${sentSinceLastCall('systemd-notify')}.part; mv ${sentSinceLastCall('systemd-notify')}.part ${sentSinceLastCall('systemd-notify')}`,
  );
  const broker = workplace.start(['broker'], {
    NOTIFY_SOCKET: '/nobody/listens/here',
    ARGOCD_AUTH_TOKEN: 'a-secret',
    PATH: program('timedatectl', `env > ${sentSinceLastCall('timedatectl')}; echo yes`),
  });
  await until('systemd-notify to be called', () => existsSync(sentSinceLastCall('systemd-notify')));
  expect(readFileSync(sentSinceLastCall('timedatectl'), 'utf8')).not.toContain('NOTIFY_SOCKET');
  const given = readFileSync(sentSinceLastCall('systemd-notify'), 'utf8');
  expect(given).toContain('NOTIFY_SOCKET=/nobody/listens/here');
  expect(given).not.toContain('a-secret');
  broker.signal('SIGTERM');
  await broker.exited;
});

test('without systemd there is no socket, and an empty variable means the same', () => {
  expect(takeNotifySocket({})).toBeUndefined();
  expect(takeNotifySocket({ NOTIFY_SOCKET: '' })).toBeUndefined();
  const env = { NOTIFY_SOCKET: '/run/systemd/notify', PATH: '/bin' };
  expect(takeNotifySocket(env)).toBe('/run/systemd/notify');
  expect(env).toEqual({ PATH: '/bin' });
});

describe('the status for systemd', () => {
  const watched = () => {
    const clock = createFakeClock();
    const health = createHealth(clock);
    const check = health.check('mqtt', 'failing');
    check.ok('connected');
    const sent: string[] = [];
    const notify = createNotify({
      socket: '/run/systemd/notify',
      health,
      clock,
      log: silentLog(),
      send: (assignments) => {
        sent.push(assignments.join(' '));
        return Promise.resolve();
      },
    });
    const sentSinceLastCall = async () => {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      return sent.splice(0);
    };
    return { clock, check, notify, sentSinceLastCall };
  };

  test('follows the health, and combines several changes at once', async () => {
    const { clock, check, notify, sentSinceLastCall } = watched();
    await notify.start();
    expect(await sentSinceLastCall()).toEqual(['READY=1 STATUS=ok: connected']);
    clock.advance(60_000);
    check.bad('lost');
    check.bad('cannot reach mqtt://broker');
    expect(await sentSinceLastCall()).toEqual([]);
    clock.advance(1_000);
    expect(await sentSinceLastCall()).toEqual(['STATUS=failing: mqtt: cannot reach mqtt://broker']);
  });

  test('of a health that changes all the time is sent three times in 30 seconds, and the last one always', async () => {
    const { clock, check, notify, sentSinceLastCall } = watched();
    await notify.start();
    for (let second = 0; second < 95; second += 1) {
      check.bad(`attempt ${second}`);
      clock.advance(1_000);
    }
    const statuses = await sentSinceLastCall();
    expect(statuses.slice(0, 3)).toEqual([
      'READY=1 STATUS=ok: connected',
      'STATUS=failing: mqtt: attempt 0',
      'STATUS=failing: mqtt: attempt 1',
    ]);
    expect(statuses.length).toBeLessThanOrEqual(12);
    clock.advance(30_000);
    expect((await sentSinceLastCall()).at(-1)).toBe('STATUS=failing: mqtt: attempt 94');
  });

  test('is not sent again if it is the same, and nothing is checked while nothing changes', async () => {
    const { clock, check, notify, sentSinceLastCall } = watched();
    await notify.start();
    await sentSinceLastCall();
    expect(clock.pendingTimers()).toBe(0);
    check.bad('lost');
    check.ok('connected');
    clock.advance(60_000);
    expect(await sentSinceLastCall()).toEqual([]);
    expect(clock.pendingTimers()).toBe(0);
  });

  test('ends with the stop, which leaves no timer', async () => {
    const { clock, check, notify, sentSinceLastCall } = watched();
    await notify.start();
    check.bad('lost');
    await notify.stop();
    await notify.stop();
    check.bad('stopped');
    expect(clock.pendingTimers()).toBe(0);
    expect(await sentSinceLastCall()).toEqual(['READY=1 STATUS=ok: connected', 'STOPPING=1 STATUS=stopping']);
  });

  test('is one line, which no foreign text can turn into another message', () => {
    const health = createHealth(createFakeClock());
    health.check('argocd', 'failing').bad('permission denied\nMAINPID=1\r\nREADY=1\u2028\u0000end');
    health.check('stream', 'degraded').bad('x'.repeat(1_000));
    const status = statusOf(health.report());
    expect(status).toContain('failing: argocd: permission denied MAINPID=1 READY=1 end; stream: xxx');
    expect(status).not.toMatch(/\p{Cc}/u);
    expect(status.length).toBe(301);
  });
});
