// Reads the journal of a worker from outside: which presses were decided, and which releases run.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { journalLineSchema, type JournalLine } from '../../release-worker/releases/journal-lines.ts';

export type PressLine = Extract<JournalLine, { type: 'press' }>;
type AppLine = Extract<JournalLine, { type: 'app' }>;
type FinishedLine = Extract<JournalLine, { type: 'finished' }>;

export interface Ledger {
  /** lines about presses, by press */
  readonly presses: ReadonlyMap<string, readonly PressLine[]>;
  readonly answered: ReadonlySet<string>;
  /** accepted presses, by release */
  readonly accepted: ReadonlyMap<string, PressLine>;
  /** when the line about a POST was written before it, in milliseconds since the epoch, by `<release> <application>` */
  readonly sending: ReadonlyMap<string, number>;
  /** how an application of a release ended, by `<release> <application>` */
  readonly ends: ReadonlyMap<string, AppLine>;
  readonly finished: ReadonlyMap<string, FinishedLine>;
  /** the newest finished release and how it ended, if no press has been accepted since */
  readonly last: FinishedLine | undefined;
  readonly acceptedSince: boolean;
  /** running releases */
  readonly open: readonly string[];
}

/** Reads the journal again only when it has grown. */
export function createLedgerReader(stateFolder: string): () => Ledger {
  const path = join(stateFolder, 'journal.jsonl');
  let size = -1;
  let ledger = ledgerOf([]);
  return () => {
    // The first worker may not have opened the journal yet.
    const now = statSync(path, { throwIfNoEntry: false })?.size;
    if (now === undefined || now === size) return ledger;
    size = now;
    // The last line may still be incomplete.
    const texts = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    ledger = ledgerOf(texts.flatMap(read));
    return ledger;
  };
}

/** Skips a line that was cut by a kill, as the worker does. */
function read(text: string): JournalLine[] {
  try {
    const parsed = journalLineSchema.safeParse(JSON.parse(text));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}

function ledgerOf(lines: readonly JournalLine[]): Ledger {
  const presses = new Map<string, PressLine[]>();
  const answered = new Set<string>();
  const accepted = new Map<string, PressLine>();
  const sending = new Map<string, number>();
  const ends = new Map<string, AppLine>();
  const finished = new Map<string, FinishedLine>();
  let last: FinishedLine | undefined;
  let acceptedSince = false;
  for (const line of lines) {
    if (line.type === 'press') {
      presses.set(line.pressId, [...(presses.get(line.pressId) ?? []), line]);
      if (line.release === undefined) continue;
      accepted.set(line.release.id, line);
      acceptedSince = true;
    } else if (line.type === 'answered') answered.add(line.pressId);
    else if (line.type === 'finished') {
      finished.set(line.releaseId, line);
      last = line;
      acceptedSince = false;
    } else if (line.type === 'app') {
      const key = `${line.releaseId} ${line.app}`;
      if (line.step === 'done') ends.set(key, line);
      else sending.set(key, Date.parse(line.at));
    }
  }
  const open = [...accepted.keys()].filter((id) => !finished.has(id));
  return { presses, answered, accepted, sending, ends, finished, last, acceptedSince, open };
}
