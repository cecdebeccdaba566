// Details that a list does not have, on a hand-moved clock: which applications are requested one by one, in which order.
import { describe, expect, it } from 'vitest';
import type { AppRecord, ListedApp } from '../../../release-worker/argocd/application.ts';
import { createDetails } from '../../../release-worker/drift/details.ts';
import { createRegistry } from '../../../release-worker/drift/registry.ts';
import { silentLog } from '../../../service/log.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { scriptedArgoCd } from '../support/argocd.ts';
import { drifted, listed, newCommit, newestCommit, whole } from '../support/records.ts';
import { settle } from '../support/settle.ts';
import { unreachable } from '../support/watching.ts';

/** As in a list of Argo CD before 3.5.0, or in any list if the application has several sources. */
const untargeted = (name: string, sync: AppRecord['sync'] = 'OutOfSync'): ListedApp =>
  listed({ name, sync, target: undefined });

function detailing(options: { vouchesSince?: number; get?: (name: string) => Promise<AppRecord> } = {}) {
  const clock = createFakeClock();
  const registry = createRegistry();
  const abort = new AbortController();
  const gets: string[] = [];
  let { vouchesSince } = options;
  const details = createDetails({
    argocd: scriptedArgoCd({
      get: ({ name }) => {
        gets.push(name);
        return options.get?.(name) ?? Promise.resolve(drifted(name, { target: newestCommit }));
      },
    }),
    registry,
    vouchesSince: () => vouchesSince,
    clock,
    log: silentLog(),
    signal: abort.signal,
  });
  return {
    registry,
    gets,
    /** A list, and the round that follows it. @returns the requested applications */
    list: async (apps: readonly ListedApp[]) => {
      const from = gets.length;
      registry.list(registry.ticket(), apps);
      details.ask();
      clock.advance(3_000);
      await details.ended();
      await settle();
      return gets.slice(from);
    },
    streamBegins: (at: number) => {
      vouchesSince = at;
    },
    target: (name: string) => registry.get(`argocd/${name}`)?.target,
  };
}

describe('a target that lists leave out', () => {
  it('is asked for anew after each list while no stream vouches, so that a newer commit is known', async () => {
    const { registry, list, target } = detailing();
    registry.event('changed', drifted('shop'));
    expect(target('shop')).toBe(newCommit);
    expect(await list([untargeted('shop')])).toEqual(['shop']);
    expect(target('shop')).toBe(newestCommit);
    expect(await list([untargeted('shop')])).toEqual(['shop']);
  });

  it('is asked for once for each stream that vouches, since events at its beginning can be lost', async () => {
    const { registry, list, target, streamBegins } = detailing({ vouchesSince: 0 });
    registry.event('changed', drifted('shop'));
    expect(await list([untargeted('shop')])).toEqual(['shop']);
    expect(target('shop')).toBe(newestCommit);
    expect(await list([untargeted('shop')])).toEqual([]);
    streamBegins(100_000);
    expect(await list([untargeted('shop')])).toEqual(['shop']);
    expect(await list([untargeted('shop')])).toEqual([]);
  });

  it('is not where a stream has told after the list, or it is listed, or there is no drift', async () => {
    const { registry, list } = detailing();
    for (const name of ['listed', 'told']) registry.event('changed', drifted(name));
    registry.event('changed', whole({ name: 'fine' }));
    const ticketed = list([
      listed({ name: 'listed', sync: 'OutOfSync' }),
      untargeted('told'),
      untargeted('fine', 'Synced'),
    ]);
    registry.event('changed', drifted('told'));
    expect(await ticketed).toEqual([]);
  });

  it('is asked for in turn where there are many, also where some are never answered', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `app-${index}`);
    const { registry, list } = detailing({
      get: (name) => (name === 'app-0' ? unreachable() : Promise.resolve(drifted(name))),
    });
    for (const name of names) registry.event('changed', drifted(name));
    const rounds: string[][] = [];
    for (let round = 0; round < 5; round += 1) rounds.push(await list(names.map((name) => untargeted(name))));
    expect(rounds.map(({ length }) => length)).toEqual([20, 20, 20, 20, 20]);
    expect(new Set(rounds.slice(0, 3).flat())).toEqual(new Set(names));
    const times = names.map((name) => rounds.flat().filter((asked) => asked === name).length);
    expect(new Set(times)).toEqual(new Set([2]));
  });

  it('keeps nothing of applications that are gone', async () => {
    const { registry, list } = detailing();
    registry.event('changed', drifted('shop'));
    await list([untargeted('shop')]);
    registry.list(registry.ticket(), [untargeted('shop')]);
    registry.event('deleted', drifted('shop'));
    expect(registry.withoutListedTarget()).toEqual([]);
    expect(await list([])).toEqual([]);
  });
});
