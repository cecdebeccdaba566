// Keeps the exit code if the terminal is closed while this process runs. When Node.js ends, it restores the settings of each
// terminal among its standard streams. On a closed terminal this fails, and Node.js aborts (SIGABRT, a core dump). Node.js
// skips a stream if its descriptor refers to another file by then. Source: `ResetStdio` in Node's `src/node.cc`.
import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

const standardStreams = [0, 1, 2] as const;

/** Replaces closed terminals by `/dev/null` when the process ends. */
export function outliveTerminal(): void {
  const terminals = standardStreams.filter((descriptor) => isatty(descriptor));
  if (terminals.length === 0) return;
  process.once('exit', () => {
    // `isatty` is false for a closed terminal, because every request to it fails.
    for (const descriptor of terminals) if (!isatty(descriptor)) replaceByNullDevice(descriptor);
  });
}

function replaceByNullDevice(descriptor: number): void {
  try {
    closeSync(descriptor);
    // Takes the number that was just closed: it is the lowest free one, because the lower ones are in use.
    openSync('/dev/null', 'r+');
  } catch {
    // Nothing else can be done: Node.js will abort.
  }
}
