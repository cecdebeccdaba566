// A proxy in front of Argo CD that buffers the event stream: whole worker, real broker, real HTTP.
import { createServer, request as httpRequest } from 'node:http';
import { expect, it } from 'vitest';
import { createHealth } from '../../service/health.ts';
import { hurriedClock } from '../support/hurried-clock.ts';
import { listenForTest } from '../support/listening.ts';
import { until } from '../support/wait.ts';
import { simulatedArgoCd } from './support/argocd.ts';
import { newCommit, newestCommit, oldCommit } from './support/records.ts';
import { onBroker, startWorker, stateDirectory, workerConfig } from './support/worker.ts';

/** Passes everything on except the data of a stream, like a proxy that waits for its end. */
async function bufferingProxy(target: string): Promise<string> {
  const proxy = createServer((request, response) => {
    const { method, headers, url = '/' } = request;
    const isStream = url.startsWith('/api/v1/stream/');
    const onward = httpRequest(new URL(url, target), { method, headers, agent: false }, (answer) => {
      if (isStream) {
        answer.resume();
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  return `http://127.0.0.1:${await listenForTest(proxy)}`;
}

it('a newer commit of an application with several sources is shown, and a press releases it', async () => {
  const source = { repoURL: 'https://git.example/shop.git', path: '.', targetRevision: 'main' };
  const { control } = await simulatedArgoCd({
    repositories: [
      {
        url: source.repoURL,
        commits: [oldCommit, newCommit].map((revision) => ({
          revision,
          author: 'Robin',
          date: '2026-01-01T00:00:00Z',
          message: 'a change',
        })),
      },
    ],
    projects: [{ name: 'default' }],
    accounts: [{ name: 'button', get: ['*'], sync: ['*'] }],
    tokens: [{ token: 'simulated', account: 'button' }],
    applications: [
      {
        name: 'shop',
        sources: [source, source],
        resources: [{ kind: 'ConfigMap', name: 'shop' }],
        deployed: [oldCommit, oldCommit],
      },
    ],
  });
  const { url, latest, publish, result } = await onBroker();
  const clock = hurriedClock(20);
  await startWorker(
    workerConfig(url, await bufferingProxy(control.url), { stateDir: stateDirectory() }),
    new Map(),
    { clock, health: createHealth(clock) },
  );
  const target = () => JSON.stringify(latest('worker/main/app/argocd/shop')?.['target'] ?? '');
  await until('the first target', () => target().includes(`${newCommit},${newCommit}`));

  await control.post('drift', { app: 'shop', revision: newestCommit });
  await until('the newer target', () => target().includes(`${newestCommit},${newestCommit}`));
  await publish('button/main/press', '{"id": "p1"}');
  expect(await result('main', 'p1')).toMatchObject({ outcome: 'accepted' });
  const release = await until('the end of the release', () => latest('worker/main/release/last'));
  expect(release).toMatchObject({
    outcome: 'succeeded',
    apps: [{ to: `${newestCommit},${newestCommit}` }],
  });
});
