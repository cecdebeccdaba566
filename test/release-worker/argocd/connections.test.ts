// The connections of requests: which one is used, base paths, compression, and counting.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { clientOf, played, serve } from './playback.ts';
import { recording } from './recordings.ts';

const guestbook = { namespace: 'argocd', name: 'guestbook', project: 'default' };

describe('connections', () => {
  it('reads over one kept-alive connection, and posts over new ones', async () => {
    const { url, asked } = await serve((response, { method }) => {
      const name = method === 'POST' ? 'sync-ok-with-infos' : 'get-one';
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(recording(name).response.body));
    });
    const argocd = clientOf(url);
    for (let round = 0; round < 3; round += 1) {
      await argocd.get(guestbook);
      await argocd.sync(guestbook, { prune: false, infos: [] });
    }
    const over = (method: string) =>
      new Set(asked.filter((each) => each.method === method).map((each) => each.connection));
    expect(over('GET').size).toBe(1);
    expect(over('POST').size).toBe(3);
  });

  it('finds an Argo CD that is served below a path', async () => {
    const { url } = await serve(played('get-one', '/argo-cd'));
    for (const server of [`${url}/argo-cd`, `${url}/argo-cd/`])
      expect(await clientOf(server).get(guestbook)).toMatchObject({ name: 'guestbook' });
  });

  it('reads a compressed answer', async () => {
    const { url, asked } = await serve((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(gzipSync(JSON.stringify(recording('list-full-one-app').response.body)));
    });
    expect(await clientOf(url).list()).toMatchObject([{ name: 'guestbook' }]);
    expect(asked[0]?.headers['accept-encoding']).toContain('gzip');
  });

  it('counts answers by call and status, with 0 for none, and each retry', async () => {
    const counted: [string, number][] = [];
    const { url, server } = await serve(played('get-missing-with-project'));
    const argocd = clientOf(url, { onAnswer: (call, status) => counted.push([call, status]) });
    await argocd.get({ ...guestbook, name: 'no-such-app' }).catch(() => {});
    server.close();
    server.closeAllConnections();
    await argocd.version().catch(() => {});
    expect(counted).toEqual([
      ['get', 404],
      ['version', 0],
      ['version', 0],
      ['version', 0],
    ]);
  });
});
