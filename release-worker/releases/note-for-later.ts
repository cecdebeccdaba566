// Journal lines of minor importance: without one of them, the next start only shows something outdated.
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { JournalLine } from './journal-lines.ts';
import type { Journal } from './journal.ts';

/** Never rejects. A line that cannot be written holds nothing else up. */
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
