// Lines of the journal without which the next start only tells something wrong.
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { JournalLine } from './journal-lines.ts';
import type { Journal } from './journal.ts';

/** Never rejects: where the line cannot be written, nothing else is held up. */
export async function noteForLater(
  journal: Pick<Journal, 'append'>,
  log: Log,
  line: JournalLine,
): Promise<void> {
  try {
    await journal.append(line, { flush: false });
  } catch (error) {
    log.warn(messageOf(error));
  }
}
