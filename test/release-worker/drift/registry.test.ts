import { describe, expect, it } from 'vitest';
import { createRegistry } from '../../../release-worker/drift/registry.ts';
import { detailOf, listed, newCommit, newestCommit, whole } from '../support/records.ts';

const key = 'argocd/shop';

describe('detail', () => {
  it('survives a list that agrees', () => {
    const registry = createRegistry();
    registry.event('changed', whole());
    registry.list(registry.ticket(), [listed({ health: 'Progressing', labels: { team: 'web' } })]);

    expect(registry.get(key)).toEqual(whole({ health: 'Progressing', labels: { team: 'web' } }));
  });

  it.each([
    ['the sync status', { sync: 'OutOfSync' }],
    ['the revision', { target: newestCommit }],
    ['the phase', { phase: 'Running' }],
    ['the start of the operation', { startedAt: '2026-01-02T00:00:00Z' }],
    ['the end of the operation', { finishedAt: '2026-01-02T00:00:00Z' }],
  ] as const)('is dropped by a list that disagrees in %s', (_, over) => {
    const registry = createRegistry();
    registry.event('changed', whole());
    registry.list(registry.ticket(), [listed(over)]);

    expect(registry.get(key)).toEqual(listed(over));
  });

  it.each([2, 1])('survives where a list leaves the revision of %i sources out', (sources) => {
    const registry = createRegistry();
    const known = whole({ sources, target: sources === 1 ? 'aaa' : 'aaa,bbb' });
    registry.event('changed', known);
    registry.list(registry.ticket(), [listed({ sources, target: undefined })]);

    expect(registry.get(key)).toEqual(known);
  });
});

describe('what a list item leaves out', () => {
  const { project, repository, sources, plainGit, automated, ...status } = listed({
    sync: 'OutOfSync',
    target: undefined,
  });

  it('stays as it is known', () => {
    const registry = createRegistry((app) => app.project === 'shop');
    const known = whole({ project: 'shop', sources: 2, automated: true, sync: 'OutOfSync' });
    registry.event('changed', known);
    registry.list(registry.ticket(), [{ ...status, health: 'Degraded' }]);

    expect(registry.get(key)).toEqual({ ...known, health: 'Degraded' });
  });

  it('leaves no target of the time before where the list disagrees', () => {
    const registry = createRegistry();
    registry.event('changed', whole({ sync: 'Synced', target: newCommit }));
    registry.list(registry.ticket(), [status]);

    expect(registry.get(key)).toEqual(listed({ sync: 'OutOfSync', target: undefined }));
  });

  it('keeps an application that was never known aside, until a GET or the stream has told the rest', () => {
    const registry = createRegistry((app) => app.project === 'shop');
    const other = { ...status, name: 'other' };
    const third = { ...status, name: 'third' };
    registry.list(registry.ticket(), [status, other, third]);
    expect(registry.size).toBe(0);
    expect(registry.partlyKnown()).toEqual([status, other, third]);

    registry.whole(registry.ticket(), whole({ project: 'shop' }));
    registry.event('changed', whole({ name: 'other', project: 'shop' }));
    registry.whole(registry.ticket(), whole({ name: 'third', project: 'elsewhere' }));
    expect([...registry.all()].map(({ name }) => name)).toEqual(['shop', 'other']);
    expect(registry.partlyKnown()).toEqual([]);

    registry.list(registry.ticket(), [status, other, third]);
    expect(registry.partlyKnown()).toEqual([]);
    expect(registry.size).toBe(2);
  });

  it('is asked for no longer once the application is gone', () => {
    const registry = createRegistry();
    registry.list(registry.ticket(), [status, { ...status, name: 'other' }]);
    registry.event('deleted', whole());
    registry.list(registry.ticket(), []);

    expect(registry.partlyKnown()).toEqual([]);
  });
});

it('forgets an application once it is whole and nobody wants it any more', () => {
  const registry = createRegistry((app) => app.project === 'default');
  registry.event('changed', whole());
  registry.whole(registry.ticket(), whole({ project: 'other' }));

  expect(registry.size).toBe(0);
});

describe('an answer to a GET', () => {
  it('does not bring back what was deleted meanwhile, also when a list has come in between', () => {
    const registry = createRegistry();
    registry.event('changed', whole());
    const sent = registry.ticket();
    registry.event('deleted', whole());
    registry.list(registry.ticket(), []);
    registry.whole(sent, whole());

    expect(registry.size).toBe(0);
  });

  it('gives way to an event that came after it was sent', () => {
    const registry = createRegistry();
    registry.event('changed', whole());
    const sent = registry.ticket();
    registry.event('changed', whole({ sync: 'OutOfSync' }));
    registry.whole(sent, whole());

    expect(registry.get(key)?.sync).toBe('OutOfSync');
  });

  it('counts against an older list', () => {
    const registry = createRegistry();
    registry.event('changed', whole());
    const list = registry.ticket();
    registry.whole(registry.ticket(), whole({ sync: 'OutOfSync' }));
    registry.list(list, [listed()]);

    expect(registry.get(key)?.sync).toBe('OutOfSync');
  });
});

it('takes no list that was sent before one that has been taken', () => {
  const registry = createRegistry();
  const older = registry.ticket();
  registry.list(registry.ticket(), [listed({ name: 'new' })]);
  registry.list(older, [listed({ name: 'old' })]);

  expect([...registry.all()].map(({ name }) => name)).toEqual(['new']);
});

it('tells what has changed, appeared and gone, and nothing where a list says nothing new', () => {
  const registry = createRegistry();
  const told: string[][] = [];
  registry.list(registry.ticket(), [listed({ name: 'a' }), listed({ name: 'b' }), listed({ name: 'c' })]);
  const forget = registry.onChange((keys) => void told.push([...keys].sort()));

  registry.list(registry.ticket(), [listed({ name: 'a' }), listed({ name: 'b' }), listed({ name: 'c' })]);
  registry.list(registry.ticket(), [
    listed({ name: 'a' }),
    listed({ name: 'b', labels: { team: 'web' } }),
    listed({ name: 'd' }),
  ]);
  registry.event('changed', whole({ name: 'a', detail: detailOf({ message: 'other' }) }));
  forget();
  registry.event('deleted', whole({ name: 'a' }));

  expect(told).toEqual([['argocd/b', 'argocd/c', 'argocd/d'], ['argocd/a']]);
});

it('takes lists of 10,000 applications in time that grows with their number, not with its square', () => {
  const count = 10_000;
  const registry = createRegistry();
  const all = Array.from({ length: count }, (_, index) => ({
    key: `argocd/app-${index}`,
    record: listed({ name: `app-${index}` }),
  }));
  let reads = 0;
  const counted = all.map(
    ({ record }) =>
      new Proxy(record, {
        get: (target, property, receiver): unknown => {
          reads += 1;
          return Reflect.get(target, property, receiver);
        },
      }),
  );
  registry.list(registry.ticket(), counted);
  registry.list(registry.ticket(), counted);

  expect(registry.size).toBe(count);
  expect(registry.get('argocd/app-9999')?.name).toBe('app-9999');
  expect(reads).toBeLessThan(200 * count);
});

it('takes a list of thousands in turns, in which what the stream tells is newer, and tells of it once', async () => {
  const registry = createRegistry();
  const told: number[] = [];
  const records = Array.from({ length: 2_500 }, (_, index) => listed({ name: `app-${index}` }));
  registry.list(registry.ticket(), [listed({ name: 'gone' }), listed({ name: 'app-0' })]);
  registry.onChange((keys) => void told.push(keys.size));
  let turns = 0;
  await registry.listInTurns(registry.ticket(), records, async () => {
    turns += 1;
    if (turns > 1) return;
    registry.event('changed', whole({ name: 'app-1', sync: 'OutOfSync' }));
    registry.event('changed', whole({ name: 'app-2400', sync: 'OutOfSync' }));
    registry.event('deleted', whole({ name: 'app-2401' }));
    registry.event('changed', whole({ name: 'new' }));
    await Promise.resolve();
  });

  expect(turns).toBe(2);
  expect(registry.size).toBe(2_500);
  expect(registry.get('argocd/app-1')?.sync).toBe('OutOfSync');
  expect(registry.get('argocd/app-2400')?.sync).toBe('OutOfSync');
  expect(registry.get('argocd/app-2401')).toBeUndefined();
  expect(registry.get('argocd/new')).toBeDefined();
  expect(registry.get('argocd/gone')).toBeUndefined();
  expect(told.length).toBe(4);
});
