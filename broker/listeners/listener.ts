// What the broker needs of a listener. TCP is the only one today; TLS and WebSocket fit behind the same face.
import type { Socket } from 'node:net';

export interface Listener {
  /** @throws BrokerListenError when the address cannot be opened */
  open(onConnection: (socket: Socket) => void): Promise<{ url: string; port: number }>;
  /** Takes no more connections; resolves when the last one has ended. Does nothing where nothing is open. */
  close(): Promise<void>;
}

/** True for addresses that only this machine can reach. Other names than `localhost` are not looked up, so not trusted. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return /^(::ffff:)?127(\.\d{1,3}){3}$/.test(host);
}
