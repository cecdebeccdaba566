// Extra headers for proxies in front of Argo CD: sent with every request, and shown in no message.
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { fixedSecret } from '../../../release-worker/argocd/secret-source.ts';
import { follow } from './follow.ts';
import { bodyText, clientOf, secret, serve } from './playback.ts';
import { recording } from './recordings.ts';
import { refusalOf } from './situations.ts';

const guestbook = { namespace: 'argocd', name: 'guestbook', project: 'default' };
const nothing = { prune: false, infos: [] };
const json = { 'content-type': 'application/json' };
const access = 'd1a5c0ffee-of-the-access-proxy';
const headers = fixedSecret([
  { name: 'cf-access-client-id', value: '1234.access' },
  { name: 'cf-access-client-secret', value: access },
]);

it('are sent with reads, syncs, logins and the stream, in addition to our own', async () => {
  const { url, asked } = await serve((response, { method, path }) => {
    if (path.includes('/stream/')) response.writeHead(200, { 'content-type': 'text/event-stream' }).end();
    else if (path === '/api/v1/session') response.writeHead(200, json).end(JSON.stringify({ token: secret }));
    else
      response
        .writeHead(200, json)
        .end(bodyText(recording(method === 'POST' ? 'sync-ok-with-infos' : 'get-one').response.body));
  });
  const credentials = { username: 'button', password: fixedSecret('password') };
  const argocd = clientOf(url, { headers, credentials });
  await argocd.get(guestbook);
  await argocd.sync(guestbook, nothing);
  await follow(argocd).end;
  expect(asked.map(({ path }) => path)).toEqual([
    '/api/v1/session',
    '/api/v1/applications/guestbook',
    '/api/v1/applications/guestbook/sync',
    '/api/v1/stream/applications',
  ]);
  for (const each of asked)
    expect(each.headers).toMatchObject({
      'cf-access-client-id': '1234.access',
      'cf-access-client-secret': access,
    });
  for (const each of asked.slice(1)) expect(each.headers.authorization).toBe(`Bearer ${secret}`);
  expect(asked[0]?.headers.authorization).toBeUndefined();
});

it.each([400, 401, 403, 404, 500])('are not shown if a server repeats them (HTTP %i)', async (status) => {
  const { url } = await serve((response, asked) => {
    const message = `headers were ${inspect(asked.headers)}`;
    response.writeHead(status, json).end(JSON.stringify({ error: message, code: 2, message }));
  });
  const argocd = clientOf(url, { headers });
  const refusals = [
    await refusalOf(argocd.get(guestbook)),
    await refusalOf(argocd.sync(guestbook, nothing)),
    await follow(argocd).end,
  ];
  for (const refusal of refusals) expect(inspect(refusal, { depth: Infinity })).not.toContain('c0ffee');
  expect(inspect(argocd, { depth: Infinity, showHidden: true })).not.toContain('c0ffee');
});
