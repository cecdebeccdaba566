// Survives a terminal that is closed while this process runs. When Node.js ends it restores the settings of each terminal
// among its standard streams. On a closed terminal that fails, and Node.js aborts (SIGABRT, a core dump). It skips streams
// that are another file by then. Source: `ResetStdio` in Node's `src/node.cc`.
import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

const standardStreams = [0, 1, 2] as const;

/** Replaces closed terminals when the process ends, so that its exit code stays. */
export function outliveTerminal(): void {
  const terminals = standardStreams.filter((descriptor) => isatty(descriptor));
  if (terminals.length === 0) return;
  process.once('exit', () => {
    // On a closed terminal every terminal request fails.
    for (const descriptor of terminals) if (!isatty(descriptor)) replaceByNothing(descriptor);
  });
}

function replaceByNothing(descriptor: number): void {
  try {
    closeSync(descriptor);
    // Opens under the same number: the lowest free one, as the lower ones are in use.
    openSync('/dev/null', 'r+');
  } catch {
    // Then nothing can be done, and Node.js aborts.
  }
}
