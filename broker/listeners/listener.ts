// What the broker needs from a listener.
import type { Socket } from 'node:net';

export interface Listener {
  /** @throws ListenError when the address cannot be opened */
  open(onConnection: (socket: Socket) => void): Promise<{ url: string; port: number }>;
  /** Stops accepting; resolves when the last connection has ended. Does nothing if the listener is not open. */
  close(): Promise<void>;
}
