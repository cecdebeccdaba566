// The journal line and the result of a decided press.
import { buttonResult } from '../../messages/press.ts';
import type { PressResult } from '../../messages/press.ts';
import { toTime } from '../../messages/time.ts';
import type { Clock } from '../../service/clock.ts';
import type { Link } from '../../service/link/link.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { PressLine } from '../releases/journal-lines.ts';
import type { Journal } from '../releases/journal.ts';
import type { Candidate } from './candidate.ts';
import type { Decision } from './decision.ts';

/**
 * The journal line of a press, without the release.
 * @param only the applications that the press names, without those that earlier presses have taken
 * @param at RFC 3339
 */
export function lineOf(
  { pressId, button, source, gesture, press: { by } }: Candidate,
  only: readonly string[] | undefined,
  decision: Decision,
  at: string,
): PressLine {
  return {
    type: 'press',
    at,
    pressId,
    button,
    source,
    ...(by === undefined ? {} : { by }),
    gesture,
    ...(decision.outcome === 'accepted' && only !== undefined ? { only } : {}),
    outcome: decision.outcome,
    message: decision.message,
    ...('reason' in decision ? { reason: decision.reason } : {}),
  };
}

export function resultOf(line: PressLine): PressResult {
  const { pressId, button, outcome, message, at, reason, release, releaseId = release?.id, share } = line;
  const applications = share?.length ?? release?.apps.length;
  return {
    pressId,
    button,
    outcome,
    message,
    at,
    ...(reason === undefined ? {} : { reason }),
    ...(releaseId === undefined ? {} : { releaseId }),
    ...(applications === undefined ? {} : { applications }),
  };
}

/**
 * Publishes the result. When the broker acknowledges it, even late, the journal gets a line.
 * Resolves to whether the broker has acknowledged it in time.
 */
export async function sendResult(
  {
    link,
    journal,
    clock,
    log,
  }: { readonly link: Link; readonly journal: Journal; readonly clock: Clock; readonly log: Log },
  result: PressResult,
  withinMs: number,
): Promise<boolean> {
  const { pressId, button, reason } = result;
  const noteAnswered = async () => {
    // A duplicate gets no journal line, because recovery would take the line for the original press.
    if (reason === 'duplicate') return;
    try {
      await journal.append({ type: 'answered', at: toTime(clock.now()), pressId }, { flush: false });
    } catch (error) {
      log.error(messageOf(error));
    }
  };
  const note = () => void noteAnswered();
  const acknowledged = await link.publishAcknowledged(buttonResult.at({ button }), result, withinMs, note);
  if (acknowledged) note();
  return acknowledged;
}
