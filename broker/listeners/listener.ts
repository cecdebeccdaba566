// What the broker needs of a listener. TCP is the only one today; TLS and WebSocket fit behind the same face.
import type { Socket } from 'node:net';

export interface Listener {
  /** @throws ListenError when the address cannot be opened */
  open(onConnection: (socket: Socket) => void): Promise<{ url: string; port: number }>;
  /** Takes no more connections; resolves when the last one has ended. Does nothing where nothing is open. */
  close(): Promise<void>;
}
