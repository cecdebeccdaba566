// Reads from the journal of the former run which releases are unfinished, which presses are unanswered, and what the rules
// must remember. Pure over the lines.
import type { ReleaseOutcome } from '../../messages/release.ts';
import { fromTime } from '../../messages/time.ts';
import type { JournalLine, PressLine } from './journal-lines.ts';
import type { AppEnd, PlannedRelease } from './release.ts';

type LateLine = Extract<JournalLine, { type: 'late' }>;

/** The progress of one application: never sent, perhaps sent, or ended. */
export interface AppFate {
  readonly sent: boolean;
  readonly end?: AppEnd;
}

export interface UnfinishedRelease {
  readonly release: PlannedRelease;
  readonly fates: ReadonlyMap<string, AppFate>;
}

export interface FinishedRelease extends UnfinishedRelease {
  readonly outcome: ReleaseOutcome;
  /** RFC 3339 */
  readonly at: string;
}

/** When an accepted press last selected something: an application (`namespace/name`), or the whole button. */
export type Accepted = ReadonlyMap<string, number>;
/** The key for a press that names no applications. */
export const wholeButton = '';

export interface Recovered {
  readonly unfinished: readonly UnfinishedRelease[];
  /** the newest finished release */
  readonly last?: FinishedRelease;
  /** ids of the newest finished releases, oldest first */
  readonly endedHere: readonly string[];
  /** oldest first: unsuccessful releases that are not resolved, without an accepted press of their button since */
  readonly failed: readonly FinishedRelease[];
  /** applications that were out of sync when they could last be compared, with that time in milliseconds since the epoch */
  readonly lost: ReadonlyMap<string, number>;
  /** releases with timed-out syncs whose end is not known; Argo CD may still carry them out */
  readonly timedOut: readonly FinishedRelease[];
  /** presses whose result was not acknowledged, oldest first */
  readonly unanswered: readonly PressLine[];
  /** ids of presses with the time of their line in milliseconds since the epoch, oldest first */
  readonly pressIds: readonly (readonly [id: string, at: number])[];
  /** the last accepted presses of each button, by what they selected, in milliseconds since the epoch */
  readonly acceptedAt: ReadonlyMap<string, Accepted>;
  /** of each button, the newest finished release that deployed anything */
  readonly deployed: readonly UnfinishedRelease[];
  /** by application: the revision that its last release rolled back to, if that was a rollback */
  readonly rolledBack: ReadonlyMap<string, string>;
}

export function endsOf(fates: ReadonlyMap<string, AppFate>): ReadonlyMap<string, AppEnd> {
  return new Map([...fates].flatMap(([key, { end }]) => (end === undefined ? [] : [[key, end] as const])));
}

export interface Recovery {
  add(line: JournalLine): void;
  result(): Recovered;
}

/** More applications than any Argo CD has. */
const lostMax = 20_000;
/** Enough to recognize each release of this machine that a broker may have retained. */
const endedHereMax = 1_000;

/**
 * @param pressIdsMax the number of newest press ids that are kept
 */
export function createRecovery(pressIdsMax: number): Recovery {
  const open = new Map<string, { release: PlannedRelease; fates: Map<string, AppFate> }>();
  const unanswered = new Map<string, PressLine>();
  const pressIds = new Map<string, number>();
  const acceptedAt = new Map<string, Map<string, number>>();
  /** by the id of the release */
  const failed = new Map<string, FinishedRelease>();
  /** failures that the last accepted press removed, in case that this press is taken back */
  let forgotten: { readonly pressId: string; readonly failed: readonly FinishedRelease[] } | undefined;
  const lost = new Map<string, number>();
  const deployed = new Map<string, UnfinishedRelease>();
  /** by application: the release in which its sync timed out */
  const timedOut = new Map<string, FinishedRelease>();
  const rolledBack = new Map<string, string>();
  const endedHere = new Map<string, true>();
  let last: FinishedRelease | undefined;

  const dropOldest = (map: Map<string, unknown>, max: number) => {
    for (const key of map.keys()) {
      if (map.size <= max) return;
      map.delete(key);
    }
  };

  const noteAccepted = (button: string, only: readonly string[] | undefined, at: number) => {
    const selected = acceptedAt.get(button) ?? new Map<string, number>();
    acceptedAt.set(button, selected);
    for (const key of only ?? [wholeButton]) {
      selected.delete(key);
      selected.set(key, at);
    }
    dropOldest(selected, pressIdsMax);
  };

  /** The line of an accepted press could not be flushed, so nothing of its release was sent. */
  const takeBack = (pressId: string) => {
    for (const [id, { release, fates }] of open)
      if (release.pressId === pressId && fates.size === 0) open.delete(id);
    if (forgotten?.pressId === pressId)
      for (const release of forgotten.failed) failed.set(release.release.id, release);
  };

  /** @param key only this application of it */
  const noteDeployed = (ended: UnfinishedRelease, key?: string) => {
    const { release, fates } = ended;
    let any = false;
    for (const { namespace, name, to } of release.apps) {
      const app = `${namespace}/${name}`;
      const { end } = fates.get(app) ?? {};
      if (end?.good !== true || (key !== undefined && app !== key)) continue;
      any = true;
      if (end.outcome === 'already-in-sync' || release.settings.dryRun === true) continue;
      if (release.action === 'rollback') rolledBack.set(app, to);
      else rolledBack.delete(app);
    }
    if (any) deployed.set(release.button, ended);
  };

  const correct = ({ releaseId, app, outcome, message, good, release: whole, at }: LateLine) => {
    const corrected = (before: FinishedRelease): FinishedRelease => {
      const end = { outcome, message, good };
      return { ...before, fates: new Map(before.fates).set(app, { sent: true, end }), outcome: whole, at };
    };
    const former = timedOut.get(app);
    if (former?.release.id !== releaseId) return;
    timedOut.delete(app);
    const newest = corrected(former);
    for (const [key, other] of timedOut) if (other.release.id === releaseId) timedOut.set(key, newest);
    if (last?.release.id === releaseId) last = newest;
    if (failed.has(releaseId)) {
      if (whole === 'succeeded') failed.delete(releaseId);
      else failed.set(releaseId, newest);
    }
    noteDeployed(newest, app);
  };

  return {
    add: (line) => {
      switch (line.type) {
        case 'press':
          // A malformed press may come again with the same id after its sender has corrected it.
          if (line.reason !== 'malformed') {
            pressIds.delete(line.pressId);
            pressIds.set(line.pressId, fromTime(line.at));
            dropOldest(pressIds, pressIdsMax);
          }
          // A duplicate has its own result. The original press may still be unanswered.
          if (line.reason === 'duplicate') return;
          unanswered.set(line.pressId, line);
          dropOldest(unanswered, pressIdsMax);
          if (line.reason === 'journal-unwritable') takeBack(line.pressId);
          if (line.release === undefined && line.releaseId === undefined) return;
          noteAccepted(line.button, line.only, fromTime(line.at));
          if (line.release === undefined) return;
          forgotten = {
            pressId: line.pressId,
            failed: [...failed.values()].filter(({ release }) => release.button === line.button),
          };
          for (const { release } of forgotten.failed) failed.delete(release.id);
          open.set(line.release.id, { release: line.release, fates: new Map() });
          return;
        case 'answered':
          unanswered.delete(line.pressId);
          return;
        case 'app': {
          const end =
            line.step === 'done' && line.outcome !== undefined
              ? { end: { outcome: line.outcome, message: line.message ?? '', good: line.good ?? false } }
              : {};
          open.get(line.releaseId)?.fates.set(line.app, { sent: true, ...end });
          if (line.step === 'sending') timedOut.delete(line.app);
          return;
        }
        case 'finished': {
          const release = open.get(line.releaseId);
          open.delete(line.releaseId);
          if (release === undefined) return;
          endedHere.set(line.releaseId, true);
          dropOldest(endedHere, endedHereMax);
          last = { ...release, outcome: line.outcome, at: line.at };
          noteDeployed(release);
          if (line.outcome !== 'succeeded') failed.set(line.releaseId, last);
          for (const [app, { end }] of release.fates)
            if (end?.outcome === 'timed-out') timedOut.set(app, last);
          return;
        }
        case 'late':
          correct(line);
          return;
        case 'over':
          failed.delete(line.releaseId);
          return;
        case 'compared':
          for (const key of line.lost) lost.set(key, fromTime(line.at));
          for (const key of line.found) lost.delete(key);
          dropOldest(lost, lostMax);
          return;
        case 'freeze':
        // The freeze file says what is frozen. The journal line only records who froze or unfroze, and why.
      }
    },
    result: () => ({
      unfinished: [...open.values()],
      ...(last === undefined ? {} : { last }),
      endedHere: [...endedHere.keys()],
      failed: [...failed.values()],
      lost,
      timedOut: [...new Set(timedOut.values())],
      unanswered: [...unanswered.values()],
      pressIds: [...pressIds],
      acceptedAt,
      deployed: [...deployed.values()],
      rolledBack,
    }),
  };
}
