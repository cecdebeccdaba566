// What the composition root makes of the configured secrets and of a proxy in the environment.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { worldOf } from '../support/argocd-control.ts';
import { until } from '../support/wait.ts';
import { bodyText, serve } from './argocd/playback.ts';
import { recording } from './argocd/recordings.ts';
import { simulatedArgoCd } from './support/argocd.ts';
import { onBroker, startWorker, stateDirectory, workerConfig } from './support/worker.ts';

async function file(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'release-button-secret-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'secret'), text);
  return join(folder, 'secret');
}

it('a token that was replaced in its file after the start is used, and an Argo CD on this machine bypasses the proxy', async () => {
  for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY']) vi.stubEnv(name, 'http://127.0.0.1:1');
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const { control } = await simulatedArgoCd(worldOf([{ name: 'shop', drifted: true }]));
  const { url, untilSignal } = await onBroker();
  const config = workerConfig(url, control.url, { stateDir: stateDirectory() });
  await startWorker(
    { ...config, argocd: { ...config.argocd, token: 'out-of-date' } },
    new Map([['argocd.token', await file('simulated\n')]]),
  );
  await untilSignal('main', 'drifted');
});

it('name, password and headers are sent to Argo CD', async () => {
  const { url: server, asked } = await serve((response, { path }) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    if (path === '/api/v1/session') response.end('{"token":"of-the-session"}');
    else if (path.endsWith('/userinfo')) response.end('{"loggedIn":true,"username":"button"}');
    else if (path === '/api/version') response.end(bodyText(recording('version-with-token').response.body));
    else response.end('{"items":null}');
  });
  const { url } = await onBroker();
  const { argocd, ...config } = workerConfig(url, server, { stateDir: stateDirectory() });
  const { token: _, ...rest } = argocd;
  await startWorker({
    ...config,
    argocd: { ...rest, username: 'button', password: 'secret', headers: 'X-Gate: open\n' },
  });
  await until('the list', () => asked.some(({ path }) => path === '/api/v1/applications'));
  const { body, path } = asked[0] ?? {};
  expect([path, body]).toEqual(['/api/v1/session', '{"username":"button","password":"secret"}']);
  expect(asked.map(({ headers }) => headers['x-gate'])).toEqual(asked.map(() => 'open'));
  expect(asked.at(-1)?.headers.authorization).toBe('Bearer of-the-session');
});
