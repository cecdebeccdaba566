// Goes on with what the journal tells of the former run: releases, their news on the light, and results still to be sent.
import { fromTime } from '../messages/time.ts';
import type { Clock } from '../service/clock.ts';
import type { Link } from '../service/link/link.ts';
import type { Log } from '../service/log.ts';
import type { Board } from './drift/board.ts';
import { endingOf } from './drift/ending.ts';
import type { PressMemory } from './presses/memory.ts';
import { answerFormerPresses } from './presses/unanswered.ts';
import type { DeployedByButton } from './releases/deployed.ts';
import type { Journal } from './releases/journal.ts';
import type { Late } from './releases/late.ts';
import { endsOf } from './releases/recovery.ts';
import type { Recovered } from './releases/recovery.ts';
import type { Runner } from './releases/runner.ts';
import { createSaid, lastEndOf } from './releases/said.ts';
import type { Said } from './releases/said.ts';
import type { Unended } from './releases/unended.ts';

export interface FormerRun {
  readonly recovered: Recovered;
  readonly memory: PressMemory;
  readonly link: Link;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  /** the button is another online worker's business */
  readonly isOthers: (button: string) => boolean;
  readonly board: Pick<Board, 'started' | 'finished' | 'remember'>;
  readonly deployed: Pick<DeployedByButton, 'remember'>;
  readonly late: Pick<Late, 'recovered'>;
  readonly unended: Pick<Unended, 'adopt'>;
  readonly runner: Pick<Runner, 'resume'>;
}

/** To be called before the link starts. `stop` is for results of the former run that wait for the broker. */
export function goOnFromFormerRun({
  recovered,
  memory,
  link,
  journal,
  clock,
  log,
  isOthers,
  board,
  deployed,
  late,
  unended,
  runner,
}: FormerRun): { readonly said: Said; stop(): void } {
  const { failed, last, lost, timedOut, unanswered, unfinished, deployed: past, rolledBack } = recovered;
  const said = createSaid({
    link,
    log,
    ...lastEndOf(recovered),
    goingOn: unfinished.map(({ release }) => release.id),
    isOthers,
    onOthersLast: ({ button, pressId }) => {
      // Its press is not to count again here, and how an earlier release of ours ended is no longer news.
      memory.note(pressId);
      board.started(button);
    },
  });
  said.start();
  deployed.remember(past, rolledBack);
  // Also a success, of which little time has passed: its two flashes are not lost by a restart.
  for (const { release, fates, outcome, at } of last?.outcome === 'succeeded' ? [last, ...failed] : failed)
    board.finished(endingOf(release, endsOf(fates), { outcome, at: fromTime(at) }));
  for (const [key, at] of lost) board.remember(key, at);
  late.recovered(recovered);
  for (const { release, fates, outcome, at } of timedOut)
    unended.adopt({ release, ends: endsOf(fates), outcome, at: fromTime(at) });
  const stop = answerFormerPresses({ presses: unanswered, link, journal, clock, log });
  for (const release of unfinished) runner.resume(release);
  return { said, stop };
}
