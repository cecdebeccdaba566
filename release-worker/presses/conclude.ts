// Carries out decisions: journal lines, one result for each press, and the release that the accepted presses share.
import type { PressReason, PressResult } from '../../messages/press.ts';
import { toTime } from '../../messages/time.ts';
import type { Clock } from '../../service/clock.ts';
import type { Link } from '../../service/link/link.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { PressLine } from '../releases/journal-lines.ts';
import type { Journal } from '../releases/journal.ts';
import type { PlannedRelease } from '../releases/release.ts';
import { plannedRelease } from './candidate.ts';
import type { Candidate } from './candidate.ts';
import type { Decision } from './decision.ts';
import type { PressHistory } from './press-history.ts';
import { lineOf, resultOf, sendResult } from './result.ts';

export interface DecidedPress {
  readonly candidate: Candidate;
  readonly decision: Decision;
  /** applications of this press that it leaves to presses that were accepted just now */
  readonly takenApps?: ReadonlySet<string>;
}

export interface ConcludeOptions {
  readonly link: Link;
  readonly journal: Journal;
  readonly history: PressHistory;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Called after the results of its presses have been sent.
   * @param acceptedAt on the monotonic clock, in milliseconds
   */
  readonly release: (release: PlannedRelease, acceptedAt: number) => void;
  /** Asks Argo CD to refresh these applications. */
  readonly refresh: (apps: readonly AppRecord[]) => void;
  readonly count: (button: string, outcome: PressResult['outcome'], reason?: PressReason) => void;
}

type Accepted = Extract<Decision, { apps: unknown }>;
interface Concluded {
  readonly decided: DecidedPress;
  readonly line: PressLine;
}

/** Longest wait for the broker to acknowledge a result, before the next press of the button is decided. In milliseconds. */
const resultWaitMs = 2_000;

/** Creates a function whose promise resolves when the results are acknowledged, or after `resultWaitMs`. */
export function createConclude(options: ConcludeOptions): (group: readonly DecidedPress[]) => Promise<void> {
  const { link, journal, history, clock, log } = options;

  /** Without a flush: a crash may lose the line of a refresh or of a press that was not accepted. */
  const writeLoosely = async ({ decided, line }: Concluded) => {
    try {
      await journal.append(line, { flush: false });
      if (line.outcome === 'accepted') history.accepted(line.button, line.only);
    } catch (error) {
      log.error(messageOf(error));
    }
    return { decided, line };
  };

  /**
   * Writes the line with the release first. No press counts before the last line is on disk: a crash in between leaves a
   * release that was never sent, and the next start reports that.
   */
  const writeSafely = async (accepted: readonly Concluded[]): Promise<readonly Concluded[]> => {
    try {
      for (const [index, { line }] of accepted.entries())
        await journal.append(line, { flush: index === accepted.length - 1 });
      for (const { line } of accepted) history.accepted(line.button, line.only);
      return accepted;
    } catch (error) {
      log.error(messageOf(error));
      const message = messageOf(error);
      const refused = accepted.map(({ decided, line }): Concluded => {
        const { release: _, releaseId: __, share: ___, ...rest } = line;
        return { decided, line: { ...rest, outcome: 'rejected', reason: 'journal-unwritable', message } };
      });
      await takeBack(refused);
      return refused;
    }
  };

  /** Lines that could not be flushed may still be in the file, and the next start must not continue their release. */
  const takeBack = async (refused: readonly Concluded[]) => {
    try {
      for (const { line } of refused) await journal.append(line, { flush: false });
    } catch (error) {
      log.debug(messageOf(error));
    }
  };

  const report = ({ line, decided: { candidate } }: Concluded) => {
    const { button, pressId, source, by, outcome, reason, message } = line;
    options.count(button, outcome, reason);
    log[outcome === 'rejected' ? 'warn' : 'info'](
      {
        button,
        press: pressId,
        source,
        ...(candidate.press.by === undefined ? {} : { by }),
        outcome,
      },
      `press on ${button}: ${message}`,
    );
  };

  const answer = async ({ line, decided: { decision } }: Concluded) => {
    const result = {
      ...resultOf(line),
      ...('refresh' in decision ? { applications: decision.refresh.length } : {}),
    };
    if (await sendResult({ link, journal, clock, log }, result, resultWaitMs)) return;
    log.warn(
      { press: result.pressId },
      'the broker has not acknowledged the result of the press yet; it is sent again after a reconnect',
    );
  };

  return async (group) => {
    const at = toTime(clock.now());
    const decidedAt = clock.monotonic();
    const accepted = releasing(group);
    const release = releaseOf(accepted, at);
    const lines = group.map((decided) => ({
      decided,
      line: lineIn(release, decided, accepted.length - 1, at),
    }));
    const isReleasing = ({ decided }: Concluded) => 'apps' in decided.decision;
    const written = [
      ...(await Promise.all(lines.filter((one) => !isReleasing(one)).map(writeLoosely))),
      ...(release === undefined ? [] : await writeSafely(lines.filter(isReleasing))),
    ];
    for (const one of written) report(one);
    const answered = Promise.all(written.map(answer));
    if (release !== undefined && written.some(({ line }) => line.release !== undefined))
      options.release(release, decidedAt);
    await answered;
    for (const { decision } of group) if ('refresh' in decision) options.refresh(decision.refresh);
  };
}

interface Releasing {
  readonly candidate: Candidate;
  readonly decision: Accepted;
}

function releasing(group: readonly DecidedPress[]): readonly Releasing[] {
  return group.flatMap(({ candidate, decision }) => ('apps' in decision ? [{ candidate, decision }] : []));
}

function releaseOf(accepted: readonly Releasing[], at: string): PlannedRelease | undefined {
  const [first] = accepted;
  if (first === undefined || first.candidate.config === undefined) return undefined;
  const apps = accepted.flatMap(({ decision }) => decision.apps);
  return plannedRelease(first.candidate, first.candidate.config, apps, at);
}

/** @param others number of other presses in the same release */
function lineIn(
  release: PlannedRelease | undefined,
  { candidate, decision, takenApps }: DecidedPress,
  others: number,
  at: string,
): PressLine {
  const only = candidate.press.only?.filter((key) => takenApps?.has(key) !== true);
  const line = lineOf(candidate, only, decision, at);
  if (release === undefined || !('apps' in decision)) return line;
  return {
    ...line,
    ...(release.pressId === candidate.pressId ? { release } : { releaseId: release.id }),
    ...(others === 0
      ? {}
      : {
          share: decision.apps.map(keyOf),
          message: `${line.message}, in one release with ${others} other press${others === 1 ? '' : 'es'}`,
        }),
  };
}
