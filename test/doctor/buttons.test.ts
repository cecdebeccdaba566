import { describe, expect, it } from 'vitest';
import { askPermissions, sample, unmatched } from '../../doctor/buttons.ts';
import { recordOf } from '../../release-worker/argocd/application.ts';
import type { AppRecord } from '../../release-worker/argocd/application.ts';

function app(key: string, project = 'default'): AppRecord {
  const [namespace = '', name = ''] = key.split('/');
  return recordOf({ metadata: { namespace, name }, spec: { project } });
}

const many = (count: number, project: string) =>
  Array.from({ length: count }, (_, index) => app(`argocd/${project}-${index}`, project));

describe('sample', () => {
  it('takes each project in turn, so that a large one does not hide the others', () => {
    const chosen = sample([...many(500, 'large'), ...many(2, 'small')], 10);
    expect(chosen).toHaveLength(10);
    expect(chosen.filter(({ project }) => project === 'small')).toHaveLength(2);
  });

  it('takes all where there are few', () => {
    expect(sample(many(3, 'one'), 10)).toHaveLength(3);
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
    const { may } = await askPermissions(argocd, many(1_000, 'one'), new AbortController().signal);
    expect([asked, may.size]).toEqual([100, 100]);

    const failing = await askPermissions(
      { maySync: () => Promise.reject(new Error('gone')) },
      many(1_000, 'one'),
      new AbortController().signal,
    );
    expect(failing.fault?.found).toBe('gone');
  });

  it('ends with what is known when the time is up', async () => {
    const ending = new AbortController();
    const argocd = {
      maySync: ({ name }: { readonly name: string }) => {
        if (name === 'one-0') return Promise.resolve(false);
        ending.abort();
        return new Promise<boolean>(() => {});
      },
    };
    const { may, fault } = await askPermissions(argocd, many(3, 'one'), ending.signal);
    expect([...may]).toEqual([['argocd/one-0', false]]);
    expect(fault).toBeUndefined();
  });
});

describe('unmatched', () => {
  const apps = [app('argocd/shop'), app('team-b/search', 'search'), app('argocd/db', 'data')];
  const of = (select: Parameters<typeof unmatched>[0]['select'], waves: string[][] = []) =>
    unmatched({ select, waves }, apps);

  it('has nothing to say where everything is there', () => {
    expect(of({ names: ['shop', 'team-b/search'] }, [['team-b/search'], ['shop']])).toEqual([]);
    expect(of({ all: true })).toEqual([]);
    expect(of({ projects: ['data'], namespaces: ['argocd'] })).toEqual([]);
  });

  it('names each name, project and namespace that is not to be seen, with what may be meant', () => {
    expect(of({ names: ['shop', 'serach', 'team-c/search'] })).toEqual([
      'select.names has serach, and no such application is to be seen (is search meant?)',
      'select.names has team-c/search, and no such application is to be seen (is team-b/search meant?)',
    ]);
    expect(of({ projects: ['dta', 'data'] })).toEqual([
      'select.projects has dta, and no application of such a project is to be seen (is data meant?)',
    ]);
    expect(of({ namespaces: ['elsewhere-entirely', 'argocd'] })).toEqual([
      'select.namespaces has elsewhere-entirely, and no application there is to be seen',
    ]);
  });

  it('tells a name that the rest of the selection leaves out from one that is not there', () => {
    expect(of({ names: ['shop', 'db'], projects: ['data'] })).toEqual([
      'select.names has shop, which the rest of the selection leaves out',
    ]);
  });

  it('tells a wave that names what the button does not release', () => {
    expect(of({ names: ['shop'] }, [['shop'], ['db', 'nowhere-to-be-found']])).toEqual([
      'waves[1] has db, which the rest of the selection leaves out',
      'waves[1] has nowhere-to-be-found, and no such application is to be seen',
    ]);
  });
});
