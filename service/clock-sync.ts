// Tells whether the clock of this machine is synchronised. A Raspberry Pi has no battery-backed clock. Until it gets the time from
// the network, its time stamps are wrong, and presses must not carry them.
import { execFile } from 'node:child_process';
import type { ClockState } from '../messages/presence.ts';
import { stepMs, wallOffset } from './clock-step.ts';
import type { Clock, Timer } from './clock.ts';

const lookEveryMs = 60_000;

/** Checks once. The signal is aborted when nobody needs the answer any longer. */
type Look = (signal: AbortSignal) => Promise<ClockState>;

export interface ClockSync {
  start(): Promise<void>;
  stop(): void;
  /**
   * `unknown` if the system cannot tell (a container, another system). Also `unknown` after a step of the clock, until the check
   * that this call starts has ended.
   */
  state(): ClockState;
}

export function createClockSync(clock: Clock, look: Look = askTimedatectl): ClockSync {
  let state: ClockState = 'unknown';
  let timer: Timer | undefined;
  let running: AbortController | undefined;
  let looking = false;
  /** The difference between the clocks at the time of the check */
  let offset: number | undefined;

  const refresh = async (signal: AbortSignal) => {
    timer?.cancel();
    looking = true;
    const before = wallOffset(clock);
    const seen = await look(signal).catch(() => 'unknown' as const);
    if (signal.aborted) return;
    looking = false;
    state = seen;
    offset = before;
    timer = clock.setTimeout(() => void refresh(signal), lookEveryMs);
  };

  const isStepped = () => {
    const now = wallOffset(clock);
    return now === undefined || offset === undefined || Math.abs(now - offset) >= stepMs;
  };

  return {
    start: async () => {
      running?.abort();
      running = new AbortController();
      await refresh(running.signal);
    },
    stop: () => {
      running?.abort();
      running = undefined;
      timer?.cancel();
    },
    state: () => {
      if (running === undefined || !isStepped()) return state;
      if (!looking) void refresh(running.signal);
      return 'unknown';
    },
  };
}

/** `NTPSynchronized` is the flag of the kernel, no matter which daemon (timesyncd, chrony, ntpd) sets the clock. */
function askTimedatectl(signal: AbortSignal): Promise<ClockState> {
  return new Promise((resolve) => {
    execFile(
      'timedatectl',
      ['show', '--property=NTPSynchronized', '--value'],
      { timeout: 2_000, signal },
      (error, stdout) => {
        const answer = stdout.trim();
        resolve(error !== null ? 'unknown' : answer === 'yes' ? true : answer === 'no' ? false : 'unknown');
      },
    );
  });
}
