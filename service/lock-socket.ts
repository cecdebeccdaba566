// Sockets that show which process holds a lock: the process listens there, and answers who it is. The kernel closes the socket
// when the process ends, for whatever reason. Its file remains, but nobody answers there.
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
 * `nobody`: the file is a leftover. `gone`: the file no longer exists. `denied`: this user may not connect. `unknown`: a process
 * holds the lock, but does not say who it is.
 */
export type Found = Holder | 'unknown' | 'denied' | 'nobody' | 'gone';

/** In milliseconds. A paused process accepts connections, but does not answer. */
const answerWithinMs = 1_000;
const answerLength = 1_024;

/** @throws Error with a code if the path is in use, or the file system has no sockets */
export function listenAs(holder: Holder, path: string): Promise<Server> {
  return new Promise((done, fail) => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      // The client may be paused. It must not delay the end of this process.
      socket.end(`${JSON.stringify(holder)}\n`, () => socket.destroy());
    });
    server.on('error', fail);
    server.listen(path, () => {
      // The listener must not keep the process alive.
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
