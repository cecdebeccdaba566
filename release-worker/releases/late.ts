// What follows from the late end of a sync: `release/last`, the light, and what a rollback would undo.
import { toTime } from '../../messages/time.ts';
import type { Board } from '../drift/board.ts';
import { endingOf } from '../drift/ending.ts';
import type { Registry } from '../drift/registry.ts';
import type { DeployedByButton } from './deployed.ts';
import { progressOf, releaseMessage } from './release.ts';
import type { Recovered } from './recovery.ts';
import type { Said } from './said.ts';
import type { EndedRelease } from './unended.ts';

export interface Late {
  /** What the journal tells of the former run. */
  recovered(known: Pick<Recovered, 'last' | 'failed' | 'timedOut'>): void;
  begun(button: string, releaseId: string): void;
  ended(releaseId: string): void;
  /** A release has ended otherwise than was told before. */
  tell(ended: EndedRelease): void;
}

export function createLate(options: {
  readonly registry: Pick<Registry, 'get'>;
  readonly board: () => Pick<Board, 'finished'>;
  readonly said: () => Pick<Said, 'last'> | undefined;
  readonly deployed: DeployedByButton;
}): Late {
  const { registry, deployed } = options;
  /** the release that ended last */
  let newest: string | undefined;
  /** by button: the release that is its news */
  const news = new Map<string, string>();

  return {
    recovered: ({ last, failed, timedOut }) => {
      newest = last?.release.id;
      // A press that was accepted since is the news of the button.
      for (const { release } of timedOut) news.set(release.button, '');
      for (const { release } of failed) news.set(release.button, release.id);
    },
    begun: (button, releaseId) => void news.set(button, releaseId),
    ended: (releaseId) => {
      newest = releaseId;
    },
    tell: ({ release, ends, outcome, at }) => {
      deployed.note(release, ends);
      const progress = progressOf(new Map([...ends].map(([key, end]) => [key, { end }])));
      if (newest === release.id)
        options.said()?.last(releaseMessage(release, progress, { at: toTime(at), outcome }));
      if ((news.get(release.button) ?? release.id) !== release.id) return;
      const targetOf = (key: string) => registry.get(key)?.target;
      options.board().finished(endingOf(release, (key) => ends.get(key), { outcome, at }, targetOf));
    },
  };
}
