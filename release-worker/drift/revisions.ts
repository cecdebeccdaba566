// Authors and messages of revisions. Asks once for each revision instead of once for each application.
import { delay } from '../../service/clock.ts';
import type { Clock } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { ArgoCd, RevisionMetadata } from '../argocd/client.ts';
import { ArgoCdError } from '../argocd/errors.ts';
import type { Registry } from './registry.ts';

export interface Revisions {
  /** Returns what is known of the commit. Asks for the rest, and calls `onChange` after the answer. */
  of(app: AppRecord, revision: string): RevisionMetadata | undefined;
  stop(): Promise<void>;
}

/** The maximum of kept commits, a few hundred bytes each. */
const keepMax = 10_000;
const waitingMax = 200;
/**
 * This many questions may be sent at once, and further ones at this interval (milliseconds). Nobody waits for them. If every
 * change is another commit, unlimited questions would cost more than all other work.
 */
const atOnceMax = 20;
const oneInMs = 200;
/**
 * The interval if more arrive than can be asked for at that pace, in milliseconds: most would be replaced before anybody
 * has read them.
 */
const oneInWhileMoreComeMs = 1_000;
/** After a failure the same revision is not asked for again during this time, in milliseconds. */
const failedForMs = 600_000;
/** If Argo CD could not answer, the question is repeated after this time, in milliseconds. */
const unavailableForMs = 10_000;

export function createRevisions(options: {
  readonly argocd: ArgoCd;
  readonly registry: Pick<Registry, 'get'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: (keys: ReadonlySet<string>) => void;
}): Revisions {
  const { argocd, registry, clock, log } = options;
  const commits = new Map<string, { readonly metadata: RevisionMetadata; readonly until: number }>();
  const waiting = new Map<
    string,
    { readonly app: AppRecord; readonly revision: string; readonly keys: Set<string> }
  >();
  let underWay = '';
  /** Applications whose questions did not fit into the queue. They ask again when it is empty */
  const turnedAway = new Set<string>();
  let asking: Promise<void> | undefined;
  const abort = new AbortController();
  /** Questions that may be asked at once */
  let allowed = atOnceMax;
  let allowedAt = clock.monotonic();
  /** New questions since the last one was asked, and in the interval before */
  let newQuestions = 0;
  let newQuestionsBefore = 0;

  const keep = (id: string, metadata: RevisionMetadata, until: number) => {
    commits.set(id, { metadata, until });
    for (const oldest of commits.keys()) {
      if (commits.size <= keepMax) break;
      commits.delete(oldest);
    }
  };
  const mayAskNow = () => {
    const now = clock.monotonic();
    allowed = Math.min(atOnceMax, allowed + (now - allowedAt) / oneInMs);
    allowedAt = now;
    if (allowed < 1) return false;
    allowed -= 1;
    return true;
  };
  const waitForTurn = async () => {
    await delay(clock, newQuestions + newQuestionsBefore > 1 ? oneInWhileMoreComeMs : oneInMs, abort.signal);
    // This wait pays for the question that follows, so it must not count for further ones.
    allowedAt = clock.monotonic();
  };
  const isShown = (key: string, revision: string) => {
    const app = registry.get(key);
    return app !== undefined && (app.target === revision || app.detail?.deployed === revision);
  };
  /**
   * The newest waiting question, because people want to see the last change first. Drops questions about revisions that no
   * application shows any more.
   */
  const newest = () => {
    for (const question of [...waiting].toReversed()) {
      const [id, { keys, revision }] = question;
      if ([...keys].some((key) => isShown(key, revision))) return question;
      waiting.delete(id);
    }
    return undefined;
  };
  const turnOldestAway = () => {
    for (const [id, { keys }] of waiting) {
      if (id === underWay) continue;
      waiting.delete(id);
      for (const key of keys) turnedAway.add(key);
      return;
    }
  };
  const work = async () => {
    while (waiting.size > 0) {
      if (!mayAskNow()) await waitForTurn();
      if (abort.signal.aborted) return;
      [newQuestionsBefore, newQuestions] = [newQuestions, 0];
      const next = newest();
      if (next === undefined) break;
      const [id, { app, revision, keys }] = next;
      underWay = id;
      try {
        keep(id, await argocd.revisionMetadata(app, revision), Infinity);
        waiting.delete(id);
        options.onChange(keys);
      } catch (error) {
        if (error instanceof ArgoCdError && (error.kind === 'unreachable' || error.kind === 'unavailable')) {
          // After all others, so that a question that is never answered does not delay them for long.
          const others = [...waiting].filter(([other]) => other !== id);
          waiting.clear();
          for (const [other, question] of [next, ...others]) waiting.set(other, question);
          await delay(clock, unavailableForMs, abort.signal);
          break;
        }
        waiting.delete(id);
        keep(id, {}, clock.monotonic() + failedForMs);
        log.debug(`could not get the author and message of commit ${revision}: ${messageOf(error)}`);
      }
    }
    const again = new Set(turnedAway);
    turnedAway.clear();
    if (again.size > 0 && !abort.signal.aborted) options.onChange(again);
  };
  const askAll = () => {
    asking ??= work().finally(() => {
      asking = undefined;
      // More may have arrived between the last answer and now.
      if (waiting.size > 0 && !abort.signal.aborted) askAll();
    });
  };

  return {
    of: (app, revision) => {
      // Only full commit ids of plain sources. Anything else gets HTTP 500 (`revision-metadata-branch-name`).
      if (app.sources > 1 || !/^[0-9a-f]{40}$/.test(revision)) return undefined;
      const id = `${app.repository} ${revision}`;
      const found = commits.get(id);
      if (found !== undefined && clock.monotonic() < found.until) return found.metadata;
      const asked = waiting.get(id);
      if (asked !== undefined) asked.keys.add(keyOf(app));
      else if (!abort.signal.aborted) {
        if (waiting.size >= waitingMax) turnOldestAway();
        waiting.set(id, { app, revision, keys: new Set([keyOf(app)]) });
        newQuestions += 1;
        askAll();
      }
      return undefined;
    },
    stop: async () => {
      abort.abort();
      await asking;
    },
  };
}
