// Reports the state of the process to systemd (Type=notify): ready, waiting, stopping. systemd's socket takes datagrams, which
// Node cannot send to a path, so the program systemd-notify sends them. A unit therefore needs NotifyAccess=all.
import { shortened } from '../messages/shortened.ts';
import { execFile } from 'node:child_process';
import type { Clock, Timer } from './clock.ts';
import type { Health, HealthReport } from './health.ts';
import type { Part } from './life-cycle.ts';
import type { Log } from './log.ts';
import { codeOf, messageOf } from './log.ts';

/**
 * Limits for status messages, because each starts a short process. Changes at the same time become one status, and a check that
 * flaps does not flood the machine. A few statuses in a row are fine, for example at the start.
 */
const collectMs = 1_000;
const statusesMax = 3;
const withinMs = 30_000;

/** systemd-notify itself waits up to 5 s for systemd to read the message. */
const sendTimeoutMs = 10_000;

/** In characters. This much fits into a line of `systemctl status`, and is usually a complete sentence. */
const longestStatus = 300;

/** @param assignments such as `READY=1`, all in one message. @throws the reason why it was not sent */
type Send = (assignments: readonly string[]) => Promise<void>;

/** The address of systemd. Removes it from the environment, because other child processes must not report there. */
export function takeNotifySocket(env: NodeJS.ProcessEnv): string | undefined {
  const socket = env['NOTIFY_SOCKET'];
  delete env['NOTIFY_SOCKET'];
  return socket === '' ? undefined : socket;
}

/** Never waits and never fails, because no start and no stop may depend on it. Start it last and stop it first. */
export function createNotify(options: {
  readonly socket: string;
  readonly health: Pick<Health, 'report' | 'onChange'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly send?: Send;
}): Part {
  const { socket, health, clock, log, send = bySystemdNotify(socket) } = options;
  let running = false;
  let gaveUp = false;
  let failing = false;
  let lastStatus = '';
  /** The times of the last messages, oldest first. */
  let saidAt: readonly number[] = [];
  let timer: Timer | undefined;
  let unlisten: (() => void) | undefined;
  /** Sends the messages one after the other, in order. */
  let queue: Promise<void> = Promise.resolve();

  const say = (...assignments: string[]) => {
    queue = queue.then(async () => {
      if (gaveUp) return;
      try {
        await send(assignments);
        failing = false;
      } catch (error) {
        gaveUp = codeOf(error) === 'ENOENT';
        // When this process stops, systemd-notify may have been killed too. A failure is logged once, not at every change.
        if (running && !failing) log.warn(refusal(assignments, error));
        failing = true;
      }
    });
  };

  const sayStatus = (...with_: string[]) => {
    const status = statusOf(health.report());
    if (with_.length === 0 && status === lastStatus) return;
    lastStatus = status;
    saidAt = [...saidAt, clock.monotonic()].slice(-statusesMax);
    say(...with_, `STATUS=${status}`);
  };

  const onChange = () => {
    if (timer !== undefined || gaveUp) return;
    const [oldest = 0] = saidAt;
    const full = saidAt.length === statusesMax;
    const wait = Math.max(collectMs, full ? oldest + withinMs - clock.monotonic() : 0);
    timer = clock.setTimeout(() => {
      timer = undefined;
      sayStatus();
    }, wait);
  };

  return {
    name: 'systemd',
    start: () => {
      running = true;
      sayStatus('READY=1');
      unlisten = health.onChange(onChange);
    },
    stop: () => {
      if (!running) return;
      running = false;
      unlisten?.();
      timer?.cancel();
      timer = undefined;
      // Does not wait for a running message, because the process may end before that.
      queue = Promise.resolve();
      say('STOPPING=1', 'STATUS=stopping');
    },
  };
}

/** What is bad, or that everything is good, in one line, because systemd would read a second line as another assignment. */
export function statusOf({ status, checks }: HealthReport): string {
  const all = Object.entries(checks).filter(([, { ok }]) => (status === 'ok' ? true : !ok));
  const words = all.flatMap(([name, { ok, message }]) =>
    ok ? (message === 'ok' ? [] : [message]) : [`${name}: ${message}`],
  );
  const text = [status, words.join('; ')]
    .filter((part) => part !== '')
    .join(': ')
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ');
  return shortened(text, longestStatus);
}

/**
 * systemd-notify sends, and then waits until systemd has read the message (`--no-block` would not). systemd finds the unit by
 * the process of the sender, and drops the message if that process has ended.
 */
function bySystemdNotify(socket: string): Send {
  return (assignments) =>
    new Promise((resolve, reject) => {
      execFile(
        'systemd-notify',
        assignments,
        // The child gets no secret of this process.
        { timeout: sendTimeoutMs, env: { PATH: process.env['PATH'], NOTIFY_SOCKET: socket } },
        (error, _, stderr) => {
          if (error === null) resolve();
          else if (codeOf(error) === 'ENOENT') reject(error);
          else
            reject(
              new Error(
                stderr.trim() ||
                  (error.killed === true ? `no answer within ${sendTimeoutMs / 1000} s` : error.message),
              ),
            );
        },
      );
    });
}

function refusal([what]: readonly string[], error: unknown): string {
  const otherwise =
    'Or set Type=exec in the unit: with Type=notify, systemd ends this process after TimeoutStartSec';
  return codeOf(error) === 'ENOENT'
    ? `systemd expects a message when this process is ready (NOTIFY_SOCKET is set), but systemd-notify, which sends it, is not in PATH (${process.env['PATH'] ?? ''}). Install it (Debian package systemd). ${otherwise}`
    : `systemd-notify could not send ${what ?? ''} to systemd: ${messageOf(error)}. Read the journal of systemd (\`journalctl -b _PID=1\`), and check that the unit has NotifyAccess=all. ${otherwise}`;
}
