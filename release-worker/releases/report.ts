// What is said of releases while they run: events, the running one, and the lines of the journal.
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
  /** The release that runs, whole, or undefined when none does. Bounded in frequency. */
  readonly onCurrent: (release: Release | undefined) => void;
  /** the release that has run for longest */
  readonly running: () =>
    { readonly release: PlannedRelease; readonly progress: ReadonlyMap<string, AppProgress> } | undefined;
}

export interface Report {
  event(release: PlannedRelease, what: Pick<ReleaseEvent, 'event' | 'app' | 'outcome'>): void;
  /** The progress of a release has changed. */
  changed(): void;
  /** Never rejects. */
  write(line: Parameters<Journal['append']>[0]): Promise<void>;
  /** Says at once what is still to be said of the running one. */
  stop(): void;
}

/** Progress is published at most this often. In milliseconds. */
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
        // The sync itself has happened or not; what is missing here only costs a look after the next start.
        log.error(messageOf(error));
      }
    },
    stop: () => {
      stopped = true;
      if (timer !== undefined) publishCurrent();
    },
  };
}
