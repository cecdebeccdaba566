// The embedded broker: where it listens, and its limits.
import { refused, section } from '../section.ts';
import { setting } from '../setting.ts';
import { flag, host, port, wholeNumber } from '../formats.ts';
import { isLoopback } from '../host.ts';

export const broker = section(
  {
    host: setting(host(), {
      doc: 'The address that the embedded broker listens on. An address that other machines can reach also needs allowAnonymousBeyondLoopback.',
      default: '127.0.0.1',
    }),
    port: setting(port(), { doc: 'The port for MQTT; 0: any free port.', default: 1883 }),
    allowAnonymousBeyondLoopback: setting(flag(), {
      doc: 'Allows a host that other machines can reach. Everybody who can reach the port can then press, because the embedded broker asks nobody for a password.',
      default: false,
    }),
    // 256 KiB: the largest message of the contract, a release with 100 applications, is much smaller.
    maximumPacketBytes: setting(wholeNumber(1024, 16_777_216), {
      doc: 'The broker does not read an MQTT packet that is larger, and closes the connection.',
      default: 262_144,
    }),
    maximumConnections: setting(wholeNumber(1, 100_000), {
      doc: 'How many clients may be connected at the same time.',
      default: 1000,
    }),
    connectTimeoutMs: setting(wholeNumber(100, 600_000), {
      doc: 'How long a new connection may take to send CONNECT.',
      default: 10_000,
    }),
    // At least 5: the discovery topics of Home Assistant have five levels. At most 100: Aedes accepts no more.
    maximumTopicLevels: setting(wholeNumber(5, 100), {
      doc: 'How many levels a topic may have.',
      default: 16,
    }),
    keepAliveLimitSeconds: setting(wholeNumber(0, 65_535), {
      doc: 'The longest keep-alive that a client may use; 0: any. An MQTT 3.1.1 client that wants a longer keep-alive, or none, is refused.',
      default: 3600,
    }),
    maximumSubscriptionsPerClient: setting(wholeNumber(10, 100_000), {
      doc: 'How many subscriptions one client may have. Home Assistant has several for each entity.',
      default: 5000,
    }),
  },
  ({ host: own, allowAnonymousBeyondLoopback }, { error }) => {
    if (own !== refused && !isLoopback(own) && allowAnonymousBeyondLoopback === false)
      error(
        ['host'],
        'is reachable from other machines, but the embedded broker asks for no password',
        'keep 127.0.0.1, or use a broker with passwords (mqtt.url). Set broker.allowAnonymousBeyondLoopback: true only if everybody who reaches the port may press',
      );
  },
);
