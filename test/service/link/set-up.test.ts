// The link as the configuration builds it, and its metrics.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { FileError, readPem } from '../../../config/read-pem.ts';
import { linkFromConfig } from '../../../service/link/from-config.ts';
import { linkMetrics } from '../../../service/link/metrics.ts';
import { systemClock } from '../../../service/clock.ts';
import { silentLog } from '../../../service/log.ts';
import { hasOpenssl } from '../../support/programs.ts';
import { until } from '../arrange.ts';
import { polite, startFakeBroker } from '../fake-broker.ts';
import { certificates, temporaryFolder } from '../mosquitto.ts';

test('a file of certificates that cannot be read is named with its key', () => {
  expect(() => readPem('/nowhere/ca.pem', 'mqtt.caFile')).toThrow(
    new FileError('mqtt.caFile: the file /nowhere/ca.pem cannot be read (ENOENT). Name a readable PEM file'),
  );
});

test('the links of one process share their metrics, with a label for the role', async () => {
  const registry = new Registry();
  const [agent, worker] = ['agent', 'worker'].map((role) => linkMetrics(registry, role));
  agent?.connect();
  agent?.connect();
  worker?.connect();
  agent?.state('connected');
  worker?.state('standby');
  const text = await registry.metrics();
  for (const line of [
    'release_button_mqtt_connects_total{role="agent"} 2',
    'release_button_mqtt_connects_total{role="worker"} 1',
    'release_button_mqtt_connected{role="agent"} 1',
    'release_button_mqtt_connected{role="worker"} 0',
    'release_button_mqtt_standby{role="agent"} 0',
    'release_button_mqtt_standby{role="worker"} 1',
  ])
    expect(text).toContain(line);
});

test('a file without a certificate is named with its key', () => {
  const folder = temporaryFolder();
  const empty = join(folder, 'empty.pem');
  writeFileSync(empty, 'no certificate\n');
  expect(() => readPem(empty, 'mqtt.caFile')).toThrow(
    new FileError(
      `mqtt.caFile: the file ${empty} contains no certificate: name a file with the certificate of the authority in PEM (-----BEGIN CERTIFICATE-----)`,
    ),
  );
});

test.skipIf(!hasOpenssl)('a file with a certificate is read without a change', () => {
  const { ca, caFile } = certificates(temporaryFolder(), 'DNS:localhost');
  expect(readPem(caFile, 'mqtt.caFile')).toBe(ca);
});

test('a link from the configuration has a fixed client id, and connects to the given address', async () => {
  const broker = await startFakeBroker(polite);
  const mqtt = {
    topicPrefix: 'floor-2/button',
    keepAliveSeconds: 20,
    reconnectMinMs: 10,
    reconnectMaxMs: 20,
    username: 'somebody',
    password: 'something',
  };
  const link = linkFromConfig(
    { mqtt, url: broker.url, role: 'agent', id: 'hall' },
    { clock: systemClock(), log: silentLog(), random: Math.random },
  );
  onTestFinished(() => link.stop());
  link.start();
  await until(() => link.state.state === 'connected');
  const connect = broker.peers[0]?.packets[0]?.body.toString() ?? '';
  for (const value of ['floor-2/button-agent-hall', 'somebody', 'something'])
    expect(connect).toContain(value);
});
