// The order of applications within a release, with the simulated Argo CD.
import { describe, expect, it } from 'vitest';
import { worldOf } from '../../support/argocd-control.ts';
import { planned, releaseOf } from '../support/releases.ts';
import { releasing } from '../support/runner.ts';

const names = ['db', 'api', 'web'] as const;
const inWaves = releaseOf([planned('web', { wave: 2 }), planned('db'), planned('api', { wave: 1 })]);
const world = (over: Partial<Record<(typeof names)[number], object>> = {}) =>
  worldOf(names.map((name) => ({ name, drifted: true, syncMs: 20, ...over[name] })));

describe('waves', () => {
  it('follow each other, each after the previous one is in sync', async () => {
    const { run, events } = await releasing(world());
    expect(await run(inWaves)).toMatchObject({ outcome: 'succeeded' });
    expect(events.filter(({ app }) => app !== undefined).map(({ event, app }) => `${event} ${app}`)).toEqual(
      names.flatMap((name) => [`app-started argocd/${name}`, `app-finished argocd/${name}`]),
    );
  });

  it('stop after a wave that does not succeed: later waves are not sent', async () => {
    const { run, posts } = await releasing(world({ api: { fails: { phase: 'Failed', message: 'no' } } }));
    const release = await run(inWaves);
    expect(release.outcome).toBe('partly');
    expect(Object.fromEntries(release.apps.map(({ name, outcome }) => [name, outcome]))).toEqual({
      db: 'in-sync',
      api: 'failed',
      web: 'interrupted',
    });
    expect(release.apps[0]?.message).toContain('argocd/api of the previous wave did not succeed');
    expect(await posts()).toBe(2);
  });
});
