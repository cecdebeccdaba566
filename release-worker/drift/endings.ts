// How the last releases of each button ended, for as long as the light shows it.
import type { Clock } from '../../service/clock.ts';
import type { AppRecord } from '../argocd/application.ts';
import type { Ending } from './ending.ts';
import { endingInWords, leftOf } from './ending.ts';
import type { LastRelease } from './signal.ts';
import { endShownMs } from './signal.ts';

export interface Endings {
  /** A release has started: earlier ends are no longer shown. */
  started(button: string): void;
  /** Can be called again for the same release, if its end turns out to be another one. */
  finished(ending: Ending): void;
  /** What the light of the button has to show. */
  of(button: string): LastRelease | undefined;
  /** Drops what is over for good. Call it only while the known state of Argo CD is fresh. */
  sweep(button: string): void;
}

interface Entry {
  readonly ending: Ending;
  /** Monotonic */
  readonly at: number;
}

export function createEndings(options: {
  readonly clock: Clock;
  readonly get: (key: string) => AppRecord | undefined;
  /** The failure is over, and must not come back. */
  readonly onOver: (ending: Ending) => void;
}): Endings {
  const { clock, get } = options;
  /** By button. If several releases failed, each failure stays until it is over */
  const entries = new Map<string, readonly Entry[]>();

  const keep = (button: string, left: readonly Entry[]) => {
    if (left.length === 0) entries.delete(button);
    else entries.set(button, left);
  };
  const isNews = ({ at }: Entry) => clock.monotonic() < at + endShownMs;
  const isFailure = ({ ending }: Entry) => ending.outcome !== 'succeeded';

  return {
    started: (button) => void entries.delete(button),
    finished: (ending) => {
      // After a restart, the release ended some time ago.
      const at = clock.monotonic() - Math.max(0, clock.now() - ending.at);
      const others = (entries.get(ending.button) ?? []).filter(
        (entry) => entry.ending.releaseId !== ending.releaseId && isFailure(entry),
      );
      const entry = { ending, at };
      keep(ending.button, isFailure(entry) || others.length === 0 ? [...others, entry] : others);
    },
    of: (button) => {
      const all = (entries.get(button) ?? []).map((entry) => ({ entry, left: leftOf(entry.ending, get) }));
      // The newest of those that still apply. Without any, the newest.
      const shown = all.findLast(({ left }) => left === 'failed') ?? all.at(-1);
      if (shown === undefined) return undefined;
      const { entry, left } = shown;
      return { outcome: entry.ending.outcome, at: entry.at, left, inWords: endingInWords(entry.ending) };
    },
    sweep: (button) => {
      const all = entries.get(button);
      if (all === undefined) return;
      const over = all.filter((entry) => !isNews(entry) && leftOf(entry.ending, get) === 'over');
      if (over.length === 0) return;
      keep(
        button,
        all.filter((entry) => !over.includes(entry)),
      );
      for (const entry of over) if (isFailure(entry)) options.onOver(entry.ending);
    },
  };
}
