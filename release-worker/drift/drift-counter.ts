// Counts the applications by state: of all, and of what each button selects. It updates the counts with each change, because
// with 10,000 applications and dozens of changes a second nothing may visit all of them each time.
import type { AppRecord } from '../argocd/application.ts';
import type { ButtonConfig } from '../buttons.ts';
import { buttonsSelecting } from '../buttons.ts';
import type { Lost, LostComparisons } from './lost-comparisons.ts';
import type { Registry } from './registry.ts';
import { isDrifted, isListed, type DriftCounts, type Obstacle } from './drifted.ts';

export interface DriftCounter {
  /**
   * Call this for every application that has changed, appeared or gone, or whose obstacle has changed.
   * @param now on any clock that never goes back
   */
  update(keys: Iterable<string>, now: number): void;
  /**
   * Counts applications whose automated sync has had its time.
   * @returns when the next application begins to count. Infinity: none
   */
  ripen(now: number): number;
  /** True if the application is out of sync but does not count yet, because Argo CD should sync it by itself. */
  isUnripe(key: string): boolean;
  /** Counts the applications that any button selects. */
  all(): DriftCounts;
  of(button: string): DriftCounts;
  /**
   * Since when the oldest drift has lasted, for what the button selects (absent: for all), as far as this process has seen
   * it. Undefined if nothing is out of sync. Argo CD does not report it.
   */
  oldest(button?: string): number | undefined;
  /** The candidates for the summary. */
  listed(): Iterable<AppRecord>;
  /** Keys of the applications that the button selects and that are out of sync. */
  drifted(button: string): Iterable<string>;
  /** The applications that the button selects and Argo CD cannot compare. */
  unknown(button: string): Iterable<AppRecord>;
  /** Those of them that were out of sync when Argo CD could last compare them, in the order in which they were lost. */
  wereOutOfSync(button: string): Iterable<Lost>;
}

interface Sum {
  total: number;
  outOfSync: number;
  unknown: number;
  wereOutOfSync: number;
  unhealthy: number;
  readonly obstacles: Map<Obstacle, number>;
}

/** How one application has been counted. */
interface Counted {
  readonly sums: readonly Sum[];
  readonly buttons: readonly string[];
  /** Argo CD's state, whether or not it counts */
  readonly drifted: boolean;
  readonly outOfSync: boolean;
  readonly unknown: boolean;
  readonly wasOutOfSync: boolean;
  readonly unhealthy: boolean;
  readonly obstacle: Obstacle | undefined;
}

export function createDriftCounter(options: {
  readonly registry: Pick<Registry, 'get'>;
  readonly buttons: readonly Pick<ButtonConfig, 'id' | 'select'>[];
  readonly obstacleOf: (key: string) => Obstacle | undefined;
  /** How long drift of an application with automated sync must last before it counts. */
  readonly automatedGraceMs: number;
  readonly lost: LostComparisons;
}): DriftCounter {
  const { registry, buttons, obstacleOf, automatedGraceMs, lost } = options;
  const whole = newSum();
  const sums = new Map(buttons.map(({ id }) => [id, newSum()]));
  const counted = new Map<string, Counted>();
  /** Since when it has been out of sync */
  const since = new Map<string, number>();
  /** When each application that does not count yet begins to count, in the order of these times */
  const unripe = new Map<string, number>();
  const listed = new Map<string, AppRecord>();

  const count = (key: string, app: AppRecord): Counted => {
    const releasing = buttonsSelecting(buttons, app);
    const drifted = isDrifted(app);
    const outOfSync = drifted && !unripe.has(key);
    return {
      sums: [whole, ...releasing.flatMap((id) => sums.get(id) ?? [])],
      buttons: releasing,
      drifted,
      outOfSync,
      unknown: app.sync === 'Unknown',
      wasOutOfSync: lost.get(key) !== undefined,
      unhealthy: app.health === 'Degraded' || app.health === 'Missing',
      obstacle: outOfSync ? obstacleOf(key) : undefined,
    };
  };

  /** @param isNew true if the application has just appeared: its drift may be old */
  const noteDrift = (key: string, app: AppRecord, isNew: boolean, now: number) => {
    if (!isDrifted(app)) {
      since.delete(key);
      unripe.delete(key);
      return;
    }
    if (!since.has(key)) {
      since.set(key, now);
      if (!isNew && app.automated) unripe.set(key, now + automatedGraceMs);
    }
    if (!app.automated || now >= (unripe.get(key) ?? -Infinity)) unripe.delete(key);
  };

  const update = (key: string, now: number) => {
    const before = counted.get(key);
    if (before !== undefined) add(before, -1);
    const app = registry.get(key);
    if (app === undefined) {
      counted.delete(key);
      since.delete(key);
      unripe.delete(key);
      lost.note(key, 'other', false, now);
      listed.delete(key);
      return;
    }
    const comparison = app.sync === 'Unknown' && !app.deleting ? 'unknown' : 'other';
    lost.note(key, comparison, before?.drifted === true, now);
    noteDrift(key, app, before === undefined, now);
    const next = count(key, app);
    add(next, 1);
    counted.set(key, next);
    if (isListed(app) && !unripe.has(key)) listed.set(key, app);
    else listed.delete(key);
  };

  const isOut = (key: string, button: string | undefined) => {
    const found = counted.get(key);
    return found?.outOfSync === true && (button === undefined || found.buttons.includes(button));
  };

  return {
    update: (keys, now) => {
      for (const key of keys) update(key, now);
    },
    ripen: (now) => {
      for (const [key, at] of unripe) {
        if (at > now) return at;
        update(key, now);
      }
      return Infinity;
    },
    isUnripe: (key) => unripe.has(key),
    all: () => countsOf(whole),
    of: (button) => countsOf(sums.get(button) ?? newSum()),
    oldest: (button) => {
      // In the order in which they were seen.
      for (const [key, at] of since) if (isOut(key, button)) return at;
      return undefined;
    },
    listed: () => listed.values(),
    drifted: function* (button) {
      for (const key of since.keys()) if (isOut(key, button)) yield key;
    },
    unknown: function* (button) {
      for (const [key, app] of listed)
        if (app.sync === 'Unknown' && counted.get(key)?.buttons.includes(button) === true) yield app;
    },
    wereOutOfSync: function* (button) {
      for (const one of lost.all()) if (counted.get(one.key)?.buttons.includes(button) === true) yield one;
    },
  };
}

function newSum(): Sum {
  return { total: 0, outOfSync: 0, unknown: 0, wereOutOfSync: 0, unhealthy: 0, obstacles: new Map() };
}

function add({ sums, outOfSync, unknown, wasOutOfSync, unhealthy, obstacle }: Counted, by: 1 | -1): void {
  for (const sum of sums) {
    sum.total += by;
    if (outOfSync) sum.outOfSync += by;
    if (unknown) sum.unknown += by;
    if (wasOutOfSync) sum.wereOutOfSync += by;
    if (unhealthy) sum.unhealthy += by;
    if (obstacle !== undefined) sum.obstacles.set(obstacle, (sum.obstacles.get(obstacle) ?? 0) + by);
  }
}

function countsOf({ total, outOfSync, unknown, wereOutOfSync, unhealthy, obstacles }: Sum): DriftCounts {
  const present = [...obstacles].filter(([, count]) => count > 0);
  return {
    total,
    outOfSync,
    blocked: present.reduce((sum, [, count]) => sum + count, 0),
    obstacles: new Set(present.map(([obstacle]) => obstacle)),
    unknown,
    wereOutOfSync,
    unhealthy,
  };
}
