// Answers of other servers than Argo CD, and of proxies in front of it, become errors of the right kind, with messages that
// a person can act on. For the refusals of Argo CD itself see `contract/`.
import { describe, expect, it } from 'vitest';
import type { ArgoCd } from '../../../release-worker/argocd/client.ts';
import { ArgoCdError } from '../../../release-worker/argocd/errors.ts';
import { hurriedClock } from '../../support/hurried-clock.ts';
import { answeredAs, bodyText, clientOf, secret, serve, type Answer } from './playback.ts';
import { recording } from './recordings.ts';
import { refusalOf } from './situations.ts';

const guestbook = { namespace: 'argocd', name: 'guestbook', project: 'default' };
const nothing = { prune: false, infos: [] };
const revision = '775f821e07a9223a9d0996d95f65dbf4d030f770';

const html = { 'content-type': 'text/html' };
const json = { 'content-type': 'application/json' };
const page = '<html><body><h1>Welcome</h1></body></html>';

function answers(status: number, headers: Record<string, string>, body: string): Answer {
  return (response) => {
    response.writeHead(status, headers).end(body);
  };
}

const asks: Record<string, (argocd: ArgoCd) => Promise<unknown>> = {
  version: (argocd) => argocd.version(),
  account: (argocd) => argocd.account(),
  list: (argocd) => argocd.list(),
  get: (argocd) => argocd.get(guestbook),
  sync: (argocd) => argocd.sync(guestbook, nothing),
  maySync: (argocd) => argocd.maySync(guestbook),
  maySyncAll: (argocd) => argocd.maySyncAll('default'),
  syncWindows: (argocd) => argocd.syncWindows(guestbook),
  projectWindows: (argocd) => argocd.projectWindows('default'),
  revisionMetadata: (argocd) => argocd.revisionMetadata(guestbook, revision),
};

describe('what is not Argo CD', () => {
  it.each([
    ['a web page', answers(200, html, page)],
    ['a web page that is not found', answers(404, html, page)],
    ['the 404 of an unknown path', answeredAs('unknown-path')],
    ['the 404 outside of the API', answeredAs('unknown-path-outside-api')],
    ['the 405 of a method that is not allowed', answeredAs('method-not-allowed')],
    ['health, which needs no API', answeredAs('healthz')],
    ['a directory listing', answeredAs('root')],
    [
      'an API gateway without a route',
      answers(404, json, '{"message":"no Route matched with those values"}'),
    ],
    [
      'plain HTTP on a TLS port',
      answers(400, { 'content-type': 'text/plain' }, 'Client sent an HTTP request'),
    ],
    ['another API that is asked wrongly', answers(400, json, '{"message":"unknown parameter"}')],
    ['no content', answers(204, {}, '')],
  ])('%s', async (_, answer) => {
    const { url } = await serve(answer);
    for (const [name, ask] of Object.entries(asks)) {
      const refusal = await refusalOf(ask(clientOf(url)));
      expect({ name, kind: refusal.kind }).toEqual({ name, kind: 'not-argocd' });
      expect(refusal.message).toMatch(/argocd\.server.*--rootpath/);
    }
  });

  it.each([
    ['JSON of another API', '["a","b"]'],
    [
      'an object of another API',
      '{"items":"none","value":1,"Version":7,"metadata":{},"loggedIn":"so","canSync":"?","spec":"?","author":1}',
    ],
    ['an empty body', ''],
    ['JSON that is cut off', bodyText(recording('get-one').response.body).slice(0, 200)],
    ['null', 'null'],
  ])('%s is not taken for an answer, and leaves it open whether a sync happened', async (_, body) => {
    const { url } = await serve(answers(200, json, body));
    for (const [name, ask] of Object.entries(asks)) {
      const refusal = await refusalOf(ask(clientOf(url)));
      expect({ name, kind: refusal.kind }).toEqual({ name, kind: name === 'sync' ? 'unsure' : 'not-argocd' });
      expect(refusal.message).toMatch(/not Argo CD's.*argocd\.server/);
    }
  });

  it('an application without its operation does not confirm a sync', async () => {
    const { url } = await serve(answers(200, json, bodyText(recording('get-one').response.body)));
    expect(await refusalOf(clientOf(url).sync(guestbook, nothing))).toMatchObject({ kind: 'unsure' });
  });

  it.each([
    ['of another name', { name: 'payments' }],
    ['of that name in another namespace', { namespace: 'team-b' }],
  ])('an application %s is no answer, and leaves it open what was synced', async (_, other) => {
    const asked = { ...guestbook, ...other };
    const { url } = await serve((response, request) =>
      answeredAs(request.method === 'POST' ? 'sync-ok-with-infos' : 'get-one')(response, request),
    );
    const read = await refusalOf(clientOf(url).get(asked));
    expect(read.kind).toBe('not-argocd');
    expect(read.message).toMatch(/argocd\/guestbook instead/);
    expect(await refusalOf(clientOf(url).sync(asked, nothing))).toMatchObject({ kind: 'unsure' });
  });

  it('names the member that does not fit', async () => {
    const { url } = await serve(answers(200, json, '{"items":[{"metadata":{"name":"a"}},{"metadata":{}}]}'));
    expect((await refusalOf(clientOf(url).list())).message).toContain('items.1.metadata.name');
  });
});

describe('gateways in front', () => {
  it.each([
    [500, 'unsure'],
    [502, 'unsure'],
    [503, 'unavailable'],
    [504, 'unsure'],
    [429, 'unavailable'],
    [408, 'unsure'],
    [403, 'forbidden-or-missing'],
  ] as const)('HTTP %i with a web page is %s', async (status, kind) => {
    const { url } = await serve(answers(status, html, page));
    // Reads are retried, so this takes some time.
    const hurried = { clock: hurriedClock(100), requestTimeoutMs: 1_000_000 };
    for (const ask of Object.values(asks)) {
      const refusal = await refusalOf(ask(clientOf(url, hurried)));
      expect(refusal).toMatchObject({ kind, status });
      expect(refusal.message).toContain(`HTTP ${status}`);
      expect(refusal.message).not.toContain('<html>');
    }
  });

  it("a proxy's login page is not reported as a bad token", async () => {
    const { url } = await serve(answers(401, html, page));
    const refusal = await refusalOf(clientOf(url).list());
    expect(refusal.kind).toBe('unauthenticated');
    expect(refusal.message).toMatch(/proxy in front of Argo CD/);
  });

  it('a redirect to a login page is named without its secrets, and not followed', async () => {
    const login = { location: 'https://login.example/authorize?state=hidden&client_secret=hidden' };
    const { url, asked } = await serve(answers(302, login, ''));
    const refusal = await refusalOf(clientOf(url).list());
    expect(refusal).toMatchObject({ kind: 'not-argocd', status: 302 });
    expect(refusal.message).toContain('https://login.example');
    expect(refusal.message).not.toContain('hidden');
    expect(asked).toHaveLength(1);
  });
});

describe('texts of a server', () => {
  const long = `${secret}${'k'.repeat(100_000)}`;

  it.each([
    ['content type', { 'content-type': `text/html; ${secret}${'x'.repeat(5_000)}` }, page],
    [
      'members',
      json,
      JSON.stringify({
        items: [{ metadata: { name: 'a', labels: { [long]: 1 } } }],
        metadata: { name: 'guestbook', labels: { [long]: 1 } },
      }),
    ],
    ['names', json, JSON.stringify({ metadata: { name: long }, operation: {} })],
  ])('of what is no answer are shortened, without the token: %s', async (_, headers, body) => {
    const { url } = await serve(answers(200, headers, body));
    const argocd = clientOf(url);
    const reads = body.includes('"items"') || body === page ? [() => argocd.list()] : [];
    for (const ask of [...reads, () => argocd.get(guestbook), () => argocd.sync(guestbook, nothing)]) {
      const { message } = await refusalOf(ask());
      expect(message.length).toBeLessThan(800);
      expect(message).not.toContain(secret);
    }
  });

  it('are truncated in a version', async () => {
    const { url } = await serve(answers(200, json, JSON.stringify({ Version: `v3.6.0+${long}` })));
    const { version } = await clientOf(url).version();
    expect(version).toMatch(/^v3\.6\.0\+/);
    expect(version.length).toBeLessThan(200);
  });

  it('are truncated and put on one line', async () => {
    const message = `first\n\tsecond ${'long '.repeat(1000)}`;
    const { url } = await serve(answers(500, json, JSON.stringify({ error: message, code: 2, message })));
    const refusal = await refusalOf(clientOf(url).list());
    expect(refusal.message).toContain('first second long');
    expect(refusal.message.length).toBeLessThan(500);
    expect(refusal.message).not.toMatch(/[\n\t]/);
  });

  it.each([400, 401, 403, 404, 500, 503])(
    'of a server that repeats the request do not show the token (HTTP %i)',
    async (status) => {
      const { url } = await serve((response, asked) => {
        const message = `rejected: ${asked.headers.authorization ?? ''}`;
        response.writeHead(status, json).end(JSON.stringify({ error: message, code: 2, message }));
      });
      for (const ask of Object.values(asks)) {
        const refusal = await refusalOf(ask(clientOf(url, { clock: hurriedClock(10) })));
        expect(refusal).toBeInstanceOf(ArgoCdError);
        expect(refusal.message).not.toContain(secret);
      }
    },
  );
});
