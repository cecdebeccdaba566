// Processes that start at the same moment take a lock one after the other. Without turns, one that clears a leftover away
// could clear away the socket of another that was faster, and a third could come in between.
import { randomUUID } from 'node:crypto';
import { readdir, rename, unlink } from 'node:fs/promises';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { listenAs, whoHolds } from './lock-socket.ts';
import type { Holder } from './lock-socket.ts';
import { codeOf } from './log.ts';

export interface Turn {
  /** the name at which the server listens while the turn lasts */
  readonly ticket: string;
  readonly server: Server;
}

/** A turn takes milliseconds; a process that is stopped in its turn keeps it. */
const longestWaitMs = 5_000;
const lookAgainMs = 5;
const idLength = 8;

/**
 * Each process listens on a ticket of its own, and then looks at the tickets of others. Of two, at least the later one sees the
 * other: it waits, or comes again with a new ticket. A ticket has a name that nobody else ever has, so one that answers nobody
 * can be removed safely.
 * @param options.address the path by which a socket is reached, which may be a shorter one
 * @returns undefined where another process keeps its turn for seconds
 * @throws Error with a code where the directory takes no sockets
 */
export async function takeTurn(options: {
  readonly directory: string;
  readonly name: string;
  readonly holder: Holder;
  readonly address: (path: string) => Promise<string>;
}): Promise<Turn | undefined> {
  const { directory, name, holder, address } = options;
  const deadline = performance.now() + longestWaitMs;
  const prefix = `.${name}.`;
  const isTicket = (file: string) => file.startsWith(prefix) && file.length === prefix.length + idLength;

  /** The first in order that this process has to wait for. */
  const rivalOf = async (own: string): Promise<string | undefined> => {
    for (const file of (await readdir(directory)).filter(isTicket).toSorted()) {
      if (file === own) continue;
      const found = await whoHolds(await address(join(directory, file)));
      if (found === 'nobody') await unlink(join(directory, file)).catch(ifGone);
      else if (found !== 'gone') return file;
    }
    return undefined;
  };

  for (;;) {
    const own = `${prefix}${randomUUID().slice(0, idLength)}`;
    // A socket has its name before it listens, so the name of a ticket comes afterwards: a ticket of a living process answers.
    const draft = join(directory, `${own}.new`);
    const server = await listenAs(holder, await address(draft));
    let turn: Turn = { ticket: draft, server };
    try {
      await rename(draft, join(directory, own));
      turn = { ticket: join(directory, own), server };
      let rival = await rivalOf(own);
      // Of all that wait, the first in order stays; the others come again.
      while (rival !== undefined && own < rival && performance.now() < deadline) {
        await pause(lookAgainMs);
        rival = await rivalOf(own);
      }
      if (rival === undefined) return turn;
    } catch (error) {
      await giveUp(turn);
      throw error;
    }
    await giveUp(turn);
    if (performance.now() >= deadline) return undefined;
    await pause(lookAgainMs * (1 + Math.random()));
  }
}

export async function giveUp({ ticket, server }: Turn): Promise<void> {
  await unlink(ticket).catch(ifGone);
  await new Promise<void>((done) => {
    server.close(() => done());
  });
}

function ifGone(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error;
}
