// Handles the late end of a sync: updates `release/last`, the light, and what a rollback of the button undoes.
import { toTime } from '../../messages/time.ts';
import type { SignalPublisher } from '../drift/signal-publisher.ts';
import { endingOf } from '../drift/ending.ts';
import type { Registry } from '../drift/registry.ts';
import type { DeployedByButton } from './deployed.ts';
import type { PlannedRelease } from './release.ts';
import { progressOf, releaseMessage, whyFreeze } from './release.ts';
import type { Recovered } from './recovery.ts';
import type { ReleaseTopics } from './release-topics.ts';
import type { LateEnd } from './leftover-syncs.ts';

export interface LateEnds {
  /** Restores the former run's releases from the journal. */
  recovered(former: Pick<Recovered, 'last' | 'failed' | 'timedOut'>): void;
  begun(button: string, releaseId: string): void;
  ended(release: Pick<PlannedRelease, 'id' | 'button'>): void;
  /** Corrects the outcome of a release that was published before. */
  correct(ended: LateEnd): void;
}

export function createLateEnds(options: {
  readonly registry: Pick<Registry, 'get'>;
  readonly signalPublisher: Pick<SignalPublisher, 'finished'>;
  readonly releaseTopics: Pick<ReleaseTopics, 'last'>;
  readonly deployed: DeployedByButton;
  /** A rollback has succeeded: freezes its button, because the light would invite the next person to undo it. */
  readonly freeze: (release: PlannedRelease, why: string) => void;
}): LateEnds {
  const { registry, signalPublisher, releaseTopics, deployed } = options;
  /** id of the release that ended last */
  let newest: string | undefined;
  /** by button: the releases whose end the light may show, that is the last one begun and those that ended since */
  const showable = new Map<string, Set<string>>();
  const mayShow = ({ id, button }: Pick<PlannedRelease, 'id' | 'button'>) =>
    showable.get(button)?.has(id) !== false;

  return {
    recovered: ({ last, failed, timedOut }) => {
      newest = last?.release.id;
      // If a press was accepted after the timeout, the timed-out release must not change the light.
      for (const { release } of timedOut) showable.set(release.button, new Set());
      for (const { release } of failed) addTo(showable, release);
    },
    begun: (button, releaseId) => void showable.set(button, new Set([releaseId])),
    ended: (release) => {
      newest = release.id;
      addTo(showable, release);
    },
    correct: ({ release, ends, outcome, at, key: late }) => {
      deployed.note(release, ends, late);
      const why = ends.get(late)?.good === true ? whyFreeze(release, ends.values()) : undefined;
      if (why !== undefined) options.freeze(release, why);
      if (newest === release.id)
        releaseTopics.last(releaseMessage(release, progressOf(ends), { at: toTime(at), outcome }));
      if (!mayShow(release)) return;
      const targetOf = (key: string) => registry.get(key)?.target;
      signalPublisher.finished(endingOf(release, ends, { outcome, at }, targetOf));
    },
  };
}

function addTo(
  showable: Map<string, Set<string>>,
  { id, button }: Pick<PlannedRelease, 'id' | 'button'>,
): void {
  showable.set(button, new Set([...(showable.get(button) ?? []), id]));
}
