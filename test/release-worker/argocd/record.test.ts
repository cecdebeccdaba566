// The record of an application, read from objects that were recorded in all states that an application can have.
import { describe, expect, it } from 'vitest';
import { keyOf, type AppRecord } from '../../../release-worker/argocd/application.ts';
import { applicationSchema } from '../../../release-worker/argocd/application-schema.ts';
import { recordOf } from '../../../release-worker/argocd/record.ts';
import { eventsIn, objectsIn, recording, recordings } from './recordings.ts';

const all = [...recordings.values()].flatMap((each) =>
  objectsIn(each).map(({ object, whole }) => ({ name: each.name, object, whole })),
);
const whole = all.filter((each) => each.whole);

function record(object: unknown): AppRecord {
  return recordOf(applicationSchema.parse(object));
}

/** The only application of an answer. */
function recorded(name: string): AppRecord {
  const [found] = objectsIn(recording(name));
  if (found === undefined) throw new Error(`${name} has no application`);
  return record(found.object);
}

/** The applications in the events of a stream, oldest first, without repetitions. */
function phasesOf(name: string): string[] {
  const { lines = [] } = recording(name).response;
  const phases = eventsIn(lines).map(({ result }) => {
    const { phase, finishedAt } = record(result.application);
    return `${phase}${phase === 'Running' && finishedAt !== '' ? ' (between attempts)' : ''}`;
  });
  return phases.filter((phase, index) => phase !== phases[index - 1]);
}

describe('every recorded application', () => {
  it('can be read, whole or as a selection', () => {
    expect(whole.length).toBeGreaterThan(100);
    expect(all.length - whole.length).toBeGreaterThan(200);
    for (const { object } of all) {
      const { sync, phase, health } = record(object);
      expect(['Synced', 'OutOfSync', 'Unknown']).toContain(sync);
      expect(['', 'Pending', 'Running', 'Terminating', 'Succeeded', 'Failed', 'Error']).toContain(phase);
      expect(health).not.toBe('');
    }
  });

  it('has the revision of the last history entry as deployed', () => {
    let seen = 0;
    for (const { object } of whole) {
      const { history } = applicationSchema.parse(object).status ?? {};
      const last = history?.at(-1);
      expect(record(object).detail?.deployed).toBe(last?.revisions?.join(',') ?? last?.revision ?? '');
      if (last !== undefined) seen += 1;
    }
    expect(seen).toBeGreaterThan(50);
  });
});

describe('the state of an operation', () => {
  it('is none for an application that was never synced', () => {
    expect(recorded('get-comparison-error')).toMatchObject({ phase: '', startedAt: '', finishedAt: '' });
  });

  it.each([
    ['sync-ok-with-infos', 'Pending'],
    ['controller-down-get', 'Pending'],
    ['redis-down-get', 'Pending'],
    ['get-while-running', 'Running'],
    ['get-after-rollback-in-deny-window', 'Running'],
    ['get-terminating-in-deny-window', 'Terminating'],
    ['get-after-sync-with-infos', 'Succeeded'],
    ['get-after-terminate', 'Failed'],
    ['get-after-failed-sync-ledger', 'Failed'],
    ['get-after-failed-sync-billing', 'Failed'],
    ['get-after-failed-sync-with-retry', 'Failed'],
    ['get-after-sync-unknown-sha', 'Error'],
    ['get-after-sync-path-missing', 'Error'],
  ])('%s is %s', (name, phase) => {
    const found = recorded(name);
    expect(found.phase).toBe(phase);
    expect(found.startedAt === '').toBe(phase === 'Pending');
    expect(found.finishedAt !== '').toBe(['Succeeded', 'Failed', 'Error'].includes(phase));
  });

  it.each([
    ['stream-failed-sync-ledger', ['', 'Pending', 'Running', 'Failed']],
    [
      'stream-failed-sync-with-retry',
      [
        'Failed',
        'Pending',
        'Running',
        'Running (between attempts)',
        'Running',
        'Running (between attempts)',
        'Running',
        'Failed',
      ],
    ],
    ['stream-long-sync-terminated', ['', 'Pending', 'Running', 'Terminating', 'Failed']],
    ['stream-sync-path-missing', ['', 'Pending', 'Running', 'Error']],
    ['stream-sync-pinned-revision', ['Succeeded', 'Pending', 'Running', 'Succeeded']],
  ])('goes in %s through %j', (name, phases) => {
    expect(phasesOf(name)).toEqual(phases);
  });

  it('has its message', () => {
    expect(recorded('get-after-rollback-in-deny-window').detail?.message).toBe(
      'Sync operation blocked by sync window',
    );
    expect(recorded('get-after-terminate').detail?.message).toContain('Operation terminated');
    expect(recorded('get-while-running').detail?.message).toContain('waiting for completion of hook');
    expect(recorded('get-comparison-error').detail?.message).toBe('');
  });
});

describe('whose operation it is', () => {
  const ours = [
    { name: 'release-id', value: 'r1' },
    { name: 'press-id', value: 'p1' },
    { name: 'button', value: 'main' },
  ];
  const app = (operation: unknown, last?: unknown) =>
    record({
      metadata: { name: 'shop' },
      operation,
      status: { operationState: last === undefined ? undefined : { phase: 'Running', operation: last } },
    }).detail?.operation;

  it('is at the operation while it waits, at both places while it runs, and then at its state', () => {
    expect(app({ info: ours })).toEqual({ releaseId: 'r1', pressId: 'p1' });
    expect(app({ info: ours }, { info: ours })).toEqual({ releaseId: 'r1', pressId: 'p1' });
    expect(app(undefined, { info: ours })).toEqual({ releaseId: 'r1', pressId: 'p1' });
  });

  it('is not ours if the waiting operation has other infos, or none, whatever was before', () => {
    expect(app({ info: [{ name: 'press', value: 'x' }] }, { info: ours })).toEqual({});
    expect(app({ sync: {} }, { info: ours })).toEqual({});
    expect(app({ info: null }, { info: ours })).toEqual({});
  });

  it('is not ours if infos have no names or values', () => {
    expect(
      app({ info: [{ value: 'x' }, { name: 'release-id' }, { name: 'press-id', value: null }] }),
    ).toEqual({});
  });

  it('has the infos at both places in every recorded running operation', () => {
    let seen = 0;
    for (const { object } of whole) {
      const { operation, status } = applicationSchema.parse(object);
      if (operation === null || operation === undefined || status?.operationState === undefined) continue;
      expect(operation.info).toEqual(status?.operationState?.operation?.info);
      seen += 1;
    }
    expect(seen).toBeGreaterThan(0);
  });
});

describe('revisions', () => {
  it('deployed is the newest history entry by id, whatever the order, and id 0 is one', () => {
    const deployed = (history: unknown) =>
      record({ metadata: { name: 'shop' }, status: { history } }).detail?.deployed;
    expect(
      deployed([
        { id: 3, revision: 'c' },
        { id: 11, revision: 'k' },
        { id: 9, revision: 'i' },
      ]),
    ).toBe('k');
    expect(deployed([{ id: 0, revision: 'a' }])).toBe('a');
    expect(deployed([{ revision: 'a' }, { id: 1, revision: 'b' }])).toBe('b');
    expect(deployed([])).toBe('');
    expect(deployed(null)).toBe('');
  });

  it('deployed and target differ after a rollback, and after a sync that was pinned', () => {
    for (const name of [
      'get-after-rollback',
      'get-after-sync-pinned-revision',
      'get-after-sync-pinned-to-history',
    ]) {
      const found = recorded(name);
      expect(found).toMatchObject({ sync: 'OutOfSync', phase: 'Succeeded' });
      expect(found.detail?.deployed).toMatch(/^[0-9a-f]{40}$/);
      expect(found.detail?.deployed).not.toBe(found.target);
    }
  });

  it('has all of several sources, in their order', () => {
    const found = recorded('get-multi-source');
    expect(found).toMatchObject({ sources: 2, repository: '', sync: 'Synced' });
    expect(found.target).toMatch(/^[0-9a-f]{40},[0-9a-f]{40}$/);
    expect(found.detail?.deployed).toBe(found.target);
  });

  it('uses the branch name as the target if manifests cannot be generated', () => {
    for (const name of ['get-comparison-error', 'get-path-missing', 'repo-server-down-get-after'])
      expect(recorded(name)).toMatchObject({ sync: 'Unknown', target: 'main' });
  });
});

describe('the revision for a rollback', () => {
  const source = { repoURL: 'https://git.example/shop.git', path: 'shop' };
  const previousOf = (history: unknown[], over: Record<string, unknown> = {}) =>
    record({ metadata: { name: 'shop' }, spec: { source, ...over }, status: { history } }).detail?.previous;
  const entry = (id: number, revision: string, from: unknown = source) => ({ id, revision, source: from });

  it('is the newest entry with another revision than the deployed one', () => {
    expect(previousOf([entry(3, 'c'), entry(1, 'a'), entry(2, 'b'), entry(4, 'c')])).toBe('b');
  });

  it('is empty if only one revision was ever deployed, or none', () => {
    expect(previousOf([entry(0, 'a'), entry(1, 'a')])).toBe('');
    expect(previousOf([])).toBe('');
  });

  it('is never from another repository, another path or a chart', () => {
    expect(previousOf([entry(0, 'a', { ...source, repoURL: 'https://other.example' }), entry(1, 'b')])).toBe(
      '',
    );
    expect(previousOf([entry(0, 'a', { ...source, path: 'old' }), entry(1, 'b')])).toBe('');
    expect(previousOf([entry(0, '1.0.0', { ...source, chart: 'shop' }), entry(1, 'b')])).toBe('');
  });

  it('is empty for several sources, a list of one, and a chart', () => {
    expect(previousOf([entry(0, 'a'), entry(1, 'b')], { sources: [source] })).toBe('');
    expect(previousOf([entry(0, 'a'), entry(1, 'b')], { source: { ...source, chart: 'shop' } })).toBe('');
  });

  it('is found in a recorded history', () => {
    const { detail } = record(recording('get-history-many').response.body);
    expect(detail?.deployed).toMatch(/^8d06d94/);
    expect(detail?.previous).toMatch(/^9193e18/);
  });
});

describe('the condition of an application', () => {
  it.each(['get-comparison-error', 'get-path-missing', 'repo-server-down-get-after'])(
    'stands in %s',
    (name) => {
      expect(record(recording(name).response.body).detail?.condition).toMatch(
        /^ComparisonError: Failed to load/,
      );
    },
  );

  it('is an error before a warning, and truncated', () => {
    const conditions = [
      { type: 'SharedResourceWarning', message: 'shared' },
      { type: 'InvalidSpecError', message: 'x'.repeat(10_000) },
    ];
    const { detail } = record({ metadata: { name: 'shop' }, status: { conditions } });
    expect(detail?.condition).toMatch(/^InvalidSpecError: x+$/);
    expect(detail?.condition.length).toBe(500);
  });
});

it('deploys other applications if one of its resources is one', () => {
  const resources = [{ kind: 'Service' }, { group: 'argoproj.io', kind: 'Application' }];
  expect(record({ metadata: { name: 'root' }, status: { resources } }).detail?.appOfApps).toBe(true);
  expect(record(recording('get-one').response.body).detail?.appOfApps).toBe(false);
});

describe('what else matters', () => {
  it('a new application is neither in nor out of sync', () => {
    const events = eventsIn(recording('stream-create-delete').response.lines ?? []);
    expect(record(events[0]?.result.application)).toMatchObject({
      name: 'shortlived',
      labels: { lab: 'tmp' },
      sync: 'Unknown',
      health: 'Unknown',
      target: undefined,
    });
  });

  it('automated sync', () => {
    expect(recorded('get-after-automated-sync').automated).toBe(true);
    expect(recorded('get-one').automated).toBe(false);
    const automated = (syncPolicy: unknown) =>
      record({ metadata: { name: 'shop' }, spec: { syncPolicy } }).automated;
    expect(automated({ automated: {} })).toBe(true);
    expect(automated({ automated: { enabled: true } })).toBe(true);
    expect(automated({ automated: { enabled: false } })).toBe(false);
    expect(automated({ automated: null })).toBe(false);
    expect(automated(null)).toBe(false);
  });

  it('being deleted', () => {
    const events = eventsIn(recording('stream-delete-cascade').response.lines ?? []);
    const deleting = events.map(({ result }) => record(result.application).deleting);
    expect(deleting[0]).toBe(false);
    expect(deleting.at(-1)).toBe(true);
  });

  it('the namespace is part of the key', () => {
    expect(keyOf(recorded('get-other-namespace-with'))).toBe('team-b/search');
    expect(keyOf(recorded('get-one'))).toBe('argocd/guestbook');
  });

  it('an application with almost no members', () => {
    expect(record({ metadata: { name: 'shop' }, spec: {} })).toEqual({
      namespace: '',
      name: 'shop',
      project: 'default',
      labels: {},
      repository: '',
      sources: 1,
      plainGit: true,
      automated: false,
      deleting: false,
      compared: false,
      sync: 'Unknown',
      health: 'Unknown',
      target: undefined,
      phase: '',
      startedAt: '',
      finishedAt: '',
      detail: { deployed: '', previous: '', message: '', condition: '', operation: {} },
    });
  });
});
