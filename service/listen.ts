// Opens a listener, and describes the error if that fails.
import type { Server } from 'node:net';
import { hostInUrl } from '../config/host.ts';

export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code: string;

  constructor(options: { message: string; code: string }) {
    super(options.message);
    this.code = options.code;
  }
}

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port */
  readonly port: number;
  readonly scheme: string;
  /** What the listener is for, for the message: `health and metrics` */
  readonly what: string;
  /** The configuration key of the port, for the message */
  readonly key: string;
  /** What else a person can do if the port is in use */
  readonly inUse?: string;
}

/** Resolves to the URL with the actual port. @throws ListenError */
export async function listen(server: Server, options: ListenOptions): Promise<string> {
  const { host, port, scheme } = options;
  await new Promise<void>((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => reject(listenError(error, options));
    server.once('error', onError);
    server.listen({ host, port }, () => {
      server.off('error', onError);
      resolve();
    });
  });
  const address = server.address();
  const open = address !== null && typeof address === 'object' ? address.port : port;
  return `${scheme}://${hostInUrl(host)}:${open}`;
}

export function listenError(error: Error & { readonly code?: unknown }, options: ListenOptions): ListenError {
  const { host, port, what, key, inUse } = options;
  const flag = `--${key.replaceAll('.', '-').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const where = `${hostInUrl(host)}:${port}`;
  const code = typeof error.code === 'string' ? error.code : 'UNKNOWN';
  const remedies: Readonly<Record<string, string>> = {
    EADDRINUSE: `the port is in use, perhaps by another release-button${inUse === undefined ? '' : ' or a Mosquitto'}. Stop that process (\`ss -ltnp 'sport = :${port}'\` names it) or choose another port with ${key} or ${flag}${inUse === undefined ? '' : `. ${inUse}`}`,
    EACCES: `this user may not open it (ports below 1024 need a privilege). Choose a port above 1023 with ${key} or ${flag}`,
    EADDRNOTAVAIL: `this machine has no such address. Set ${key.replace(/[^.]+$/, 'host')} to an address of this machine, or to 127.0.0.1`,
    ENOTFOUND: `the host name cannot be resolved. Set ${key.replace(/[^.]+$/, 'host')} to an address of this machine`,
  };
  return new ListenError({
    code,
    message: `cannot listen on ${where} for ${what}: ${remedies[code] ?? `${error.message}. To use another port, set ${key} or ${flag}`}`,
  });
}
