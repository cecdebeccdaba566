// A listener that could not be opened: what was tried, what stands in the way, and what the person can do.
import { ListenError } from '../service/listen.ts';

/** `EXPOSED` is ours: an address beyond loopback while nobody has to log in. The other codes are the system's. */
export class BrokerListenError extends ListenError {
  readonly host: string;
  readonly port: number;

  constructor(options: { code: string; host: string; port: number; message: string }) {
    super({ code: options.code, message: options.message });
    this.host = options.host;
    this.port = options.port;
  }
}

export function brokerListenError(
  error: NodeJS.ErrnoException,
  host: string,
  port: number,
): BrokerListenError {
  const code = error.code ?? 'UNKNOWN';
  const tried = `The MQTT broker cannot listen on ${address(host, port)} (${code}): `;
  return new BrokerListenError({ code, host, port, message: tried + remedy(code, error.message, port) });
}

export function exposedError(host: string, port: number): BrokerListenError {
  return new BrokerListenError({
    code: 'EXPOSED',
    host,
    port,
    message:
      `The MQTT broker will not listen on ${address(host, port)}: everybody who reaches that address could press the button, ` +
      'since the broker asks for no user name yet. Set broker.host to 127.0.0.1, or use a broker with users by mqtt.url. ' +
      'Only on a network where everybody may press: set broker.allowAnonymousBeyondLoopback to true.',
  });
}

function remedy(code: string, systemMessage: string, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return (
        'the port is in use, probably by another release-button or by a Mosquitto ' +
        `(\`ss -ltnp 'sport = :${port}'\` names it). Stop that one, or choose another port with broker.port or --broker-port, ` +
        'or, to use the broker that runs there, set mqtt.url (--mqtt-url) to it.'
      );
    case 'EACCES':
      return 'this user may not open the port; ports below 1024 need a privilege. Choose one above 1023 with broker.port or --broker-port.';
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address. Set broker.host (--broker-host) to one of its addresses (`ip address` lists them) or to 127.0.0.1.';
    case 'ENOTFOUND':
      return 'the host name cannot be resolved. Set broker.host (--broker-host) to an address of this machine or to 127.0.0.1.';
    default:
      return `${systemMessage}. Check broker.host and broker.port (--broker-host, --broker-port).`;
  }
}

function address(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
