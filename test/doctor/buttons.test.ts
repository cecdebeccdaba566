import { describe, expect, it } from 'vitest';
import { askPermissions, buttonRow, sample, unmatched } from '../../doctor/buttons.ts';
import { keyOf, type AppRecord } from '../../release-worker/argocd/application.ts';
import { recordOf } from '../../release-worker/argocd/record.ts';
import { button } from '../release-worker/support/buttons.ts';

function app(key: string, project = 'default'): AppRecord {
  const [namespace = '', name = ''] = key.split('/');
  return recordOf({ metadata: { namespace, name }, spec: { project } });
}

const many = (count: number, project: string) =>
  Array.from({ length: count }, (_, index) => app(`argocd/${project}-${index}`, project));

describe('sample', () => {
  it('takes each project in turn, so that a large one does not hide the others', () => {
    const chosen = sample([[...many(500, 'large'), ...many(2, 'small')]], 10);
    expect(chosen).toHaveLength(10);
    expect(chosen.filter(({ project }) => project === 'small')).toHaveLength(2);
  });

  it('takes each button in turn, so that none goes without an answer', () => {
    const chosen = sample([many(500, 'large'), many(300, 'other'), many(1, 'tiny')], 10);
    expect(chosen).toHaveLength(10);
    expect(chosen.map(({ project }) => project)).toEqual(expect.arrayContaining(['large', 'other', 'tiny']));
  });

  it('takes one of each button even if there are more buttons than questions', () => {
    const buttons = Array.from({ length: 150 }, (_, index) => many(3, `project-${index}`));
    expect(new Set(sample(buttons).map(({ project }) => project)).size).toBe(150);
  });

  it('asks only once about an application that two buttons have', () => {
    const both = many(4, 'one');
    expect(sample([both, both])).toHaveLength(4);
  });

  it('takes all if there are few', () => {
    expect(sample([many(3, 'one')], 10)).toHaveLength(3);
  });
});

describe('askPermissions', () => {
  it('asks no more than a hundred times, and stops asking at the first failure', async () => {
    let asked = 0;
    const argocd = {
      maySync: () => {
        asked += 1;
        return Promise.resolve(true);
      },
    };
    const { may } = await askPermissions(argocd, [many(1_000, 'one')], new AbortController().signal);
    expect([asked, may.size]).toEqual([100, 100]);

    const failing = await askPermissions(
      { maySync: () => Promise.reject(new Error('gone')) },
      [many(1_000, 'one')],
      new AbortController().signal,
    );
    expect(failing.fault?.found).toBe('gone');
  });

  it('ends with the answers so far when the time is up', async () => {
    const ending = new AbortController();
    const argocd = {
      maySync: ({ name }: { readonly name: string }) => {
        if (name === 'one-0') return Promise.resolve(false);
        ending.abort();
        return new Promise<boolean>(() => {});
      },
    };
    const { may, fault, late } = await askPermissions(argocd, [many(3, 'one')], ending.signal);
    expect([...may]).toEqual([['argocd/one-0', false]]);
    expect(fault).toBeUndefined();
    expect(late).toBe(true);
  });
});

describe('the row of a button', () => {
  const row = (apps: readonly AppRecord[], asked: number, late = false) =>
    buttonRow({
      button: button({ select: { all: true } }),
      apps,
      permissions: { may: new Map(apps.slice(0, asked).map((app) => [keyOf(app), true])), late },
      account: 'button',
    });

  it('says how many were not asked about, because there are so many', () => {
    const { status, found } = row(many(500, 'one'), 100);
    expect(status).toBe('ok');
    expect(found).toContain('may sync the 100 that were checked (400 applications left out');
    expect(found).toContain('at most 100');
    expect(found).not.toContain('time');
  });

  it('says that the time limit was reached only if it was', () => {
    const { status, found } = row(many(500, 'one'), 7, true);
    expect(status).toBe('warning');
    expect(found).toContain('may sync the 7 that were checked');
    expect(found).toContain('within the time limit');
  });

  it('says that all may be synced if all were asked about', () => {
    expect(row(many(3, 'one'), 3).found).toMatch(/may sync all of them$/);
  });
});

describe('unmatched', () => {
  const apps = [app('argocd/shop'), app('team-b/search', 'search'), app('argocd/db', 'data')];
  const of = (select: Parameters<typeof unmatched>[0]['select'], waves: string[][] = []) =>
    unmatched({ select, waves }, apps);

  it('is empty if everything exists', () => {
    expect(of({ names: ['shop', 'team-b/search'] }, [['team-b/search'], ['shop']])).toEqual([]);
    expect(of({ all: true })).toEqual([]);
    expect(of({ projects: ['data'], namespaces: ['argocd'] })).toEqual([]);
  });

  it('names each name, project and namespace that is not visible, with suggestions', () => {
    expect(of({ names: ['shop', 'serach', 'team-c/search'] })).toEqual([
      'select.names has serach, but no application with this name is visible (did you mean search?)',
      'select.names has team-c/search, but no application with this name is visible (did you mean team-b/search?)',
    ]);
    expect(of({ projects: ['dta', 'data'] })).toEqual([
      'select.projects has dta, but no application of this project is visible (did you mean data?)',
    ]);
    expect(of({ namespaces: ['elsewhere-entirely', 'argocd'] })).toEqual([
      'select.namespaces has elsewhere-entirely, but no application in this namespace is visible',
    ]);
  });

  it('distinguishes a name that the rest of the selection excludes from a missing one', () => {
    expect(of({ names: ['shop', 'db'], projects: ['data'] })).toEqual([
      'select.names has shop, but the rest of the selection leaves it out',
    ]);
  });

  it('reports a wave that names applications that the button does not release', () => {
    expect(of({ names: ['shop'] }, [['shop'], ['db', 'nowhere-to-be-found']])).toEqual([
      'waves[1] has db, but the rest of the selection leaves it out',
      'waves[1] has nowhere-to-be-found, but no application with this name is visible',
    ]);
  });
});
