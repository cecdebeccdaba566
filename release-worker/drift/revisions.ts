// Who made a revision and what its message says: asked for once a revision, not once an application.
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
  /** What is known. Asks for what is unknown, and calls `onChange` when the answer has come. */
  of(app: AppRecord, revision: string): RevisionMetadata | undefined;
  stop(): Promise<void>;
}

/** Commits that are kept: a few hundred bytes each. */
const keepMax = 10_000;
const waitingMax = 200;
/**
 * So many are asked for at once, and further ones in such intervals (milliseconds): nobody waits for them, and where every
 * change is another commit the questions would cost more than all the rest.
 */
const atOnceMax = 20;
const oneInMs = 200;
/**
 * Where more come meanwhile than can be asked for at that pace, it is slower, in milliseconds: most would be superseded
 * before anybody has read of them.
 */
const oneInWhileMoreComeMs = 1_000;
/** After a failure the same revision is not asked for again for so long, in milliseconds. */
const failedForMs = 600_000;
/** Where nobody was there to answer, the question waits so long and is asked again, in milliseconds. */
const nobodyForMs = 10_000;

export function createRevisions(options: {
  readonly argocd: ArgoCd;
  readonly registry: Pick<Registry, 'get'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: (keys: ReadonlySet<string>) => void;
}): Revisions {
  const { argocd, registry, clock, log } = options;
  const known = new Map<string, { readonly metadata: RevisionMetadata; readonly until: number }>();
  const waiting = new Map<
    string,
    { readonly app: AppRecord; readonly revision: string; readonly keys: Set<string> }
  >();
  let underWay = '';
  /** applications whose questions had to leave the full queue: told when it has emptied, so that they ask again */
  const turnedAway = new Set<string>();
  let asking: Promise<void> | undefined;
  const abort = new AbortController();
  /** questions that may be asked at once */
  let allowed = atOnceMax;
  let allowedAt = clock.monotonic();
  /** new questions since the last one was asked, and between that and the one before */
  let came = 0;
  let cameBefore = 0;

  const keep = (id: string, metadata: RevisionMetadata, until: number) => {
    known.set(id, { metadata, until });
    for (const oldest of known.keys()) {
      if (known.size <= keepMax) break;
      known.delete(oldest);
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
    await delay(clock, came + cameBefore > 1 ? oneInWhileMoreComeMs : oneInMs, abort.signal);
    // What was waited for is used up.
    allowedAt = clock.monotonic();
  };
  const isShown = (key: string, revision: string) => {
    const app = registry.get(key);
    return app !== undefined && (app.target === revision || app.detail?.deployed === revision);
  };
  /**
   * What has just changed comes last, and goes before what is asked for because of a start. What no application shows any
   * more is forgotten.
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
      [cameBefore, came] = [came, 0];
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
          // Behind all others, so that one that is never answered keeps nobody waiting for long.
          const others = [...waiting].filter(([other]) => other !== id);
          waiting.clear();
          for (const [other, question] of [next, ...others]) waiting.set(other, question);
          await delay(clock, nobodyForMs, abort.signal);
          break;
        }
        waiting.delete(id);
        keep(id, {}, clock.monotonic() + failedForMs);
        log.debug(`nothing is known of commit ${revision}: ${messageOf(error)}`);
      }
    }
    const again = new Set(turnedAway);
    turnedAway.clear();
    if (again.size > 0 && !abort.signal.aborted) options.onChange(again);
  };
  const askAll = () => {
    asking ??= work().finally(() => {
      asking = undefined;
      // Something may have come between the last answer and now.
      if (waiting.size > 0 && !abort.signal.aborted) askAll();
    });
  };

  return {
    of: (app, revision) => {
      // Only full commit ids, and of the plain kind: anything else is HTTP 500 (`revision-metadata-branch-name`).
      if (app.sources > 1 || !/^[0-9a-f]{40}$/.test(revision)) return undefined;
      const id = `${app.repository} ${revision}`;
      const found = known.get(id);
      if (found !== undefined && clock.monotonic() < found.until) return found.metadata;
      const asked = waiting.get(id);
      if (asked !== undefined) asked.keys.add(keyOf(app));
      else if (!abort.signal.aborted) {
        if (waiting.size >= waitingMax) turnOldestAway();
        waiting.set(id, { app, revision, keys: new Set([keyOf(app)]) });
        came += 1;
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
