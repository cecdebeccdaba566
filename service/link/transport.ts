// The transport below MQTT: TCP, with TLS for mqtts://.
import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { messageOf } from '../log.ts';

export interface TransportOptions {
  readonly url: URL;
  /** PEM certificates to trust instead of the well-known authorities */
  readonly ca?: string;
  /** The transport is open, and nothing has been sent. */
  readonly onUp: (stream: Socket) => void;
  /** The TCP connection is open. TLS follows. */
  readonly onTcp: () => void;
  /** The transport has ended, with the error if there was one. Called once, and not after `destroy` or `reset`. */
  readonly onDown: (error: TransportError | undefined) => void;
}

export interface TransportError {
  /** Node's error code: ECONNREFUSED, CERT_HAS_EXPIRED … */
  readonly code?: string;
  readonly message: string;
}

export interface Transport {
  destroy(): void;
  /** Sends RST instead of FIN, so that the content of the send buffer is discarded and cannot arrive minutes later. */
  reset(): void;
}

const defaultPorts: Readonly<Record<string, number>> = { 'mqtt:': 1883, 'mqtts:': 8883 };

/**
 * How long to try one address of a host before the next, in milliseconds. Node's 250 ms are too short for a mobile network, where
 * all addresses would fail.
 */
const nextAddressMs = 2_500;

export function openTransport(options: TransportOptions): Transport {
  const { url } = options;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (defaultPorts[url.protocol] ?? 1883) : Number(url.port);
  let over = false;
  let failure: TransportError | undefined;

  const onError = (error: Error) => {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
    failure ??= { message: messageOf(error), ...(code === undefined ? {} : { code }) };
  };
  const onClose = () => {
    if (over) return;
    over = true;
    options.onDown(failure);
  };

  // TLS runs over our own TCP socket, because Node can only reset a TCP socket.
  const tcp = connectTcp({ host, port, autoSelectFamilyAttemptTimeout: nextAddressMs });
  let tls: Socket | undefined;
  tcp.setNoDelay(true);
  tcp.on('error', onError);
  tcp.on('close', onClose);
  tcp.once('connect', () => {
    if (over) return;
    options.onTcp();
    if (url.protocol !== 'mqtts:') {
      options.onUp(tcp);
      return;
    }
    const secured = connectTls({
      socket: tcp,
      host,
      // RFC 6066, section 3: no server name for an IP address.
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    });
    tls = secured;
    secured.on('error', onError);
    secured.once('close', () => tcp.destroy());
    secured.once('secureConnect', () => {
      if (!over) options.onUp(secured);
    });
  });

  return {
    destroy: () => {
      over = true;
      tls?.destroy();
      tcp.destroy();
    },
    reset: () => {
      over = true;
      // If the socket is already destroyed, there is nothing to reset, and trying would raise an error.
      if (!tcp.destroyed) tcp.resetAndDestroy();
      tls?.destroy();
    },
  };
}
