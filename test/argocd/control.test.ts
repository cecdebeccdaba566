// The test's own endpoints: drift, world, requests, faults, and who may use them.
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../support/fake-clock.ts';
import { eventually, send } from './recorded/playback.ts';
import { quick, simulated } from './simulated.ts';

async function statusOf(ask: Awaited<ReturnType<typeof simulated>>['ask'], name: string): Promise<string> {
  const fields = 'fields=items.status.sync.status,items.status.operationState.phase';
  return (await ask('GET', `applications?name=${name}&${fields}`)).body;
}

describe('POST /simulator/drift', () => {
  it('makes the named application drift, with a commit whose author can be queried', async () => {
    const { ask, control } = await simulated(quick('guestbook', 'payments'));
    const reply = await control('POST', 'drift', { app: 'payments', message: 'Raise the limit' });
    expect(reply.status).toBe(200);
    expect(await statusOf(ask, 'payments')).toContain('OutOfSync');
    expect(await statusOf(ask, 'guestbook')).toContain('"Synced"');
    const [, revision = ''] = /"revision":"([0-9a-f]{40})"/.exec(reply.body) ?? [];
    const metadata = await ask('GET', `applications/payments/revisions/${revision}/metadata`);
    expect(JSON.parse(metadata.body)).toMatchObject({ message: 'Raise the limit' });
  });

  it('makes the given number of applications drift, each once before any drifts twice', async () => {
    const { ask, control } = await simulated(quick('a1', 'b2', 'c3', 'd4'));
    await control('POST', 'drift', { count: 4 });
    const { body } = await ask('GET', 'applications?fields=items.status.sync.status');
    expect(body.split('OutOfSync')).toHaveLength(5);
  });

  it('on an automated application leads to an automated sync', async () => {
    const { ask, control } = await simulated({
      applications: [{ name: 'autopilot', automated: true, syncMs: 5 }],
    });
    await control('POST', 'drift', { app: 'autopilot' });
    await eventually(async () => {
      const { body } = await ask('GET', 'applications/autopilot');
      expect(JSON.parse(body)).toMatchObject({
        status: {
          sync: { status: 'Synced' },
          operationState: { phase: 'Succeeded', operation: { initiatedBy: { automated: true } } },
          history: [{ id: 0 }, { id: 1 }],
        },
      });
    });
  });

  it('with `noticed: false` has no effect until the next refresh', async () => {
    const { ask, control } = await simulated(quick('guestbook'));
    await control('POST', 'drift', { app: 'guestbook', noticed: false });
    expect(await statusOf(ask, 'guestbook')).toContain('"Synced"');
    const { body } = await ask('GET', 'applications/guestbook?refresh=normal');
    expect(JSON.parse(body)).toMatchObject({ status: { sync: { status: 'OutOfSync' } } });
  });

  it('for an unknown application gets 404 with a message', async () => {
    const { control } = await simulated(quick('guestbook'));
    const { status, body } = await control('POST', 'drift', { app: 'nothing' });
    expect(status).toBe(404);
    expect(body).toContain('argocd/nothing');
  });
});

describe('POST /simulator/world', () => {
  it('replaces the world, and streams show the new one', async () => {
    const { ask, control, stream } = await simulated(quick('old'));
    const open = stream('?fields=result.type,result.application.metadata.name');
    await open.waitFor((line) => line.includes('ADDED'));
    expect((await control('POST', 'world', { applications: [{ name: 'new' }], bulk: 3 })).status).toBe(200);
    await open.waitFor((line) => line.includes('DELETED') && line.includes('old'));
    await open.waitFor((line) => line.includes('ADDED') && line.includes('bulk-00003'));
    const { body } = await ask('GET', 'applications?fields=items.metadata.name');
    expect(body.match(/"name"/g)).toHaveLength(4);
  });

  it('makes the syncs of one application fail, with retries until one succeeds', async () => {
    const { ask, control } = await simulated(quick('guestbook'));
    const fails = { message: 'no such kind', attempts: 1 };
    await control('POST', 'world', { adjust: [{ name: 'guestbook', fails }] });
    await ask('POST', 'applications/guestbook/sync', {});
    await eventually(async () => expect(await statusOf(ask, 'guestbook')).toContain('Failed'));
    const retryStrategy = { limit: 3, backoff: { duration: '1ms' } };
    await ask('POST', 'applications/guestbook/sync', { retryStrategy });
    await eventually(async () => expect(await statusOf(ask, 'guestbook')).toContain('Succeeded'));
    await control('POST', 'world', { adjust: [{ name: 'guestbook', fails: null }] });
    const { body } = await ask('GET', 'applications/guestbook');
    expect(JSON.parse(body)).toMatchObject({ status: { operationState: { retryCount: 1 } } });
  });

  it('opens and closes sync windows', async () => {
    const { ask, control } = await simulated(quick('guestbook'));
    const deny = (open: boolean) => ({ projects: [{ name: 'default', windows: [{ kind: 'deny', open }] }] });
    await control('POST', 'world', deny(true));
    expect((await ask('POST', 'applications/guestbook/sync', {})).body).toContain('blocked by sync window');
    expect((await ask('GET', 'applications/guestbook/syncwindows')).body).toContain('"canSync":false');
    await control('POST', 'world', deny(false));
    expect((await ask('POST', 'applications/guestbook/sync', {})).status).toBe(200);
  });

  it.each([
    ['allow', true, false, true],
    ['allow', false, false, false],
    ['allow', false, true, true],
    ['deny', true, true, true],
    ['deny', false, false, true],
  ])(
    'with a window %s, open %s, manual syncs %s: a sync is allowed %s',
    async (kind, open, manualSync, canSync) => {
      const { ask, control } = await simulated(quick('guestbook'));
      const windows = [{ kind, open, manualSync, applications: ['guest*'] }];
      await control('POST', 'world', { projects: [{ name: 'default', windows }] });
      expect((await ask('GET', 'applications/guestbook/syncwindows')).body).toContain(`"canSync":${canSync}`);
      expect((await ask('POST', 'applications/guestbook/sync', {})).status).toBe(canSync ? 200 : 403);
    },
  );

  it('deletes an application', async () => {
    const { ask, control } = await simulated(quick('guestbook'));
    await control('POST', 'world', { adjust: [{ name: 'guestbook', deleted: true }] });
    await eventually(async () => expect((await ask('GET', 'applications/guestbook')).status).toBe(403));
  });

  it('adds a hook that runs until it is terminated', async () => {
    const { ask, control } = await simulated(quick('guestbook'));
    await control('POST', 'world', { adjust: [{ name: 'guestbook', hookNeverEnds: true }] });
    await ask('POST', 'applications/guestbook/sync', {});
    await eventually(async () => expect(await statusOf(ask, 'guestbook')).toContain('Running'));
    expect((await ask('DELETE', 'applications/guestbook/operation')).status).toBe(200);
    await eventually(async () => expect(await statusOf(ask, 'guestbook')).toContain('Failed'));
  });

  it.each([
    ['no JSON', '{"applications":', /not JSON/],
    ['an unknown member', { apps: [] }, /apps/],
    ['a wrong type', { applications: [{ name: 7 }] }, /applications\[0\]\.name/],
    ['too many', { bulk: 1_000_000 }, /bulk/],
  ])('refuses %s and changes nothing', async (_what, body, words) => {
    const { ask, control } = await simulated(quick('guestbook'));
    const reply = await control('POST', 'world', body);
    expect(reply.status).toBe(400);
    expect(reply.body).toMatch(words);
    expect((await ask('GET', 'applications/guestbook')).status).toBe(200);
  });

  it('refuses a body that is too large', async () => {
    const { control } = await simulated({});
    const { status } = await control('POST', 'drift', `"${'x'.repeat(1024 * 1024)}"`);
    expect(status).toBe(413);
  });
});

describe('GET /simulator/requests', () => {
  it('lists every sync with its infos and its status', async () => {
    const { ask, control } = await simulated(quick('guestbook'));
    const infos = [{ name: 'release-id', value: 'r1' }];
    await ask('POST', 'applications/guestbook/sync', { infos });
    await ask('POST', 'applications/nothing/sync', { infos: [] });
    const { body } = await control('GET', 'requests');
    expect(JSON.parse(body)).toMatchObject({
      syncs: [
        { namespace: 'argocd', name: 'guestbook', infos, status: 200, account: 'release-button' },
        { name: 'nothing', infos: [], status: 403 },
      ],
      accepted: { 'argocd/guestbook': 1 },
      requests: { 'POST /api/v1/applications/guestbook/sync': 1 },
    });
    await control('DELETE', 'requests');
    expect(JSON.parse((await control('GET', 'requests')).body)).toEqual({
      syncs: [],
      accepted: {},
      requests: {},
    });
  });
});

describe('POST /simulator/faults', () => {
  const path = '/api/v1/applications/guestbook/sync';

  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)('cuts the connection %s the sync is carried out', async (cut, carriedOut) => {
    const { ask, control } = await simulated(quick('guestbook'));
    await control('POST', 'faults', { requests: [{ method: 'POST', path, cut, times: 1 }] });
    await expect(ask('POST', 'applications/guestbook/sync', {})).rejects.toThrow(/hang up|ECONNRESET/);
    const { body } = await control('GET', 'requests');
    expect(JSON.parse(body)).toMatchObject(
      carriedOut ? { accepted: { 'argocd/guestbook': 1 } } : { syncs: [] },
    );
    expect((await ask('GET', 'applications/guestbook')).status).toBe(200);
  });

  it.each([true, false])(
    'answers with another status, and carries out the request: %s',
    async (carriedOut) => {
      const { ask, control } = await simulated(quick('guestbook'));
      await control('POST', 'faults', {
        requests: [{ path: '*/sync', status: 504, message: 'too slow', carriedOut }],
      });
      const reply = await ask('POST', 'applications/guestbook/sync', {});
      expect(reply.status).toBe(504);
      expect(reply.body).toContain('too slow');
      const requests = await control('GET', 'requests');
      expect(JSON.parse(requests.body)).toHaveProperty(
        'accepted',
        carriedOut ? { 'argocd/guestbook': 1 } : {},
      );
    },
  );

  it('delays the answers of one path, and no others', async () => {
    const clock = createFakeClock();
    const { ask, control } = await simulated(quick('guestbook', 'payments'), { clock });
    await control('POST', 'faults', { requests: [{ path: '*/guestbook', delayMs: 5000 }] });
    let hasAnswered = false;
    const slow = ask('GET', 'applications/guestbook').then((reply) => {
      hasAnswered = true;
      return reply.status;
    });
    await eventually(() => {
      expect(clock.pendingTimers()).toBe(1);
      return Promise.resolve();
    });
    expect((await ask('GET', 'applications/payments')).status).toBe(200);
    expect(hasAnswered).toBe(false);
    clock.advance(5000);
    expect(await slow).toBe(200);
  });

  it('silences streams and loses events', async () => {
    const { control, stream } = await simulated(quick('guestbook'), { keepAliveMs: 5 });
    const open = stream('?fields=result.type,result.application.status.sync.revision');
    await open.waitFor((line) => line.includes('ADDED'));
    await control('POST', 'faults', { streams: { dropEvents: 1 } });
    const lost = '1'.repeat(40);
    const silent = '2'.repeat(40);
    const delivered = '3'.repeat(40);
    await control('POST', 'drift', { app: 'guestbook', revision: lost });
    await control('POST', 'faults', { streams: { silent: true } });
    await control('POST', 'drift', { app: 'guestbook', revision: silent });
    await control('POST', 'faults', { clear: true });
    await control('POST', 'drift', { app: 'guestbook', revision: delivered });
    await open.waitFor((line) => line.includes(delivered));
    expect(open.lines.filter((line) => line.includes(lost) || line.includes(silent))).toEqual([]);
  });

  it('cuts open streams', async () => {
    const { control, stream } = await simulated(quick('guestbook'));
    const open = stream();
    await open.waitFor((line) => line.includes('ADDED'));
    await control('POST', 'faults', { streams: { cut: true } });
    await open.waitForEnd();
    expect(open.ended).toBe('cut');
  });

  it('stops the controller: until it is back, operations stay pending and refreshes wait', async () => {
    const { ask, control } = await simulated(quick('guestbook'));
    await control('POST', 'faults', { controllerDown: true });
    await ask('POST', 'applications/guestbook/sync', {});
    const refresh = ask('GET', 'applications/guestbook?refresh=normal');
    await eventually(async () => {
      expect((await ask('GET', 'applications/guestbook')).body).toContain('argocd.argoproj.io/refresh"');
    });
    const { body } = await ask('GET', 'applications/guestbook');
    expect(JSON.parse(body)).toHaveProperty('operation');
    expect(JSON.parse(body)).not.toHaveProperty('status.operationState');
    await control('POST', 'faults', { controllerDown: false });
    expect((await refresh).status).toBe(200);
    await eventually(async () => expect(await statusOf(ask, 'guestbook')).toContain('Succeeded'));
  });
});

describe('who may use the controls', () => {
  it('refuses a request from a web page', async () => {
    const { control } = await simulated(quick('guestbook'));
    const reply = await control('POST', 'drift', {}, { Origin: 'http://127.0.0.1:8080' });
    expect(reply.status).toBe(403);
    expect(reply.body).toContain('Origin');
  });

  it('refuses a host name that is not this machine, unless it is allowed', async () => {
    const strict = await simulated(quick('guestbook'));
    expect((await strict.control('GET', 'requests', undefined, { Host: 'rebound.example.com' })).status).toBe(
      403,
    );
    const open = await simulated(quick('guestbook'), { controlHosts: ['simulator'] });
    expect((await open.control('GET', 'requests', undefined, { Host: 'simulator:8081' })).status).toBe(200);
  });

  it.each(['localhost:1', '127.0.0.1', '[::1]:1'])('accepts %s', async (Host) => {
    const { url } = await simulated(quick('guestbook'));
    expect((await send(url, { method: 'GET', path: '/simulator/requests', headers: { Host } })).status).toBe(
      200,
    );
  });

  it('answers an unknown control with a list of the controls', async () => {
    const { control } = await simulated({});
    const { status, body } = await control('POST', 'drifts', {});
    expect(status).toBe(404);
    expect(body).toContain('POST /simulator/drift');
  });
});
