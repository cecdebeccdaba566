// Decides what SIGHUP means. It arrives when the terminal closes, and then the process stops in order. A process that was
// started with `nohup` continues. Node.js hides the direct sign of nohup: at its start it resets an ignored SIGHUP to the
// default (`ResetSignalHandlers` in its `src/node.cc`), so SigIgn in /proc/self/status never has it. Two signs remain: the
// shell puts the name of the started program into `_`, and nohup takes all three streams off the terminal.
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

/** @returns why the process continues, or undefined if it stops */
export function whyHangUpIsIgnored(surroundings: Surroundings): string | undefined {
  const { env, streamOnTerminal, hasTerminal } = surroundings;
  // Bash, zsh and ksh set it. It does not change in a program that nohup starts, or in its children without a shell.
  if (basename(env['_'] ?? '') === 'nohup') return 'nohup has started it';
  if (hasTerminal && !streamOnTerminal)
    return 'none of its streams leads to its terminal, as with nohup, so it outlives the terminal';
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
