// As an older version, the simulator answers as that version answered, where versions differ.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import type { WorldDescription } from '../argocd.ts';
import { send } from './playback.ts';
import { tokenFor, type Application } from './recorded-world.ts';
import { recordingSchema, type Recording } from './recordings.ts';
import { quick, simulated } from '../simulated.ts';

const folder = join(import.meta.dirname, '..', '..', 'argocd-recordings', 'versions');
const versions = readdirSync(folder);

function recorded(version: string, name: string): Recording {
  return z.parse(recordingSchema, JSON.parse(readFileSync(join(folder, version, `${name}.json`), 'utf8')));
}

const apps = 'git://127.0.0.1:9418/apps.git';
const second = 'git://127.0.0.1:9418/second.git';
const commits = [{ revision: 'a'.repeat(40), author: 'a', date: '2026-01-01T00:00:00Z', message: 'a' }];
const destination = { server: 'https://kubernetes.default.svc', namespace: 'apps' };
const single = (name: string, overrides: Partial<Application> = {}): Application => ({
  name,
  source: { repoURL: apps, path: name, targetRevision: 'main' },
  destination,
  resources: [{ kind: 'ConfigMap', name }],
  ...overrides,
});
const world: WorldDescription & { applications: Application[] } = {
  repositories: [
    { url: apps, commits },
    { url: second, commits },
  ],
  accounts: [{ name: 'button', get: ['*'], sync: ['*'], issuedAt: '2026-11-28T18:28:14Z' }],
  tokens: [{ token: tokenFor('valid', 'button'), account: 'button' }],
  applications: [
    single('guestbook'),
    single('payments'),
    single('autopilot', { syncPolicy: { automated: {} } }),
    single('migrate', { hook: { name: 'migrate-db', neverEnds: true, images: [] } }),
    {
      name: 'catalog',
      destination,
      sources: [
        { repoURL: apps, path: 'catalog', targetRevision: 'main' },
        { repoURL: second, path: 'more', targetRevision: 'main' },
      ],
    },
  ],
};

async function answerAs(version: string, recording: Recording) {
  const { url } = await simulated(world, { version: version.slice(1) });
  return answerTo(url, recording);
}

async function answerTo(url: string, { request }: Recording) {
  const headers = {
    Authorization: `Bearer ${tokenFor('valid', 'button')}`,
    ...(request.method === 'GET' ? {} : { 'Content-Type': 'application/json' }),
  };
  const body = request.body === undefined ? {} : { body: JSON.stringify(request.body) };
  return send(url, { method: request.method, path: request.path, headers, ...body });
}

const listSchema = z.object({
  items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })),
});

/** The paths of all members of each item, by the name of the application. Members of free-form objects are left out. */
function membersOf(body: unknown): Record<string, string[]> {
  const { items } = z.parse(listSchema, body);
  const knownItems = items.filter(({ metadata }) =>
    world.applications.some(({ name }) => name === metadata.name),
  );
  return Object.fromEntries(knownItems.map((item) => [item.metadata.name, pathsIn(item).sort()]));
}

const freeForm = new Set(['status.health', 'metadata.labels']);

function pathsIn(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || freeForm.has(path))
    return [`${path}${value === null ? ': null' : ''}`];
  return Object.entries(value).flatMap(([key, member]) =>
    pathsIn(member, path === '' ? key : `${path}.${key}`),
  );
}

describe.each(versions)('%s', (version) => {
  it.each(['list-fields-product', 'list-fields-spec-whole'])('answers %s as recorded', async (name) => {
    const recording = recorded(version, name);
    const { status, body } = await answerAs(version, recording);
    expect(status).toBe(recording.response.status);
    const members = membersOf(JSON.parse(body));
    const recordedMembers = membersOf(recording.response.body);
    // An application has more members while an operation runs, which depends on the moment of the recording.
    for (const app of ['guestbook', 'autopilot', 'catalog'])
      expect(withoutOperation(members[app])).toEqual(withoutOperation(recordedMembers[app]));
  });

  it('answers list-fields-spec-whole-and-members as recorded', async () => {
    const recording = recorded(version, 'list-fields-spec-whole-and-members');
    const { status, body } = await answerAs(version, recording);
    expect(status).toBe(recording.response.status);
    if (status === 200) expect(membersOf(JSON.parse(body))).toMatchObject({ guestbook: expect.anything() });
    else expect(JSON.parse(body)).toEqual(recording.response.body);
  });

  it.each(['can-i-empty-project', 'can-i-empty-project-app', 'globalprojects-empty'])(
    'answers %s as recorded',
    async (name) => {
      const recording = recorded(version, name);
      const { status, headers, body } = await answerAs(version, recording);
      expect([status, headers['location'], body]).toEqual([
        recording.response.status,
        recording.response.headers['location'],
        recording.response.body,
      ]);
    },
  );

  it.each(['project-get-empty', 'sync-multi-source-joined-as-single', 'sync-revision-unknown-branch'])(
    'answers %s as recorded, apart from times',
    async (name) => {
      const recording = recorded(version, name);
      const { status, body } = await answerAs(version, recording);
      const withoutTime = (text: string) => text.replaceAll(/iat: [^"]*/g, 'iat: <time>');
      expect(status).toBe(recording.response.status);
      expect(withoutTime(body)).toBe(withoutTime(JSON.stringify(recording.response.body)));
    },
  );

  it('answers with its own version', async () => {
    const { ask } = await simulated(quick('guestbook'), { version: version.slice(1) });
    const { url } = await simulated(quick('guestbook'), { version: version.slice(1) });
    const { body } = await send(url, { method: 'GET', path: '/api/version', headers: {} });
    expect(JSON.parse(body)).toEqual({ Version: `${version}+simulated` });
    expect((await ask('GET', 'applications')).status).toBe(200);
  });
});

function withoutOperation(paths: readonly string[] | undefined): readonly string[] | undefined {
  return paths?.filter((path) => !path.includes('operation'));
}

it.each(versions.filter((version) => version !== 'v3.5.1'))(
  '%s shows an operation in a list as recorded',
  async (version) => {
    const recording = recorded(version, 'list-fields-while-running');
    const { url } = await simulated(world, { version: version.slice(1) });
    const sync = { ...recording, request: { ...recording.request, method: 'POST', body: {} } };
    await answerTo(url, {
      ...sync,
      request: { ...sync.request, path: '/api/v1/applications/migrate/sync' },
    });
    const { body } = await answerTo(url, recording);
    const operation = (paths: readonly string[] = []) =>
      paths.filter((path) => path.startsWith('operation.'));
    expect(operation(membersOf(JSON.parse(body))['migrate'])).toEqual(
      operation(membersOf(recording.response.body)['migrate']),
    );
  },
);

it('changes its version while it runs, and keeps its applications', async () => {
  const { ask, control } = await simulated(quick('guestbook'), { version: '3.6.0' });
  const list = async () => {
    const { body } = await ask('GET', 'applications?fields=items.metadata.name,items.spec.project');
    return z.parse(listSchema, JSON.parse(body)).items;
  };
  expect(await list()).toEqual([{ metadata: { name: 'guestbook' }, spec: { project: 'default' } }]);
  expect((await control('POST', 'version', { version: '2.14.21' })).status).toBe(200);
  expect(await list()).toEqual([{ metadata: { name: 'guestbook' } }]);
});

it('refuses an invalid version with a message', async () => {
  const { control } = await simulated(quick('guestbook'));
  const { status, body } = await control('POST', 'version', { version: 'newest' });
  expect([status, body]).toEqual([400, expect.stringContaining('"newest" is no version of Argo CD')]);
  await expect(simulated(quick('a'), { version: '3' })).rejects.toThrow('"3" is no version');
});
