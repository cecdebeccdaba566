import { describe, expect, it } from 'vitest';
import { askPermissions, buttonRow, sample, unmatched } from '../../doctor/buttons.ts';
import { keyOf, type AppRecord } from '../../release-worker/argocd/application.ts';
import { recordOf } from '../../release-worker/argocd/record.ts';
import { button } from '../release-worker/support/buttons.ts';

function app(key: string, project = 'default'): AppRecord {
  const [namespace = '', name = ''] = key.split('/');
  return recordOf({ metadata: { namespace, name }, spec: { project } });
}

const applications = (count: number, project: string) =>
  Array.from({ length: count }, (_, index) => app(`argocd/${project}-${index}`, project));

describe('the sample of applications to ask about', () => {
  it('takes each project in turn, so that a large project does not hide the others', () => {
    const chosen = sample([[...applications(500, 'large'), ...applications(2, 'small')]], 10);
    expect(chosen).toHaveLength(10);
    expect(chosen.filter(({ project }) => project === 'small')).toHaveLength(2);
  });

  it('takes each button in turn, so that no button is left out', () => {
    const chosen = sample(
      [applications(500, 'large'), applications(300, 'other'), applications(1, 'tiny')],
      10,
    );
    expect(chosen).toHaveLength(10);
    expect(chosen.map(({ project }) => project)).toEqual(expect.arrayContaining(['large', 'other', 'tiny']));
  });

  it('takes one application of each button, even if there are more buttons than questions', () => {
    const buttons = Array.from({ length: 150 }, (_, index) => applications(3, `project-${index}`));
    expect(new Set(sample(buttons).map(({ project }) => project)).size).toBe(150);
  });

  it('contains an application of two buttons once', () => {
    const ofTwoButtons = applications(4, 'one');
    expect(sample([ofTwoButtons, ofTwoButtons])).toHaveLength(4);
  });

  it('contains all applications if there are few', () => {
    expect(sample([applications(3, 'one')], 10)).toHaveLength(3);
  });
});

describe('asking for permissions', () => {
  it('ends after a hundred questions, and at the first failure', async () => {
    let asked = 0;
    const argocd = {
      maySync: () => {
        asked += 1;
        return Promise.resolve(true);
      },
    };
    const { may } = await askPermissions(argocd, [applications(1_000, 'one')], new AbortController().signal);
    expect([asked, may.size]).toEqual([100, 100]);

    const failing = await askPermissions(
      { maySync: () => Promise.reject(new Error('gone')) },
      [applications(1_000, 'one')],
      new AbortController().signal,
    );
    expect(failing.fault?.found).toBe('gone');
  });

  it('returns the answers so far when the time is up', async () => {
    const ending = new AbortController();
    const argocd = {
      maySync: ({ name }: { readonly name: string }) => {
        if (name === 'one-0') return Promise.resolve(false);
        ending.abort();
        return new Promise<boolean>(() => {});
      },
    };
    const { may, fault, late } = await askPermissions(argocd, [applications(3, 'one')], ending.signal);
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

  it('says how many applications were left out because there are too many', () => {
    const { status, found } = row(applications(500, 'one'), 100);
    expect(status).toBe('ok');
    expect(found).toContain('may sync the 100 that were checked (400 applications left out');
    expect(found).toContain('at most 100');
    expect(found).not.toContain('time');
  });

  it('mentions the time limit only if it was reached', () => {
    const { status, found } = row(applications(500, 'one'), 7, true);
    expect(status).toBe('warning');
    expect(found).toContain('may sync the 7 that were checked');
    expect(found).toContain('within the time limit');
  });

  it('says that all may be synced if all were checked', () => {
    expect(row(applications(3, 'one'), 3).found).toMatch(/may sync all of them$/);
  });
});

describe('the names in a selection that match nothing', () => {
  const apps = [app('argocd/shop'), app('team-b/search', 'search'), app('argocd/db', 'data')];
  const unmatchedIn = (select: Parameters<typeof unmatched>[0]['select'], waves: string[][] = []) =>
    unmatched({ select, waves }, apps);

  it('are none if everything exists', () => {
    expect(unmatchedIn({ names: ['shop', 'team-b/search'] }, [['team-b/search'], ['shop']])).toEqual([]);
    expect(unmatchedIn({ all: true })).toEqual([]);
    expect(unmatchedIn({ projects: ['data'], namespaces: ['argocd'] })).toEqual([]);
  });

  it('are names, projects and namespaces that are not visible, each with suggestions', () => {
    expect(unmatchedIn({ names: ['shop', 'serach', 'team-c/search'] })).toEqual([
      'select.names has serach, but no application with this name is visible (did you mean search?)',
      'select.names has team-c/search, but no application with this name is visible (did you mean team-b/search?)',
    ]);
    expect(unmatchedIn({ projects: ['dta', 'data'] })).toEqual([
      'select.projects has dta, but no application of this project is visible (did you mean data?)',
    ]);
    expect(unmatchedIn({ namespaces: ['elsewhere-entirely', 'argocd'] })).toEqual([
      'select.namespaces has elsewhere-entirely, but no application in this namespace is visible',
    ]);
  });

  it('do not include a name that the rest of the selection excludes', () => {
    expect(unmatchedIn({ names: ['shop', 'db'], projects: ['data'] })).toEqual([
      'select.names has shop, but the rest of the selection leaves it out',
    ]);
  });

  it('include applications in waves that the button does not release', () => {
    expect(unmatchedIn({ names: ['shop'] }, [['shop'], ['db', 'nowhere-to-be-found']])).toEqual([
      'waves[1] has db, but the rest of the selection leaves it out',
      'waves[1] has nowhere-to-be-found, but no application with this name is visible',
    ]);
  });
});
