// How every process reaches the broker.
import { refused, section } from '../section.ts';
import { setting } from '../setting.ts';
import { mqttUrl, path, text, textThat, wholeNumber } from '../formats.ts';

const topicPrefix = textThat(
  (value) => value.length <= 64 && /^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/.test(value),
  'must be 1 to 64 characters from A-Z, a-z, 0-9, - and _, in levels separated by single slashes, without + # $',
  'write for example `release-button` or `building-7/release-button`',
);

export const mqtt = section(
  {
    url: setting(mqttUrl(), {
      doc: 'The broker, as mqtt://host:port or mqtts://host:port (encrypted). Not set: `start` runs the embedded broker, and every other process looks for a broker at mqtt://127.0.0.1:1883.',
      example: 'mqtts://broker.example:8883',
    }),
    topicPrefix: setting(topicPrefix, {
      doc: 'The beginning of all topics. Processes that work together need the same prefix.',
      default: 'release-button',
    }),
    username: setting(text(1024), { doc: 'The user name for the broker.', example: 'release-button' }),
    password: setting(text(4096), { doc: 'The password for the broker.', secret: true }),
    caFile: setting(path(), {
      doc: 'A PEM file with the CA certificates for checking the broker of an mqtts:// URL, in place of the well-known ones. Relative to the working directory.',
      certificates: true,
      example: './broker-ca.pem',
    }),
    keepAliveSeconds: setting(wholeNumber(1, 3600), {
      doc: 'After this long without traffic, the process sends a ping. Both sides notice a lost connection within one and a half times as long.',
      // After 22.5 s a light shows that its worker or its broker has stopped.
      default: 15,
    }),
    reconnectMinMs: setting(wholeNumber(10, 600_000), {
      doc: 'The wait before the first attempt to reconnect. It doubles with every failed attempt.',
      default: 1000,
    }),
    reconnectMaxMs: setting(wholeNumber(10, 3_600_000), {
      doc: 'The longest wait between two attempts to reconnect.',
      default: 60_000,
    }),
  },
  ({ reconnectMinMs, reconnectMaxMs, username, password }, { error }) => {
    if (reconnectMinMs !== refused && reconnectMaxMs !== refused && reconnectMinMs > reconnectMaxMs)
      error(
        ['reconnectMinMs'],
        `must not be more than mqtt.reconnectMaxMs (${reconnectMaxMs})`,
        'lower mqtt.reconnectMinMs or raise mqtt.reconnectMaxMs',
      );
    // MQTT 3.1.1, section 3.1.2.9: no password without a user name.
    if (password !== undefined && username === undefined)
      error(
        ['username'],
        'is not set, but mqtt.password is; MQTT 3.1.1 has no password without a user name',
        'set mqtt.username too',
      );
  },
);
