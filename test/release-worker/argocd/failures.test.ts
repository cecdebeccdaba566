// Requests without an answer: whether they may have had an effect, what to do, and that the token stays secret.
import { createServer, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { constants, createGzip, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ArgoCd } from '../../../release-worker/argocd/client.ts';
import { errorFromFailure } from '../../../release-worker/argocd/failures.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { listenForTest } from '../../support/listening.ts';
import { until } from '../../support/wait.ts';
import { clientOf, clientOfPlayed, secret, serve } from './playback.ts';
import { refusalOf } from './situations.ts';

const guestbook = { namespace: 'argocd', name: 'guestbook', project: 'default' };
const read = (argocd: ArgoCd) => refusalOf(argocd.get(guestbook));
const write = (argocd: ArgoCd) => refusalOf(argocd.sync(guestbook, { prune: false, infos: [] }));
const both = [read, write];

/** A server that does not speak HTTP. */
async function listen(onConnection: (socket: Socket) => void): Promise<{ port: number; server: Server }> {
  const server = createServer(onConnection);
  return { server, port: await listenForTest(server) };
}

describe('a server that is not reached', () => {
  it('nothing listens: certainly without effect', async () => {
    const { port, server } = await listen(() => {});
    await new Promise((resolve) => {
      server.close(resolve);
    });
    for (const ask of both) {
      const failure = await ask(clientOf(`http://127.0.0.1:${port}`));
      expect(failure.kind).toBe('unreachable');
      expect(failure.message).toMatch(/argocd\/guestbook at http:.*ECONNREFUSED.*Nothing listens there/);
    }
  });

  it('the name is not known', async () => {
    for (const ask of both) {
      const failure = await ask(clientOf('https://argocd.does-not-exist.invalid'));
      expect(failure.kind).toBe('unreachable');
      expect(failure.message).toMatch(/does-not-exist\.invalid.*(ENOTFOUND|EAI_AGAIN).*DNS of this machine/);
    }
  });

  it('TCP connects, but TLS does not in time', async () => {
    const { port } = await listen(() => {});
    for (const ask of both) {
      const failure = await ask(clientOf(`https://127.0.0.1:${port}`, { requestTimeoutMs: 100 }));
      expect(failure.kind).toBe('unreachable');
      expect(failure.message).toMatch(/ETIMEDOUT.*No connection in time.*firewalls/);
    }
  });

  it('it closes the connection during the TLS handshake', async () => {
    const { port } = await listen((socket) => socket.once('data', () => socket.destroy()));
    for (const ask of both)
      expect(await ask(clientOf(`https://127.0.0.1:${port}`))).toMatchObject({ kind: 'unreachable' });
  });

  it('it does not speak TLS', async () => {
    const { url } = await serve((response) => response.end('{}'));
    for (const ask of both) {
      const failure = await ask(clientOf(url.replace('http:', 'https:')));
      expect(failure.kind).toBe('unreachable');
      expect(failure.message).toMatch(/http:\/\/ instead of https:\/\//);
      expect(failure.message).not.toContain('\n');
    }
  });

  it('the token cannot be sent', async () => {
    const { url, asked } = await serve((response) => response.end('{}'));
    for (const ask of both) {
      const failure = await ask(clientOf(url, { token: `${secret}\n${secret}` }));
      expect(failure.kind).toBe('unreachable');
      expect(failure.message).toMatch(/token contains a character/);
      expect(failure.message).not.toContain(secret);
    }
    expect(asked).toEqual([]);
  });

  it('a read that waits too long for a connection was never sent, and a sync does not wait behind it', async () => {
    const { url, asked } = await serve((response, { method }) => {
      if (method === 'POST') response.writeHead(503).end();
    });
    const argocd = clientOf(url);
    const hanging = Array.from({ length: 20 }, () => argocd.get(guestbook).catch(() => {}));
    await until('20 requests under way', () => asked.length === 20);
    const waiting = await refusalOf(argocd.get(guestbook, undefined, 100));
    expect(waiting.kind).toBe('unreachable');
    expect(await write(argocd)).toMatchObject({ kind: 'unavailable' });
    expect(asked).toHaveLength(21);
    argocd.stop();
    await Promise.all(hanging);
  });

  it('reads that wait for a connection fail when no connection can be made any more', async () => {
    const { url, asked, server } = await serve(() => {});
    const argocd = clientOf(url, { requestTimeoutMs: 3_600_000 });
    const reads = Array.from({ length: 50 }, () => read(argocd));
    await until('20 requests under way', () => asked.length === 20);
    server.close();
    server.closeAllConnections();
    const kinds = (await Promise.all(reads)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'unsure')).toHaveLength(20);
    expect(kinds.filter((kind) => kind === 'unreachable')).toHaveLength(30);
  });

  it('says so even if the attempts at several addresses failed together, an error without a message', () => {
    const failure = { code: 'ECONNREFUSED', message: '', sent: false, changes: false };
    expect(errorFromFailure('list', { server: 'http://localhost:1' }, failure).message).toMatch(
      /^could not list at http:\/\/localhost:1 \(ECONNREFUSED\)\. Nothing listens/,
    );
  });
});

describe('a sync that is held back in an open connection', () => {
  const request = { prune: false, infos: [] };
  const held = () => {
    let go = () => {};
    let refuse: (error: Error) => void = () => {};
    const ready = new Promise<void>((resolve, reject) => {
      go = resolve;
      refuse = reject;
    });
    let called = false;
    return {
      ready: () => {
        called = true;
        return ready;
      },
      called: () => called,
      go,
      refuse,
    };
  };

  it('connects in the meantime without sending a byte; its time limit starts when it is released', async () => {
    let connections = 0;
    let bytes = '';
    const { port } = await listen((socket) => {
      connections += 1;
      socket.on('data', (chunk) => {
        bytes += chunk.toString();
        if (bytes.endsWith('}')) socket.end('HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n');
      });
    });
    const clock = createFakeClock();
    const { ready, called, go } = held();
    const argocd = clientOf(`http://127.0.0.1:${port}`, { clock, requestTimeoutMs: 1_000 });
    const asking = refusalOf(argocd.sync(guestbook, request, ready));
    await until('the connection', () => called() && connections === 1);
    clock.advance(60_000);
    expect(bytes).toBe('');
    go();
    expect(await asking).toMatchObject({ kind: 'unavailable' });
    expect(bytes).toMatch(/^POST .*content-length: \d+\r\n.*\{"name":"guestbook"/is);
  });

  it('is not sent if it is stopped, and fails with the error that stopped it', async () => {
    const { url, asked } = await serve((response) => response.end('{}'));
    const { ready, called, refuse } = held();
    const argocd = clientOf(url);
    const asking = argocd.sync(guestbook, request, ready);
    await until('the question', called);
    const why = new Error('another has taken over');
    refuse(why);
    await expect(asking).rejects.toBe(why);
    expect(asked).toEqual([]);
  });

  it('certainly has no effect if the server closes the connection in the meantime', async () => {
    const { port } = await listen((socket) => socket.end());
    const { ready, go } = held();
    const failure = await refusalOf(clientOf(`http://127.0.0.1:${port}`).sync(guestbook, request, ready));
    expect(failure).toMatchObject({ kind: 'unreachable' });
    go();
  });

  it('is not sent if the server has answered before it', async () => {
    let bytes = '';
    let socketEnded = false;
    const { port } = await listen((socket) => {
      socket.on('data', (chunk) => (bytes += chunk.toString()));
      socket.on('close', () => (socketEnded = true));
      socket.write('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n');
    });
    const { ready, go } = held();
    const failure = await refusalOf(clientOf(`http://127.0.0.1:${port}`).sync(guestbook, request, ready));
    expect(failure).toMatchObject({ kind: 'unreachable' });
    go();
    await until('the end of the connection', () => socketEnded);
    expect(bytes).toBe('');
  });

  it('is aborted by a stop', async () => {
    const { url, asked } = await serve((response) => response.end('{}'));
    const { ready, go } = held();
    const argocd = clientOf(url);
    const asking = refusalOf(argocd.sync(guestbook, request, ready));
    argocd.stop();
    expect(await asking).toMatchObject({ kind: 'unreachable' });
    go();
    await clientOf(url)
      .probe()
      .catch(() => {});
    expect(asked.map(({ method }) => method)).toEqual(['GET']);
  });

  it('may have had an effect once it was released', async () => {
    const { port } = await listen((socket) => socket.once('data', () => socket.destroy()));
    const failure = await refusalOf(
      clientOf(`http://127.0.0.1:${port}`).sync(guestbook, request, () => Promise.resolve()),
    );
    expect(failure).toMatchObject({ kind: 'unsure' });
  });
});

describe('a server that is reached and does not answer', () => {
  it('a request that times out may have had an effect', async () => {
    const { url, asked } = await serve(() => {});
    for (const [index, ask] of both.entries()) {
      const clock = createFakeClock();
      const asking = ask(clientOf(url, { clock, requestTimeoutMs: 100 }));
      await until('the request', () => asked.length === index + 1);
      clock.advance(100);
      const failure = await asking;
      expect(failure.kind).toBe('unsure');
      expect(failure.message).toMatch(/ETIMEDOUT.*requestTimeoutMs/);
    }
    expect(asked).toHaveLength(2);
  });

  it('an unanswered refresh ends at its own time limit', async () => {
    const { argocd } = await clientOfPlayed('controller-down-refresh');
    const payments = { ...guestbook, name: 'payments' };
    expect(await refusalOf(argocd.get(payments, 'normal', 100))).toMatchObject({ kind: 'unsure' });
  });

  it.each([
    ['before the answer', ''],
    ['within the head', 'HTTP/1.1 200 OK\r\nContent-Ty'],
    ['after the head', 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n'],
    [
      'within the body',
      'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"metadata"',
    ],
    [
      'within chunks',
      'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"met\r\n',
    ],
  ])('hangs up %s', async (_, sent) => {
    const { port } = await listen((socket) => socket.once('data', () => socket.end(sent)));
    for (const ask of both)
      expect(await ask(clientOf(`http://127.0.0.1:${port}`))).toMatchObject({ kind: 'unsure' });
  });

  it('closes the connection within a compressed body', async () => {
    const body = gzipSync('x'.repeat(100_000));
    const { url } = await serve((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.write(body.subarray(0, body.length / 2), () => response.destroy());
    });
    for (const ask of both) expect(await ask(clientOf(url))).toMatchObject({ kind: 'unsure' });
  });

  it('does not speak HTTP: a read finds no Argo CD, and a sync may have had an effect', async () => {
    const { port } = await listen((socket) => socket.once('data', () => socket.end('220 mail.example\r\n')));
    const url = `http://127.0.0.1:${port}`;
    const failure = await read(clientOf(url));
    expect(failure.kind).toBe('not-argocd');
    expect(failure.message).toMatch(/HPE_.*does not speak HTTP/);
    expect(await write(clientOf(url))).toMatchObject({ kind: 'unsure' });
  });
});

describe('an answer without end', () => {
  it('is aborted when it is larger than any valid answer, compressed or not', async () => {
    const zeros = Buffer.alloc(4_194_304, ' ');
    const { url, connections } = await serve((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      const gzip = createGzip({ level: constants.Z_BEST_SPEED });
      gzip.pipe(response);
      const more = (): void => {
        if (!response.destroyed) gzip.write(zeros, () => setImmediate(more));
      };
      more();
    });
    const failure = await refusalOf(clientOf(url).list());
    expect(failure.kind).toBe('not-argocd');
    expect(failure.message).toMatch(
      /more than 134217728 bytes\. A list contains whole specifications, including inline Helm values: .* fewer applications/,
    );
    expect(await write(clientOf(url))).toMatchObject({ kind: 'unsure' });
    await until('the connections to be closed', () => connections() === 0);
  });
});

describe('stopping', () => {
  it('aborts running requests, refuses new ones, and leaves no connection', async () => {
    const { url, asked, connections } = await serve(() => {});
    const argocd = clientOf(url);
    const pending = [read(argocd), write(argocd)];
    const iterator = argocd.openStream(new AbortController().signal)[Symbol.asyncIterator]();
    const stream = refusalOf(Promise.resolve(iterator.next()));
    await until('all three under way', () => asked.length === 3);
    argocd.stop();
    argocd.stop();
    expect((await Promise.all(pending)).map(({ kind }) => kind)).toEqual(['unsure', 'unsure']);
    expect(await stream).toMatchObject({ kind: 'unsure' });
    for (const ask of both) expect(await ask(argocd)).toMatchObject({ kind: 'unreachable' });
    const late = argocd.openStream(new AbortController().signal)[Symbol.asyncIterator]();
    await expect(late.next()).rejects.toThrow(/could not open the event stream/);
    await until('all connections to be closed', () => connections() === 0);
    expect(asked).toHaveLength(3);
  });
});

describe('the token', () => {
  it.each([
    ['a refusal', 'http', 401],
    ['a time-out', 'http', 0],
    ['a connection that does not come about', 'https', 0],
  ])('is in nothing that %s carries', async (_, scheme, status) => {
    const { url } = await serve((response) => {
      if (status > 0)
        response.writeHead(status, { 'content-type': 'text/event-stream' }).end('data: {} \n\n');
    });
    const argocd = clientOf(url.replace('http', scheme), { requestTimeoutMs: 100 });
    const iterator = argocd.openStream(AbortSignal.timeout(100))[Symbol.asyncIterator]();
    const failures = [await read(argocd), await write(argocd), await refusalOf(iterator.next())];
    for (const failure of failures) {
      expect(failure.cause).toBeUndefined();
      const shown = [
        inspect(failure, { depth: Infinity, showHidden: true }),
        JSON.stringify(failure),
        failure.stack,
        String(failure),
      ].join('\n');
      expect(shown).toContain('ArgoCdError');
      expect(shown).not.toContain(secret);
    }
    expect(inspect(argocd, { depth: Infinity, showHidden: true })).not.toContain(secret);
  });
});
