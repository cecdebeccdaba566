// The simulated Argo CD of the demo: its world, its label and its controls. Where it answers a request, it answers as the
// recorded Argo CD does (test/argocd/recorded plays the recordings).
import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod/mini';
import { createArgoCdSimulator } from '../../argocd-simulator/simulator.ts';
import { eventually, send } from '../argocd/recorded/playback.ts';
import { openStream } from '../argocd/recorded/stream-client.ts';
import { listenOnFreePort } from '../support/listening.ts';

const authorization = { Authorization: 'Bearer simulated' };
const selection =
  'items.metadata.name,items.spec.project,items.status.sync.status,items.status.operationState.phase';

function createSimulator(options: { port?: number; driftEveryMs?: number } = {}) {
  const { port = 0, driftEveryMs = 0 } = options;
  return createArgoCdSimulator({ host: '127.0.0.1', port, token: 'simulated', driftEveryMs, log: () => {} });
}

async function startSimulator(driftEveryMs = 0) {
  const simulator = createSimulator({ driftEveryMs });
  const { url } = await simulator.start();
  onTestFinished(() => simulator.stop());
  const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    send(url, {
      method,
      path,
      headers: { ...authorization, 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  const application = async (name: string) =>
    applicationSchema.parse(JSON.parse((await ask('GET', `/api/v1/applications/${name}`)).body));
  return { url, ask, application };
}

const applicationSchema = z.object({
  status: z.object({
    sync: z.object({ status: z.string() }),
    health: z.object({ status: z.string() }),
    history: z.array(z.object({ id: z.number(), revision: z.string() })),
    operationState: z.optional(z.object({ phase: z.string(), message: z.optional(z.string()) })),
  }),
});

describe('life cycle of the simulator', () => {
  it('can be stopped twice, and before it was started', async () => {
    const simulator = createSimulator();
    await simulator.start();
    await simulator.stop();
    await simulator.stop();
    await createSimulator().stop();
  });

  it('rejects the start with the original error if another server has the port', async () => {
    const portOwner = createServer();
    const port = await listenOnFreePort(portOwner);
    onTestFinished(() => void portOwner.close());
    await expect(createSimulator({ port }).start()).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('the label of a simulated Argo CD', () => {
  it.each(['/api/version', '/', '/no-such-path', '/simulator/drift', '/api/v1/applications'])(
    'is in the headers of %s',
    async (path) => {
      const { url } = await startSimulator();
      const { headers } = await send(url, { method: 'GET', path, headers: {} });
      expect(headers['x-simulated']).toBe('argocd');
    },
  );

  it('is in the version', async () => {
    const { ask } = await startSimulator();
    const { body } = await ask('GET', '/api/version');
    expect(body).toMatch(/^\{"Version":"v3\.6\.\d+\+simulated"\}$/);
  });
});

describe('the demo world', () => {
  it('begins with some applications out of sync, in several projects, and makes more drift', async () => {
    const { ask } = await startSimulator(5);
    await eventually(async () => {
      const { body } = await ask('GET', `/api/v1/applications?fields=${selection}`);
      expect(body.split('"OutOfSync"').length - 1).toBeGreaterThan(8);
    });
  });

  it('shows the author and the message of the deployed commit', async () => {
    const { ask } = await startSimulator();
    const fields = 'fields=items.metadata.name,items.status.sync.revision,items.spec.project';
    const list = await ask('GET', `/api/v1/applications?${fields}`);
    const projects = new Set([...list.body.matchAll(/"project":"([^"]+)"/g)].map(([, project]) => project));
    expect(projects.size).toBeGreaterThanOrEqual(2);
    const [, revision = ''] = /"name":"payments".*?"revision":"([0-9a-f]{40})"/.exec(list.body) ?? [];
    const { body } = await ask('GET', `/api/v1/applications/payments/revisions/${revision}/metadata`);
    expect(body).toMatch(/^\{"author":".+ <.+@example\.com>","date":".+Z","message":".+"\}$/);
  });

  it('accepts only its own token', async () => {
    const { url } = await startSimulator();
    for (const path of ['/api/v1/applications', '/api/v1/stream/applications', '/api/v1/applications/mail']) {
      expect((await send(url, { method: 'GET', path, headers: {} })).status).toBe(401);
      const wrongToken = { Authorization: 'Bearer another' };
      expect((await send(url, { method: 'GET', path, headers: wrongToken })).status).toBe(401);
    }
  });
});

describe('a release', () => {
  it('syncs an application that has drifted and rolls it back, and the stream shows each step', async () => {
    const { url, ask, application } = await startSimulator();
    const stream = openStream(url, '/api/v1/stream/applications', {
      ...authorization,
      Accept: 'text/event-stream',
    });
    onTestFinished(() => stream.close());
    await stream.waitFor((line) => line.includes('"name":"search"'));
    expect((await ask('POST', '/api/v1/applications/guestbook/sync', {})).status).toBe(200);
    await eventually(async () => {
      expect(await application('guestbook')).toMatchObject({
        status: {
          sync: { status: 'Synced' },
          health: { status: 'Healthy' },
          operationState: { phase: 'Succeeded' },
        },
      });
    });
    await stream.waitFor((line) => line.includes('"name":"guestbook"') && line.includes('"Succeeded"'));
    const before = (await application('guestbook')).status.history.at(-2);
    const reply = await ask('POST', '/api/v1/applications/guestbook/rollback', { id: before?.id });
    expect(reply.status).toBe(200);
    await eventually(async () => {
      const { status } = await application('guestbook');
      expect(status.sync.status).toBe('OutOfSync');
      expect(status.history.at(-1)?.revision).toBe(before?.revision);
    });
  });

  it('can be terminated, and until then no other release can start', async () => {
    const { ask, application } = await startSimulator();
    await ask('POST', '/simulator/behaviour', { app: 'reports', syncMs: 60_000 });
    await ask('POST', '/api/v1/applications/reports/sync', {});
    await eventually(async () =>
      expect((await application('reports')).status.operationState?.phase).toBe('Running'),
    );
    const second = await ask('POST', '/api/v1/applications/reports/sync', {});
    expect(second.status).toBe(400);
    expect(second.body).toContain('another operation is already in progress');
    expect((await ask('DELETE', '/api/v1/applications/reports/operation')).status).toBe(200);
    await eventually(async () =>
      expect((await application('reports')).status.operationState).toMatchObject({
        phase: 'Failed',
        message: 'Operation terminated',
      }),
    );
  });

  it.each([
    ['sync', '{"infos": 7}'],
    ['sync', '{'],
    ['rollback', '{}'],
  ])('is refused if the body of %s is %s', async (what, body) => {
    const { ask } = await startSimulator();
    const { status } = await ask('POST', `/api/v1/applications/mail/${what}`, body);
    expect(status).toBe(400);
  });
});

describe('POST /simulator/drift', () => {
  it('makes the named application drift, with the message of the commit', async () => {
    const { ask, application } = await startSimulator();
    expect((await application('mail')).status.sync.status).toBe('Synced');
    const reply = await ask('POST', '/simulator/drift', { app: 'mail', message: 'Raise the limit' });
    expect(reply.status).toBe(200);
    expect((await application('mail')).status.sync.status).toBe('OutOfSync');
    const [, revision = ''] = /"revision":"([0-9a-f]{40})"/.exec(reply.body) ?? [];
    const metadata = await ask('GET', `/api/v1/applications/mail/revisions/${revision}/metadata`);
    expect(JSON.parse(metadata.body)).toMatchObject({ message: 'Raise the limit' });
  });

  it('makes the applications drift in turn, and names them', async () => {
    const { ask } = await startSimulator();
    const { body } = await ask('POST', '/simulator/drift', { count: 3 });
    const { drifted } = z
      .object({ drifted: z.array(z.object({ name: z.string() })) })
      .parse(JSON.parse(body));
    expect(new Set(drifted.map(({ name }) => name)).size).toBe(3);
  });
});

describe('POST /simulator/behaviour', () => {
  it('makes the syncs of an application fail, and succeed again', async () => {
    const { ask, application } = await startSimulator();
    const phaseAfterSync = async () => {
      await ask('POST', '/api/v1/applications/mail/sync', {});
      await eventually(async () => {
        const { status } = await application('mail');
        expect(status.operationState?.phase).toMatch(/Failed|Succeeded/);
      });
      return (await application('mail')).status.operationState;
    };
    await ask('POST', '/simulator/behaviour', {
      app: 'mail',
      syncMs: 5,
      fails: 'the image cannot be pulled',
    });
    expect(await phaseAfterSync()).toMatchObject({ phase: 'Failed', message: 'the image cannot be pulled' });
    await ask('POST', '/simulator/behaviour', { app: 'mail', fails: null });
    expect(await phaseAfterSync()).toMatchObject({ phase: 'Succeeded' });
  });

  it.each([
    [404, 'argocd/nothing', { app: 'nothing', syncMs: 5 }],
    [400, 'syncMs', { app: 'mail', syncMs: -1 }],
    [400, 'not JSON', '{'],
  ])('answers %i with a message', async (status, words, body) => {
    const { ask } = await startSimulator();
    const reply = await ask('POST', '/simulator/behaviour', body);
    expect(reply.status).toBe(status);
    expect(reply.body).toContain(words);
  });
});

describe('who may use the controls', () => {
  it.each([
    ['a web page', { Origin: 'http://127.0.0.1:8080' }],
    ['a host name that is not this machine', { Host: 'rebound.example.com' }],
  ])('refuses %s', async (_who, headers) => {
    const { ask } = await startSimulator();
    expect((await ask('POST', '/simulator/drift', {}, headers)).status).toBe(403);
  });

  it('lists the controls for an unknown one', async () => {
    const { ask } = await startSimulator();
    const { status, body } = await ask('POST', '/simulator/faults', {});
    expect(status).toBe(404);
    expect(body).toContain('POST /simulator/drift, POST /simulator/behaviour');
  });
});
