// Logging in with name and password: one session at a time, renewed before it expires. A wrong password is not tried again
// and again.
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { ArgoCd } from '../../../release-worker/argocd/client.ts';
import { fixedSecret, type SecretSource } from '../../../release-worker/argocd/secret-source.ts';
import { lifeOf } from '../../../release-worker/argocd/session.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { until } from '../../support/wait.ts';
import { follow } from './follow.ts';
import { keptLog } from './kept-log.ts';
import { nothingUnexpected } from './nothing-unexpected.ts';
import { bodyText, clientOf, serve, type Answer } from './playback.ts';
import { recording } from './recordings.ts';
import { refusalOf } from './situations.ts';

nothingUnexpected();

const guestbook = { namespace: 'argocd', name: 'guestbook', project: 'default' };
const json = { 'content-type': 'application/json' };
const password = 'pass "word" of the button';
const get = (argocd: ArgoCd) => argocd.get(guestbook);
const sync = (argocd: ArgoCd) => argocd.sync(guestbook, { prune: false, infos: [] });

function jwt(claims: unknown): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}.c2lnbmF0dXJl`;
}

function answerAs(name: string): Answer {
  const { status, body } = recording(name).response;
  return (response) => {
    response.writeHead(status ?? 500, json).end(bodyText(body));
  };
}

/** An Argo CD with sessions of one hour, which accepts only the last one. */
async function withSessions(
  options: {
    readonly login?: Answer;
    readonly password?: SecretSource<string>;
    readonly iat?: number;
    readonly requestTimeoutMs?: number;
  } = {},
) {
  const valid = new Set<string>();
  let login = options.login;
  let number = 0;
  const clock = createFakeClock();
  const served = await serve((response, asked) => {
    const { method, path, headers, body } = asked;
    if (path === '/api/v1/session') {
      if (login !== undefined) login(response, asked);
      else if (body !== JSON.stringify({ username: 'button', password }))
        answerAs('session-create-wrong-password')(response, asked);
      else {
        number += 1;
        const iat = options.iat ?? Math.floor(clock.now() / 1000);
        const token = jwt({ sub: 'button:login', iat, exp: iat + 3600, jti: `${number}` });
        valid.add(token);
        response.writeHead(200, json).end(JSON.stringify({ token }));
      }
    } else if (path === '/api/v1/session/userinfo')
      response
        .writeHead(200, json)
        .end(
          valid.has(headers.authorization?.slice(7) ?? '') ? '{"loggedIn":true,"username":"button"}' : '{}',
        );
    else if (!valid.has(headers.authorization?.slice(7) ?? ''))
      answerAs('list-expired-token')(response, asked);
    else if (path.includes('/stream/'))
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(':\n');
    else answerAs(method === 'POST' ? 'sync-ok-with-infos' : 'get-one')(response, asked);
  });
  const kept = keptLog();
  const { requestTimeoutMs = 10_000 } = options;
  const argocd = clientOf(served.url, {
    credentials: { username: 'button', password: options.password ?? fixedSecret(password) },
    clock,
    log: kept.log,
    requestTimeoutMs,
  });
  const count = (path: string) => served.asked.filter((each) => each.path.endsWith(path)).length;
  return {
    ...served,
    argocd,
    clock,
    kept,
    logins: () => count('/session'),
    syncs: () => count('/sync'),
    /** like a restart with another key */
    forget: () => valid.clear(),
    loginBy: (next: Answer | undefined) => {
      login = next;
    },
  };
}

/** A source that a test can change, like a file. */
function changing(start: string) {
  let value = start;
  return {
    source: { current: () => Promise.resolve(value), expire: () => {} },
    set: (next: string) => {
      value = next;
    },
  };
}

describe('a session', () => {
  it('is requested as recorded from Argo CD', async () => {
    const { argocd, asked } = await withSessions();
    await get(argocd);
    const { request } = recording('session-create-ok');
    expect(asked[0]).toMatchObject({ method: request.method, path: request.path });
    expect(asked[0]?.headers).toMatchObject({
      accept: 'application/json',
      'content-type': 'application/json',
    });
    const sent: unknown = JSON.parse(asked[0]?.body ?? '');
    expect(sent).toEqual({ username: 'button', password });
    expect(request.body).toEqual({ username: expect.any(String), password: expect.any(String) });
  });

  it('is shared by concurrent and later requests', async () => {
    const { argocd, logins } = await withSessions();
    await Promise.all([get(argocd), get(argocd), argocd.account(), sync(argocd), follow(argocd).end]);
    await get(argocd);
    expect(logins()).toBe(1);
  });

  it("is renewed after four fifths of its lifetime, whatever this machine's clock shows", async () => {
    const { argocd, logins, clock, asked } = await withSessions({ iat: 1_000_000_000 });
    await get(argocd);
    clock.advance(2_879_000);
    await get(argocd);
    expect(logins()).toBe(1);
    clock.advance(1_000);
    await get(argocd);
    expect(logins()).toBe(2);
    expect(asked.at(-1)?.headers.authorization).not.toBe(asked[1]?.headers.authorization);
  });

  it('that cannot be renewed is used until it expires, and the next attempt waits', async () => {
    const { argocd, logins, clock, kept, loginBy } = await withSessions();
    await get(argocd);
    loginBy((response) => response.writeHead(500, json).end('{"error":"x","code":2,"message":"x"}'));
    clock.advance(2_880_000);
    await get(argocd);
    await get(argocd);
    expect(logins()).toBe(2);
    expect(kept.count('warn')).toBe(1);
    loginBy(undefined);
    clock.advance(30_000);
    await get(argocd);
    expect(logins()).toBe(3);
  });

  it('that Argo CD has forgotten is replaced: a read and a sync are sent again', async () => {
    for (const ask of [get, sync]) {
      const { argocd, logins, clock, forget, asked } = await withSessions();
      await get(argocd);
      clock.advance(60_000);
      forget();
      await ask(argocd);
      expect(logins()).toBe(2);
      expect(asked).toHaveLength(5);
    }
  });

  it('that is forgotten is noticed by the request for the account, although the answer is 200', async () => {
    const { argocd, logins, clock, forget } = await withSessions();
    await get(argocd);
    clock.advance(60_000);
    forget();
    expect(await argocd.account()).toBe('button');
    expect(logins()).toBe(2);
  });

  it('that was accepted and is forgotten within a minute is replaced, but not each time', async () => {
    const { argocd, logins, forget } = await withSessions();
    await get(argocd);
    forget();
    await get(argocd);
    expect(logins()).toBe(2);
    forget();
    expect(await refusalOf(get(argocd))).toMatchObject({ kind: 'unauthenticated' });
    expect(logins()).toBe(2);
  });

  it('that is refused at once is not requested again and again', async () => {
    const { argocd, logins, clock, loginBy } = await withSessions();
    loginBy((response) => response.writeHead(200, json).end(JSON.stringify({ token: jwt({}) })));
    for (let round = 0; round < 5; round += 1) {
      const refusal = await refusalOf(get(argocd));
      expect(refusal).toMatchObject({ kind: 'unauthenticated' });
      expect(refusal.message).toMatch(/refuses the token of that session.*Authorization header/);
    }
    expect(logins()).toBe(1);
    clock.advance(30_000);
    await refusalOf(get(argocd));
    expect(logins()).toBe(2);
  });
});

describe('a wrong password', () => {
  it.each(['session-create-wrong-password', 'session-create-unknown-user'])(
    'is a refusal with a remedy, and what was to be sent is not (%s)',
    async (name) => {
      const { argocd, asked } = await withSessions({ login: answerAs(name) });
      const refusal = await refusalOf(sync(argocd));
      expect(refusal).toMatchObject({ kind: 'unauthenticated', status: 401 });
      expect(refusal.message).toMatch(
        /log in as button.*Invalid username or password.*argocd\.username and argocd\.password/,
      );
      expect(refusal.message).not.toMatch(/generate-token|ARGOCD_AUTH_TOKEN/);
      expect(asked.map(({ path }) => path)).toEqual(['/api/v1/session']);
    },
  );

  it('is tried at growing intervals, less than five times in 300 s', async () => {
    const { argocd, logins, clock } = await withSessions({ password: fixedSecret('wrong') });
    const at: number[] = [];
    for (let second = 0; second < 1_000; second += 5) {
      const before = logins();
      expect(await refusalOf(get(argocd))).toMatchObject({ kind: 'unauthenticated' });
      if (logins() > before) at.push(second);
      clock.advance(5_000);
    }
    expect(at).toEqual([0, 30, 90, 210, 450, 930]);
    expect((await follow(argocd).end).kind).toBe('unauthenticated');
  });

  it('that is corrected is tried at once', async () => {
    const { source, set } = changing('wrong');
    const { argocd, logins } = await withSessions({ password: source });
    await refusalOf(get(argocd));
    set(password);
    expect(await get(argocd)).toMatchObject({ name: 'guestbook' });
    expect(logins()).toBe(2);
  });
});

describe('a login that fails', () => {
  it.each<[string, Answer]>([
    [
      'the answer is 500',
      (response) => response.writeHead(500, json).end('{"code":2,"message":"x","error":"x"}'),
    ],
    ['the answer is 503', (response) => response.writeHead(503).end()],
    ['the answer is cut', (response) => response.destroy()],
    ['the answer is no token', (response) => response.writeHead(200, json).end('{"token":""}')],
  ])('leaves nothing to be unsure of, since no sync was sent: %s', async (_, login) => {
    const { argocd, syncs, logins } = await withSessions({ login });
    expect(await refusalOf(sync(argocd))).toMatchObject({ kind: 'unreachable' });
    expect([syncs(), logins()]).toEqual([0, 1]);
  });

  it('ends with the time limit of the request that waits for it', async () => {
    const { argocd, clock, logins, syncs } = await withSessions({ login: () => {} });
    const refusal = refusalOf(argocd.get(guestbook, undefined, 100));
    await until('the login', () => logins() === 1);
    clock.advance(100);
    expect((await refusal).message).toMatch(/get the application.*no token within 100 ms/);
    expect(syncs()).toBe(0);
  });

  it('ends when the client stops, and so does the stream', async () => {
    const { argocd, logins, connections } = await withSessions({ login: () => {} });
    const ends = [refusalOf(get(argocd)), refusalOf(sync(argocd)), follow(argocd).end];
    await until('the login', () => logins() === 1);
    argocd.stop();
    for (const { kind } of await Promise.all(ends)) expect(kind).toBe('unreachable');
    await until('the connection to be closed', () => connections() === 0);
  });
});

it('no message contains a password or a token', async () => {
  const echo: Answer = (response, asked) => {
    const message = `bad body: ${asked.body} ${asked.headers.authorization ?? ''}`;
    response.writeHead(400, json).end(JSON.stringify({ error: message, code: 3, message }));
  };
  const { argocd, kept, loginBy, asked, clock } = await withSessions();
  await get(argocd);
  loginBy(echo);
  const token = asked[1]?.headers.authorization?.slice(7) ?? '';
  clock.advance(3_000_000);
  await get(argocd);
  const other = await withSessions({ login: echo });
  const shown = [
    inspect(await refusalOf(get(other.argocd)), { depth: Infinity, showHidden: true }),
    inspect(argocd, { depth: Infinity, showHidden: true }),
    ...kept.lines,
    ...other.kept.lines,
  ].join('\n');
  expect(shown).toContain('bad body');
  expect(shown).not.toMatch(/of the button/);
  expect(token.length).toBeGreaterThan(50);
  expect(shown).not.toContain(token);
});

it.each<[string, string, number | undefined]>([
  ['by its own two time stamps', jwt({ iat: 100, exp: 160 }), 60_000],
  ['by the time of this machine where it has only one', jwt({ exp: 1_060 }), 60_000],
  ['not where it has none', jwt({ sub: 'button' }), undefined],
  ['not where it has ended already', jwt({ iat: 100, exp: 50 }), undefined],
  ['not where it is no number', jwt({ iat: 100, exp: 'never' }), undefined],
  ['not where it is no JWT', 'simulated', undefined],
  ['not where it is none inside', 'a.b.c', undefined],
])('how long a token lives is read %s', (_, token, ms) => {
  expect(lifeOf(token, 1_000_000)).toBe(ms);
});
