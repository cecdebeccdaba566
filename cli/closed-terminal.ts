// A terminal that was closed while this process ran. At the end Node.js gives each terminal among its standard streams back
// its first settings, and aborts (SIGABRT, a core dump) where that fails, as it does on a closed one. Source: `ResetStdio`
// in Node's `src/node.cc`; it leaves alone what is another file by then.
import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

const standardStreams = [0, 1, 2] as const;

/** At the end of the process, so that its exit code is the one that it chose. */
export function outliveTerminal(): void {
  const terminals = standardStreams.filter((descriptor) => isatty(descriptor));
  if (terminals.length === 0) return;
  process.once('exit', () => {
    // A closed terminal answers none of the questions that make it one.
    for (const descriptor of terminals) if (!isatty(descriptor)) replaceByNothing(descriptor);
  });
}

function replaceByNothing(descriptor: number): void {
  try {
    closeSync(descriptor);
    // Takes the lowest free number, which is this one, since the lower ones are in use.
    openSync('/dev/null', 'r+');
  } catch {
    // The process then ends as Node.js ends it.
  }
}
