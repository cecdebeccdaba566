// Whether this machine's clock is synchronised. A Pi has no battery-backed clock: before the network gave it the time,
// its time stamps are wrong, and a press must not carry them.
import { execFile } from 'node:child_process';
import type { ClockState } from '../messages/presence.ts';
import type { Clock, Timer } from './clock.ts';

const lookEveryMs = 60_000;

/** Looks once. The signal is aborted when nobody wants to know any more. */
type Look = (signal: AbortSignal) => Promise<ClockState>;

export interface ClockSync {
  start(): Promise<void>;
  stop(): void;
  /** `unknown` where nothing here can tell (a container, another system). */
  state(): ClockState;
}

export function createClockSync(clock: Clock, look: Look = askTimedatectl): ClockSync {
  let state: ClockState = 'unknown';
  let timer: Timer | undefined;
  let running: AbortController | undefined;

  const refresh = async (signal: AbortSignal) => {
    const seen = await look(signal).catch(() => 'unknown' as const);
    if (signal.aborted) return;
    state = seen;
    timer = clock.setTimeout(() => void refresh(signal), lookEveryMs);
  };

  return {
    start: async () => {
      running?.abort();
      timer?.cancel();
      running = new AbortController();
      await refresh(running.signal);
    },
    stop: () => {
      running?.abort();
      timer?.cancel();
    },
    state: () => state,
  };
}

/** `NTPSynchronized` is the kernel's own flag, whichever daemon (timesyncd, chrony, ntpd) sets the clock. */
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
