// Reports running releases: events, the current release, and journal lines.
import type { Release, ReleaseEvent } from '../../messages/release.ts';
import { toTime } from '../../messages/time.ts';
import type { Clock, Timer } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { Journal } from './journal.ts';
import type { AppProgress, PlannedRelease } from './release.ts';
import { releaseMessage } from './release.ts';

export interface ReportOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly onEvent: (event: ReleaseEvent) => void;
  /** The running release, or undefined if there is none. Called at most every `progressEveryMs`. */
  readonly onCurrent: (release: Release | undefined) => void;
  /** the release that has been running longest */
  readonly running: () =>
    { readonly release: PlannedRelease; readonly progress: ReadonlyMap<string, AppProgress> } | undefined;
}

export interface Report {
  event(release: PlannedRelease, what: Pick<ReleaseEvent, 'event' | 'app' | 'outcome'>): void;
  changed(): void;
  /** Never rejects. */
  write(line: Parameters<Journal['append']>[0]): Promise<void>;
  /** Publishes pending progress at once. */
  stop(): void;
}

/** Shortest time between two publications of progress, in milliseconds. */
const progressEveryMs = 100;

export function createReport(options: ReportOptions): Report {
  const { journal, clock, log } = options;
  let timer: Timer | undefined;
  let stopped = false;

  const publishCurrent = () => {
    timer?.cancel();
    timer = undefined;
    const oldest = options.running();
    options.onCurrent(oldest === undefined ? undefined : releaseMessage(oldest.release, oldest.progress));
  };

  return {
    event: (release, what) => {
      options.onEvent({ releaseId: release.id, button: release.button, at: toTime(clock.now()), ...what });
    },
    changed: () => {
      if (!stopped) timer ??= clock.setTimeout(publishCurrent, progressEveryMs);
    },
    write: async (line) => {
      try {
        await journal.append(line, { flush: true });
      } catch (error) {
        // The sync does not depend on this line. Without it, the next start sends one more GET.
        log.error(messageOf(error));
      }
    },
    stop: () => {
      stopped = true;
      if (timer !== undefined) publishCurrent();
    },
  };
}
