// What SIGHUP means to this process. It comes when the terminal is closed, and then the process stops in order. A process
// that was started by `nohup` goes on. Node.js takes away the sign of that: it resets an ignored SIGHUP to the default when
// it starts (`ResetSignalHandlers` in its `src/node.cc`), so SigIgn in /proc/self/status never has it. These two are left:
// the shell names the program that it has started in `_`, and nohup takes all three streams off the terminal.
import { closeSync, constants, openSync } from 'node:fs';
import { basename } from 'node:path';
import { isatty } from 'node:tty';

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** whether standard input, output or error is a terminal */
  readonly streamOnTerminal: boolean;
  /** whether the session of this process has a terminal, which its streams need not lead to */
  readonly hasTerminal: boolean;
}

/** @returns why it goes on, or undefined where it stops */
export function whyHangUpIsIgnored(surroundings: Surroundings): string | undefined {
  const { env, streamOnTerminal, hasTerminal } = surroundings;
  // Bash, zsh and ksh set it; it stays as it is in what nohup starts, and in what that starts without a shell.
  if (basename(env['_'] ?? '') === 'nohup') return 'nohup has started it';
  if (hasTerminal && !streamOnTerminal)
    return 'none of its streams leads to its terminal, as with nohup, so it outlives the terminal';
  return undefined;
}

/** To be asked at the start: after a hang-up the terminal is gone. */
export function ownSurroundings(): Surroundings {
  return {
    env: process.env,
    streamOnTerminal: [0, 1, 2].some((descriptor) => isatty(descriptor)),
    hasTerminal: hasControllingTerminal(),
  };
}

/** Source: tty(4), `/dev/tty` cannot be opened by a process without a controlling terminal. */
function hasControllingTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', constants.O_RDONLY | constants.O_NOCTTY));
    return true;
  } catch {
    return false;
  }
}
