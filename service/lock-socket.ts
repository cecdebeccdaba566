// Sockets that say who holds something. The kernel closes a socket with its process, however that ends; the name that stays
// behind answers nobody.
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';
import * as z from 'zod/mini';
import { timeSchema } from '../messages/time.ts';
import { codeOf } from './log.ts';

const holderSchema = z.object({
  pid: z.number(),
  host: z.string(),
  since: timeSchema,
});
export type Holder = z.infer<typeof holderSchema>;

/**
 * `nobody`: the name is a leftover; `gone`: there is no such name any more; `denied`: this user may not ask there; `unknown`:
 * somebody is there and does not say who.
 */
export type Found = Holder | 'unknown' | 'denied' | 'nobody' | 'gone';

/** A process that is stopped accepts and says nothing. */
const answerWithinMs = 1_000;
const answerLength = 1_024;

/** @throws Error with a code where the path is taken, or its file system has no sockets */
export function listenAs(holder: Holder, path: string): Promise<Server> {
  return new Promise((done, fail) => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      // Whoever asks may be stopped, and must not hold up the end of this process.
      socket.end(`${JSON.stringify(holder)}\n`, () => socket.destroy());
    });
    server.on('error', fail);
    server.listen(path, () => {
      // It must not keep the process alive.
      server.unref();
      done(server);
    });
  });
}

const foundBy: Readonly<Record<string, Found>> = {
  ECONNREFUSED: 'nobody',
  ENOENT: 'gone',
  ENOTDIR: 'gone',
  EACCES: 'denied',
  EPERM: 'denied',
};

export function whoHolds(path: string): Promise<Found> {
  return new Promise((done) => {
    const socket = connect(path);
    let text = '';
    const answer = (holder: Found) => {
      socket.destroy();
      done(holder);
    };
    const tell = () => {
      try {
        answer(holderSchema.parse(JSON.parse(text)));
      } catch {
        answer('unknown');
      }
    };
    socket.setTimeout(answerWithinMs, tell);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.length > answerLength) answer('unknown');
    });
    socket.on('end', tell);
    socket.on('error', (error) => {
      const code = codeOf(error);
      answer(foundBy[code ?? ''] ?? 'unknown');
    });
  });
}
