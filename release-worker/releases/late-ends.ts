// What follows from the late end of a sync: `release/last`, the light, and what a rollback would undo.
import { toTime } from '../../messages/time.ts';
import type { Board } from '../drift/signal-publisher.ts';
import { endingOf } from '../drift/ending.ts';
import type { Registry } from '../drift/registry.ts';
import type { DeployedByButton } from './deployed.ts';
import type { PlannedRelease } from './release.ts';
import { progressOf, releaseMessage, whyFreeze } from './release.ts';
import type { Recovered } from './recovery.ts';
import type { Said } from './release-topics.ts';
import type { LateEnd } from './leftover-syncs.ts';

export interface Late {
  /** What the journal tells of the former run. */
  recovered(known: Pick<Recovered, 'last' | 'failed' | 'timedOut'>): void;
  begun(button: string, releaseId: string): void;
  ended(release: Pick<PlannedRelease, 'id' | 'button'>): void;
  /** A release has ended otherwise than was told before. */
  tell(ended: LateEnd): void;
}

export function createLate(options: {
  readonly registry: Pick<Registry, 'get'>;
  readonly board: Pick<Board, 'finished'>;
  readonly said: Pick<Said, 'last'>;
  readonly deployed: DeployedByButton;
  /** A rollback has come through: the light would invite the next person to undo it. */
  readonly freeze: (release: PlannedRelease, why: string) => void;
}): Late {
  const { registry, board, said, deployed } = options;
  /** the release that ended last */
  let newest: string | undefined;
  /** by button: the releases whose end its light may show, which are those that ended or began since the last began */
  const news = new Map<string, Set<string>>();
  const isNews = ({ id, button }: Pick<PlannedRelease, 'id' | 'button'>) =>
    news.get(button)?.has(id) !== false;

  return {
    recovered: ({ last, failed, timedOut }) => {
      newest = last?.release.id;
      // A press that was accepted since is the news of the button.
      for (const { release } of timedOut) news.set(release.button, new Set());
      for (const { release } of failed) addTo(news, release);
    },
    begun: (button, releaseId) => void news.set(button, new Set([releaseId])),
    ended: (release) => {
      newest = release.id;
      addTo(news, release);
    },
    tell: ({ release, ends, outcome, at, key: late }) => {
      deployed.note(release, ends, late);
      const why = ends.get(late)?.good === true ? whyFreeze(release, ends.values()) : undefined;
      if (why !== undefined) options.freeze(release, why);
      if (newest === release.id)
        said.last(releaseMessage(release, progressOf(ends), { at: toTime(at), outcome }));
      if (!isNews(release)) return;
      const targetOf = (key: string) => registry.get(key)?.target;
      board.finished(endingOf(release, ends, { outcome, at }, targetOf));
    },
  };
}

function addTo(news: Map<string, Set<string>>, { id, button }: Pick<PlannedRelease, 'id' | 'button'>): void {
  news.set(button, new Set([...(news.get(button) ?? []), id]));
}
