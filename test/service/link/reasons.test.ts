// Why there is no connection: the words for people in the state, in the log and at /healthz.
import { createServer } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createHealth } from '../../../service/health.ts';
import { systemClock } from '../../../service/clock.ts';
import type { LinkOptions } from '../../../service/link/link.ts';
import { startBroker } from '../../broker/brokers.ts';
import { hasMosquittoBroker, hasOpenssl } from '../../support/programs.ts';
import { pressAddress, testLink, until } from '../arrange.ts';
import { hurriedClock } from '../../support/hurried-clock.ts';
import { listenForTest } from '../../support/listening.ts';
import { startFakeBroker, types } from '../fake-broker.ts';
import { freePort } from '../../support/ports.ts';
import { certificates, passwordFile, startMosquitto, temporaryFolder } from '../mosquitto.ts';

/** The first reason that the link gives; /healthz must say the same. */
async function reason(url: string, changed: Partial<LinkOptions> = {}): Promise<string> {
  const health = createHealth(systemClock());
  const { link, states, lines } = testLink(url, { health, ...changed });
  link.start();
  await until(() => states.length > 1);
  const message = states[1]?.message ?? '';
  expect(states[1]?.state).toBe('connecting');
  expect(health.report()).toMatchObject({
    status: 'failing',
    checks: { 'mqtt-worker': { ok: false, message: expect.stringContaining('next try') as unknown } },
  });
  expect(lines.join('')).toContain(JSON.stringify(message).slice(1, -1));
  expect(message).toMatch(/; next try (with MQTT 3\.1\.1 )?(in [\d.]+ s|at once)$/);
  return message.replace(/; next try .*/, '');
}

test('nothing listens', async () => {
  const port = await freePort();
  expect(await reason(`mqtt://127.0.0.1:${port}`)).toBe(
    `the broker at mqtt://127.0.0.1:${port} cannot be reached: nothing listens there (ECONNREFUSED); is the broker running, and is mqtt.url right?`,
  );
});

test('nothing listens on any address of a name', async () => {
  const port = await freePort();
  expect(await reason(`mqtt://localhost:${port}`)).toContain('nothing listens there (ECONNREFUSED)');
});

test('the host name is unknown', async () => {
  expect(await reason('mqtt://no-such-host.invalid:1883')).toMatch(
    /the host name no-such-host\.invalid cannot be resolved \((ENOTFOUND|EAI_AGAIN)\); is mqtt\.url right/,
  );
});

test('an HTTP server listens', async () => {
  const port = await listenForTest(createServer((_, response) => response.end()));
  expect(await reason(`mqtt://127.0.0.1:${port}`)).toMatch(
    /^the server at mqtt:\/\/127\.0\.0\.1:\d+ (answered with something that is not MQTT|closed the connection without an MQTT answer).*: is it an MQTT broker, and are the port and the scheme of mqtt\.url right/,
  );
});

test('a server accepts the connection and never answers', async () => {
  const broker = await startFakeBroker(() => {});
  expect(await reason(broker.url, { clock: hurriedClock(100) })).toContain('did not answer within 10 s');
});

test('credentials in the URL are not shown', async () => {
  const port = await freePort();
  const message = await reason(`mqtt://somebody:verysecret@127.0.0.1:${port}`);
  expect(message).toContain(`mqtt://127.0.0.1:${port}`);
  expect(message).not.toMatch(/somebody|verysecret/);
});

test('also not shown when all is well, at /healthz or in the log', async () => {
  const { port } = await startBroker();
  const health = createHealth(systemClock());
  const {
    link,
    lines,
    until: untilState,
  } = testLink(`mqtt://somebody:verysecret@127.0.0.1:${port}`, { health });
  link.start();
  await untilState('connected');
  expect(health.report().checks['mqtt-worker']).toMatchObject({ ok: true });
  expect(`${lines.join('')}${JSON.stringify(health.report())}`).not.toMatch(/verysecret/);
});

test.each([
  [0x85, 'it does not accept the client id; check mqtt.topicPrefix'],
  [0x88, 'it is not available now; wait, or read the log of the broker'],
  [0x97, 'it has too many connections already'],
  [0x9c, 'code 0x9c; the log of the broker may say more'],
])('the broker refuses with reason code %s', async (code, words) => {
  const broker = await startFakeBroker(({ type }, peer) => {
    if (type === types.connect) peer.send(0x20, 3, 0, code, 0);
  });
  expect(await reason(broker.url)).toContain(`the broker at ${broker.url} refused the connection: ${words}`);
});

describe.skipIf(!hasMosquittoBroker)('a real Mosquitto', () => {
  test('wrong and missing password, over MQTT 5 and over 3.1.1', async () => {
    const folder = temporaryFolder();
    const file = passwordFile(folder, 'button', 'right');
    const { url } = await startMosquitto(['allow_anonymous false', `password_file ${file}`]);
    const remedy = 'set mqtt.username and mqtt.password (RELEASE_BUTTON_MQTT_PASSWORD, or _FILE)';
    const wrong = await reason(url, { username: 'button', password: 'wrong-one' });
    expect(wrong).toContain('refused the connection: not authorised');
    expect(wrong).toContain(remedy);
    expect(wrong).not.toContain('wrong-one');
    expect(await reason(url)).toContain(remedy);
    const { link, until: untilState } = testLink(url, { username: 'button', password: 'right' });
    link.start();
    await untilState('connected');
  });

  test('wrong password with a broker that only speaks 3.1.1', async () => {
    const broker = await startFakeBroker(({ type }, peer) => {
      if (type === types.connect) peer.send(0x20, 2, 0, peer.version === 5 ? 1 : 4);
    });
    const { link, states } = testLink(broker.url);
    link.start();
    await until(() => states.length > 2);
    expect(states[1]?.message).toContain('next try with MQTT 3.1.1 at once');
    expect(states[2]?.message).toContain(
      'refused the connection: wrong user name or password; set mqtt.username',
    );
  });

  test('a paused broker is noticed by the keep-alive, and the link reconnects when it continues', async () => {
    const mosquitto = await startMosquitto(['allow_anonymous true']);
    const { link, states, until: untilState } = testLink(mosquitto.url, { keepAliveSeconds: 1 });
    link.start();
    await untilState('connected');
    mosquitto.signal('SIGSTOP');
    await untilState('connecting');
    expect(states.at(-1)?.message).toContain('no longer answers (no reply to a keep-alive ping)');
    mosquitto.signal('SIGCONT');
    await untilState('connected');
  });
});

describe.skipIf(!hasMosquittoBroker || !hasOpenssl)('an encrypted connection', () => {
  const tls = async (names: string) => {
    const folder = temporaryFolder();
    const made = certificates(folder, names);
    const { port } = await startMosquitto([
      'allow_anonymous true',
      `certfile ${made.certFile}`,
      `keyfile ${made.keyFile}`,
    ]);
    return { ...made, port };
  };

  test.each(['localhost', '127.0.0.1'])('works with a private authority, to %s', async (host) => {
    const { ca, port } = await tls('DNS:localhost,IP:127.0.0.1');
    const warnings: string[] = [];
    const onWarning = (warning: Error) => warnings.push(warning.message);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    const { link, until: untilState } = testLink(`mqtts://${host}:${port}`, { ca });
    link.start();
    await untilState('connected');
    await link.stop();
    expect(warnings).toEqual([]);
  });

  test('names the remedy if the authority is unknown or another one, or if there is no certificate', async () => {
    const { port } = await tls('DNS:localhost,IP:127.0.0.1');
    const remedy = 'set mqtt.caFile to the certificate (PEM) of the authority that signed it';
    const other = certificates(temporaryFolder(), 'DNS:localhost');
    for (const ca of [other.ca, 'no certificate', undefined]) {
      const message = await reason(`mqtts://localhost:${port}`, ca === undefined ? {} : { ca });
      expect(message).toContain(`no encrypted connection to the broker at mqtts://localhost:${port}`);
      expect(message).toContain(remedy);
    }
  });

  test('names the remedy if the certificate is for another name', async () => {
    const { ca, port } = await tls('DNS:broker.example');
    expect(await reason(`mqtts://localhost:${port}`, { ca })).toContain(
      'its certificate is for another name (ERR_TLS_CERT_ALTNAME_INVALID); write the host in mqtt.url as the certificate names it',
    );
  });

  test('names the remedy if the scheme is wrong, in both directions', async () => {
    const { ca, port } = await tls('DNS:localhost');
    expect(await reason(`mqtt://localhost:${port}`)).toContain('mqtt:// plain, mqtts:// encrypted');
    const plain = await startBroker();
    expect(await reason(`mqtts://127.0.0.1:${plain.port}`, { ca, clock: hurriedClock(10) })).toContain(
      'does this port use TLS? If not, write mqtt:// in mqtt.url',
    );
  });

  test('a press that a paused broker does not acknowledge also breaks the connection', async () => {
    const folder = temporaryFolder();
    const made = certificates(folder, 'DNS:localhost');
    const mosquitto = await startMosquitto([
      'allow_anonymous true',
      `certfile ${made.certFile}`,
      `keyfile ${made.keyFile}`,
    ]);
    const { link, until: untilState } = testLink(`mqtts://localhost:${mosquitto.port}`, { ca: made.ca });
    link.start();
    await untilState('connected');
    await link.subscribed();
    mosquitto.signal('SIGSTOP');

    expect(await link.publishNow(pressAddress, { id: 'one' }, { timeoutMs: 50 })).toBe('timed-out');
    await untilState('connecting');
    mosquitto.signal('SIGCONT');
    await untilState('connected');
  });
});
