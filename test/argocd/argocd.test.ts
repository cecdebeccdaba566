// What the Argo CD of the tests does beyond the recordings: life cycle, concurrency, size, keep-alives.
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { createTestArgoCd } from './argocd.ts';
import { listenOnFreePort } from '../support/listening.ts';
import { eventually, send } from './recorded/playback.ts';
import { quick, simulated } from './simulated.ts';

const list = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }), status: z.looseObject({}) })),
});
const selection =
  'items.metadata.name,items.spec.project,items.status.sync.status,items.status.operationState.phase';

/** What keeps the process alive, except for its standard streams. */
function handles(): string[] {
  return process.getActiveResourcesInfo().filter((each) => /TCP|Timeout/.test(each));
}

describe('life cycle', () => {
  it('returns its address, and can be stopped twice', async () => {
    const { simulator, url } = await simulated({});
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    await simulator.stop();
    await simulator.stop();
    await expect(send(url, { method: 'GET', path: '/healthz', headers: {} })).rejects.toThrow(/ECONNREFUSED/);
  });

  it('can be stopped before it was started', async () => {
    await createTestArgoCd({ port: 0, driftEveryMs: 1000 }).stop();
  });

  it('rejects the start with the original error if another server has the port', async () => {
    const portOwner = createServer();
    const port = await listenOnFreePort(portOwner);
    const simulator = createTestArgoCd({ port, driftEveryMs: 0 });
    await expect(simulator.start()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await simulator.stop();
    portOwner.close();
  });

  it('stops open streams, and leaves no handle open', async () => {
    const before = handles();
    const { simulator, stream, ask } = await simulated(quick('guestbook'), { driftEveryMs: 60_000 });
    const open = stream();
    const openedStream = stream('?name=missing');
    await open.waitFor((line) => line.includes('ADDED'));
    await ask('POST', 'applications/guestbook/sync', {});
    await simulator.stop();
    await open.waitForEnd();
    await openedStream.waitForEnd();
    expect(open.ended).toBe('cut');
    await eventually(() => {
      expect(handles().length).toBeLessThanOrEqual(before.length + 1); // the timer of `eventually`
      return Promise.resolve();
    });
  });

  it('refuses an impossible world with a message', () => {
    const world = { applications: [{ name: 'guestbook', syncMs: -1 }] };
    expect(() => createTestArgoCd({ port: 0, driftEveryMs: 0, world })).toThrow(/applications\[0\]\.syncMs/);
  });
});

describe("the label of the test's Argo CD", () => {
  it.each(['/api/version', '/', '/no-such-path', '/simulator/requests', '/api/v1/applications'])(
    'is in the headers of %s',
    async (path) => {
      const { url } = await simulated({});
      const { headers } = await send(url, { method: 'GET', path, headers: {} });
      expect(headers['x-simulated']).toBe('argocd');
    },
  );

  it('is in the version', async () => {
    const { url } = await simulated({});
    const { body } = await send(url, { method: 'GET', path: '/api/version', headers: {} });
    expect(body).toMatch(/^\{"Version":"v3\.6\.\d+\+simulated"\}$/);
  });
});

describe('concurrent syncs', () => {
  it('of one application are accepted exactly once', async () => {
    const { ask, control } = await simulated({ applications: [{ name: 'guestbook', syncMs: 60_000 }] });
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => ask('POST', 'applications/guestbook/sync', {})),
    );
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status, body } of replies.filter((each) => each.status !== 200)) {
      expect(status).toBe(400);
      expect(body).toContain('another operation is already in progress');
    }
    const { body } = await control('GET', 'requests');
    expect(JSON.parse(body)).toMatchObject({ accepted: { 'argocd/guestbook': 1 } });
  });

  it('of two applications are both accepted', async () => {
    const { ask } = await simulated(quick('guestbook', 'payments'));
    const replies = await Promise.all(
      ['guestbook', 'payments'].map((name) => ask('POST', `applications/${name}/sync`, {})),
    );
    expect(replies.map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe('a list of ten thousand applications', () => {
  it('is listed and streamed, and each application can be synced', async () => {
    const { ask, stream } = await simulated({ bulk: 10_000 });
    const reply = await ask('GET', `applications?fields=${selection}`);
    const { items } = z.parse(list, JSON.parse(reply.body));
    expect(items).toHaveLength(10_000);
    expect(items[0]?.metadata.name).toBe('bulk-00001');
    const open = stream('?fields=result.type,result.application.metadata.name');
    await open.waitFor((line) => line.includes('ADDED'), 10_000);
    expect((await ask('POST', 'applications/bulk-09999/sync', {})).status).toBe(200);
    await open.waitFor((line) => line.includes('MODIFIED') && line.includes('bulk-09999'));
  });
});

describe('streams', () => {
  it('send keep-alives after the first event, and only as server-sent events', async () => {
    const { stream } = await simulated(quick('guestbook'), { keepAliveMs: 5 });
    const events = stream();
    const silent = stream('?name=missing');
    const lines = stream('', 'application/json');
    await lines.waitFor((line) => line.includes('ADDED'));
    await events.waitFor((line) => line === ':', 3);
    expect(events.headers?.['x-simulated']).toBe('argocd');
    expect(events.lines.indexOf(':')).toBeGreaterThan(
      events.lines.findIndex((line) => line.includes('ADDED')),
    );
    expect(silent.status).toBeUndefined();
    expect(lines.lines).toHaveLength(1);
  });

  it('leave out an event that repeats the last event of the same application', async () => {
    const { stream, control } = await simulated(quick('guestbook', 'marker'));
    const open = stream('?fields=result.type,result.application.metadata.name');
    await open.waitFor((line) => line.includes('ADDED'), 2);
    for (const app of ['guestbook', 'guestbook', 'guestbook', 'marker'])
      await control('POST', 'drift', { app });
    await open.waitFor((line) => line.includes('MODIFIED') && line.includes('marker'));
    expect(open.lines.filter((line) => line.includes('MODIFIED') && line.includes('guestbook'))).toHaveLength(
      1,
    );
  });

  it('are forgotten when their client disconnects', async () => {
    const { stream, control } = await simulated(quick('guestbook'));
    const open = stream();
    await open.waitFor((line) => line.includes('ADDED'));
    open.close();
    expect((await control('POST', 'drift', { app: 'guestbook' })).status).toBe(200);
  });
});

describe('requests that are not HTTP', () => {
  it('do not harm the server', async () => {
    const { url } = await simulated({});
    const { port } = new URL(url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.end('nonsense\r\n\r\n'));
      socket.resume().once('close', () => resolve());
    });
    expect((await send(url, { method: 'GET', path: '/healthz', headers: {} })).body).toBe('ok\n');
  });
});
