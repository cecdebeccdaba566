// `worker/<worker>/release/current` and `…/last`. Another process with this worker's id may have published them: one that
// took over our client id, or one with another state directory. So this process reads the broker's copy first.
import { isDeepStrictEqual } from 'node:util';
import type { Release } from '../../messages/release.ts';
import { releaseCurrent, releaseLast } from '../../messages/release.ts';
import { fromTime } from '../../messages/time.ts';
import type { Link } from '../../service/link/link.ts';
import type { Log } from '../../service/log.ts';
import { endsOf } from './recovery.ts';
import type { Recovered } from './recovery.ts';
import { progressOf, releaseMessage } from './release.ts';

export interface ReleaseTopics {
  /** Must be called before the link starts. @param former what this machine's journal says about the former run */
  start(former: FormerReleases): void;
  /** Publishes the running release, or that there is none. */
  current(release: Release | undefined): void;
  /** Publishes a release that has ended, or whose end has changed. */
  last(release: Release): void;
}

export interface FormerReleases {
  /** ids of releases whose end is in this machine's journal */
  readonly endedHere: readonly string[];
  /** ids of releases that the former run did not finish, and that this process continues */
  readonly goingOn: readonly string[];
  /** the release that ended last */
  readonly last?: Release;
}

export interface ReleaseTopicsOptions {
  readonly link: Link;
  readonly worker: string;
  readonly log: Log;
  /** The retained last release is another process's. */
  readonly onOthersLast: (release: Release) => void;
}

export function createReleaseTopics(options: ReleaseTopicsOptions): ReleaseTopics {
  const { link, log, worker } = options;
  const idle = { state: 'idle' } as const;
  const endedHere = new Set<string>();
  let running: Release | undefined;
  let last: Release | undefined;

  return {
    start: (former) => {
      for (const id of former.endedHere) endedHere.add(id);
      last = former.last;
      const goingOn = new Set(former.goingOn);
      link.share(releaseCurrent.at({ worker }), releaseCurrent.filter({ worker }), (stored) => {
        if (running !== undefined || stored?.ok !== true) return running ?? idle;
        if ('state' in stored.value) return undefined;
        const { id, button } = stored.value;
        if (endedHere.has(id)) return idle;
        // This process publishes the release once it knows more than the broker's copy.
        if (goingOn.has(id)) return undefined;
        log.warn(
          { release: id, button },
          `another process with this worker's id stopped during release ${id}. Its journal says how far the release came, and Argo CD shows the result`,
        );
        return idle;
      });
      link.share(releaseLast.at({ worker }), releaseLast.filter({ worker }), (stored) => {
        if (stored?.ok !== true) return last;
        const later = laterRelease(last, stored.value, (id) => endedHere.has(id));
        if (later === stored.value && last?.id !== later.id) {
          last = later;
          if (!endedHere.has(later.id)) options.onOthersLast(later);
        }
        return isDeepStrictEqual(later, stored.value) ? undefined : last;
      });
    },
    current: (release) => {
      running = release;
      link.publish(releaseCurrent.at({ worker }), release ?? idle);
    },
    last: (release) => {
      endedHere.add(release.id);
      const isLater = laterRelease(release, last ?? release, (id) => endedHere.has(id)) === release;
      if (!isLater) return;
      last = release;
      link.publish(releaseLast.at({ worker }), release);
    },
  };
}

export function formerReleases({ last, endedHere, unfinished }: Recovered): FormerReleases {
  const goingOn = unfinished.map(({ release }) => release.id);
  if (last === undefined) return { endedHere, goingOn };
  const { release, fates, outcome, at } = last;
  return {
    endedHere,
    goingOn,
    last: releaseMessage(release, progressOf(endsOf(fates)), { at, outcome }),
  };
}

/**
 * Decides which release ended last: the one that this process knows, or the one that the broker has retained. The journal
 * knows the order of this machine's releases, whatever the clock said. Releases of other processes only have their times.
 */
export function laterRelease(
  ours: Release | undefined,
  stored: Release,
  endedHere: (id: string) => boolean,
): Release {
  if (ours === undefined) return stored;
  if (endedHere(stored.id)) return ours;
  return endOf(stored) > endOf(ours) ? stored : ours;
}

function endOf({ finishedAt, startedAt }: Release): number {
  return fromTime(finishedAt ?? startedAt);
}
