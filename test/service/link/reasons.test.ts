// Why there is no connection: the text for people in the state, in the log and at /healthz.
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

/** The first reason that the link gives. /healthz must say the same. */
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

test('is that nothing listens', async () => {
  const port = await freePort();
  expect(await reason(`mqtt://127.0.0.1:${port}`)).toBe(
    `the broker at mqtt://127.0.0.1:${port} cannot be reached: nothing listens there (ECONNREFUSED); is the broker running, and is mqtt.url right?`,
  );
});

test('is that nothing listens on any address of a host name', async () => {
  const port = await freePort();
  expect(await reason(`mqtt://localhost:${port}`)).toContain('nothing listens there (ECONNREFUSED)');
});

test('is that the host name is unknown', async () => {
  expect(await reason('mqtt://no-such-host.invalid:1883')).toMatch(
    /the host name no-such-host\.invalid cannot be resolved \((ENOTFOUND|EAI_AGAIN)\); is mqtt\.url right/,
  );
});

test('is that an HTTP server listens', async () => {
  const port = await listenForTest(createServer((_, response) => response.end()));
  expect(await reason(`mqtt://127.0.0.1:${port}`)).toMatch(
    /^the server at mqtt:\/\/127\.0\.0\.1:\d+ (answered with something that is not MQTT|closed the connection without an MQTT answer).*: is it an MQTT broker, and are the port and the scheme of mqtt\.url right/,
  );
});

test('is that a server accepts the connection and never answers', async () => {
  const broker = await startFakeBroker(() => {});
  expect(await reason(broker.url, { clock: hurriedClock(100) })).toContain('did not answer within 10 s');
});

test('does not show credentials that are in the URL', async () => {
  const port = await freePort();
  const message = await reason(`mqtt://somebody:verysecret@127.0.0.1:${port}`);
  expect(message).toContain(`mqtt://127.0.0.1:${port}`);
  expect(message).not.toMatch(/somebody|verysecret/);
});

test('and neither do /healthz and the log while all is well', async () => {
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
])('is that the broker refuses with reason code %s', async (code, words) => {
  const broker = await startFakeBroker(({ type }, peer) => {
    if (type === types.connect) peer.send(0x20, 3, 0, code, 0);
  });
  expect(await reason(broker.url)).toContain(`the broker at ${broker.url} refused the connection: ${words}`);
});

describe.skipIf(!hasMosquittoBroker)('with a real Mosquitto, the reason', () => {
  test('is a wrong or missing password, over MQTT 5 and over 3.1.1', async () => {
    const folder = temporaryFolder();
    const file = passwordFile(folder, 'button', 'right');
    const { url } = await startMosquitto(['allow_anonymous false', `password_file ${file}`]);
    const remedy = 'set mqtt.username and mqtt.password (RELEASE_BUTTON_MQTT_PASSWORD, or _FILE)';
    const wrongPassword = await reason(url, { username: 'button', password: 'wrong-one' });
    expect(wrongPassword).toContain('refused the connection: not authorised');
    expect(wrongPassword).toContain(remedy);
    expect(wrongPassword).not.toContain('wrong-one');
    expect(await reason(url)).toContain(remedy);
    const { link, until: untilState } = testLink(url, { username: 'button', password: 'right' });
    link.start();
    await untilState('connected');
  });

  test('is a wrong password if the broker speaks only 3.1.1', async () => {
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

  test('is the keep-alive if the broker was paused, and the link reconnects when the broker continues', async () => {
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

describe.skipIf(!hasMosquittoBroker || !hasOpenssl)('on an encrypted connection, the link', () => {
  const tls = async (names: string) => {
    const folder = temporaryFolder();
    const identity = certificates(folder, names);
    const { port } = await startMosquitto([
      'allow_anonymous true',
      `certfile ${identity.certFile}`,
      `keyfile ${identity.keyFile}`,
    ]);
    return { ...identity, port };
  };

  test.each(['localhost', '127.0.0.1'])('connects with a private authority, to %s', async (host) => {
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

  test('names the remedy if the authority is unknown or wrong, or if there is no certificate', async () => {
    const { port } = await tls('DNS:localhost,IP:127.0.0.1');
    const remedy = 'set mqtt.caFile to the certificate (PEM) of the authority that signed it';
    const otherAuthority = certificates(temporaryFolder(), 'DNS:localhost');
    for (const ca of [otherAuthority.ca, 'no certificate', undefined]) {
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

  test('breaks the connection if a paused broker does not acknowledge a press', async () => {
    const folder = temporaryFolder();
    const identity = certificates(folder, 'DNS:localhost');
    const mosquitto = await startMosquitto([
      'allow_anonymous true',
      `certfile ${identity.certFile}`,
      `keyfile ${identity.keyFile}`,
    ]);
    const { link, until: untilState } = testLink(`mqtts://localhost:${mosquitto.port}`, { ca: identity.ca });
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
