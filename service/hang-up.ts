// Decides what SIGHUP means. It arrives when the terminal closes. Usually the process then stops in order, but a process that was
// started with `nohup` continues. Node.js hides the direct sign of nohup: when it starts, it resets an ignored SIGHUP to the
// default (`ResetSignalHandlers` in its `src/node.cc`), so SigIgn in /proc/self/status never shows it. Two signs remain: the
// shell puts the name of the started program into `_`, and nohup redirects all three streams away from the terminal.
import { closeSync, constants, openSync } from 'node:fs';
import { basename } from 'node:path';
import { isatty } from 'node:tty';

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** True if standard input, output or error is a terminal */
  readonly streamOnTerminal: boolean;
  /** True if the session of this process has a terminal, even if no stream leads to it */
  readonly hasTerminal: boolean;
}

/** @returns why the process ignores SIGHUP; undefined if it stops */
export function whyHangUpIsIgnored(surroundings: Surroundings): string | undefined {
  const { env, streamOnTerminal, hasTerminal } = surroundings;
  // Bash, zsh and ksh set it. It does not change in a program that nohup starts, or in its children without a shell.
  if (basename(env['_'] ?? '') === 'nohup') return 'nohup started this process';
  if (hasTerminal && !streamOnTerminal)
    return 'this process does not use its terminal for input or output, as with nohup';
  return undefined;
}

/** Call this at the start, because the terminal is gone after a hang-up. */
export function ownSurroundings(): Surroundings {
  return {
    env: process.env,
    streamOnTerminal: [0, 1, 2].some((descriptor) => isatty(descriptor)),
    hasTerminal: hasControllingTerminal(),
  };
}

/** Source: tty(4): a process without a controlling terminal cannot open `/dev/tty`. */
function hasControllingTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', constants.O_RDONLY | constants.O_NOCTTY));
    return true;
  } catch {
    return false;
  }
}
