// A whole worker with an Argo CD behind TLS with a private CA.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasOpenssl } from '../support/programs.ts';
import { worldOf } from '../support/argocd-control.ts';
import { tlsRelay } from '../support/tls-relay.ts';
import { until } from '../support/wait.ts';
import { createCertificates, type Certificates } from './argocd/certificates.ts';
import { simulatedArgoCd } from './support/argocd.ts';
import { onBroker, startWorker, stateDirectory, workerConfig } from './support/worker.ts';

const shop = { name: 'shop', drifted: true, syncMs: 20 };

describe.skipIf(!hasOpenssl)('Argo CD behind TLS (skipped without openssl)', () => {
  let certificates: Certificates;
  beforeAll(() => {
    certificates = createCertificates();
    for (const authority of ['ca', 'other-ca']) certificates.selfSigned(authority, 'DNS:ca.example');
    certificates.signed('server', 'ca', 'IP:127.0.0.1', 2);
    certificates.signed('renewed', 'other-ca', 'IP:127.0.0.1', 2);
    certificates.signed('expired', 'ca', 'IP:127.0.0.1', -1);
    certificates.signed('elsewhere', 'ca', 'DNS:argocd.example', 2);
  });
  afterAll(() => certificates.remove());

  /** @param ca whose certificate is in argocd.caFile */
  async function installation(identity: string, ca: string | undefined) {
    const { control } = await simulatedArgoCd(worldOf([shop]));
    const relay = await tlsRelay(control.url, certificates.pair(identity));
    const stateDir = stateDirectory();
    const caFile = join(stateDir, 'ca.pem');
    const trust = (name: string) => writeFileSync(caFile, certificates.pair(name).cert);
    if (ca !== undefined) trust(ca);
    const broker = await onBroker();
    const config = workerConfig(broker.url, relay.url, { stateDir });
    await startWorker({
      ...config,
      argocd: { ...config.argocd, ...(ca === undefined ? {} : { caFile }) },
    });
    return { ...broker, control, relay, trust };
  }

  it('is shown and released, with stream and sync over TLS', async () => {
    const { untilSignal, publish, result, control } = await installation('server', 'ca');
    await untilSignal('main', 'drifted');
    await publish('button/main/press', '{"id": "p1"}');
    expect(await result('main', 'p1')).toMatchObject({ outcome: 'accepted' });
    await untilSignal('main', 'succeeded');
    expect(await control.syncs()).toHaveLength(1);
    // From the stream: no list is due for minutes.
    await untilSignal('main', 'clear');
    await control.post('drift', { app: 'shop' });
    await untilSignal('main', 'drifted');
  });

  it.each([
    ['by another CA than the named one', 'server', 'other-ca', /argocd\.caFile/],
    ['by a CA that is not named', 'server', undefined, /argocd\.caFile/],
    ['that has expired', 'expired', 'ca', /CERT_HAS_EXPIRED.*clock/],
    ['for other names', 'elsewhere', 'ca', /ALTNAME.*argocd\.server/],
  ])(
    'with a certificate %s is unknown, with the remedy, and nothing is released',
    async (_, identity, ca, remedy) => {
      const { publish, result, latest, control } = await installation(identity, ca);
      await until('the reason', () => remedy.test(String(latest('button/main/signal')?.['reason'])));
      expect(latest('button/main/signal')).toMatchObject({ signal: 'unknown' });
      await publish('button/main/press', '{"id": "p1"}');
      expect(await result('main', 'p1')).toMatchObject({ outcome: 'rejected', reason: 'argocd-unreachable' });
      expect(await control.syncs()).toEqual([]);
    },
  );

  it('is known again after its certificate and argocd.caFile have changed, without a restart', async () => {
    const { untilSignal, relay, trust, publish, control } = await installation('server', 'ca');
    await untilSignal('main', 'drifted');
    await publish('button/main/press', '{"id": "p1"}');
    await untilSignal('main', 'clear');
    relay.change(certificates.pair('renewed'));
    await until('a refusal of the new certificate', () => relay.refusals() > 0);
    trust('other-ca');
    await control.post('drift', { app: 'shop' });
    await untilSignal('main', 'drifted');
    await publish('button/main/press', '{"id": "p2"}');
    await untilSignal('main', 'releasing');
    await until('the second sync', async () => (await control.syncs()).length === 2);
  });
});
