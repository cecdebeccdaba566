// Makes processes that start at the same moment take a lock one after the other. Without turns, a process that removes a leftover
// socket could remove the socket of a faster process. A third process could then take the lock too.
import { randomUUID } from 'node:crypto';
import { readdir, rename, unlink } from 'node:fs/promises';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { listenAs, whoHolds } from './lock-socket.ts';
import type { Holder } from './lock-socket.ts';
import { codeOf } from './log.ts';

export interface Turn {
  /** The path at which the server listens during the turn */
  readonly ticket: string;
  readonly server: Server;
}

/** In milliseconds. A turn is much shorter, but a process that is paused during its turn keeps it. */
const longestWaitMs = 5_000;
const lookAgainMs = 5;
const idLength = 8;

/**
 * Each process listens on its own ticket, which is a socket, and then looks at the tickets of the others. Of two processes, at
 * least the later one sees the other. It waits, or tries again with a new ticket. The name of a ticket is never used again, so a
 * ticket that does not answer can be removed safely.
 * @param options.address returns a path that leads to the same socket, and may be shorter
 * @returns undefined if another process keeps its turn for seconds
 * @throws Error with a code if the directory has no sockets
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

  /** The first ticket of another process. This process must wait for it. */
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
    // A socket file exists before the socket listens. Renaming it afterwards makes sure that a live ticket always answers.
    const draft = join(directory, `${own}.new`);
    const server = await listenAs(holder, await address(draft));
    let turn: Turn = { ticket: draft, server };
    try {
      await rename(draft, join(directory, own));
      turn = { ticket: join(directory, own), server };
      let rival = await rivalOf(own);
      // Of all waiting processes, only the one with the first ticket keeps it. The others try again with a new one.
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
