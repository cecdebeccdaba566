// The file descriptor that the log is written to. A log that cannot be written (a full disk, a reader that has ended or
// stands still, a closed terminal) must not end or delay the process that writes it.
import { Buffer } from 'node:buffer';

export interface LogOutput {
  /** Never throws and never waits. @param line with its end of line */
  write(line: string): void;
  /** The last chance before the process ends. @returns how many lines were not written */
  end(): number;
}

/** Lines that were not kept, between the last line before them and the first one after them. */
export interface LostLines {
  readonly count: number;
  /** what the last try to write came back with */
  readonly error: unknown;
}

export interface LogOutputOptions {
  /** As `fs.writeSync`: how many bytes were written, or an error of the system. */
  readonly write: (bytes: Uint8Array) => number;
  /** The line of the log that says what is missing in it, with its end of line. */
  readonly lostLine: (lost: LostLines) => string;
  /** Told at the first failure, and with undefined when everything is written again. Must neither throw nor log. */
  readonly onTrouble: (error: unknown) => void;
  /** Calls back once. Must not keep the process alive. */
  readonly later: (callback: () => void, ms: number) => void;
  /** Sleeps: for the end of the process only. */
  readonly sleep: (ms: number) => void;
  /** So many bytes wait for being written at most; later lines are lost and counted. */
  readonly keptMax?: number;
}

/** Some hundred lines. Small against the memory of a Raspberry Pi Zero. */
const defaultKeptMax = 256 * 1024;
/** A reader that is only slow has room again soon; a disk does not. */
const slowReaderMs = 50;
const retryMs = 1_000;
/** At the end a slow reader gets this long altogether. */
const endTries = 20;

export function createLogOutput(options: LogOutputOptions): LogOutput {
  const { write, lostLine, onTrouble, later, sleep, keptMax = defaultKeptMax } = options;
  /** The first may be the rest of a line: the part before it has been written. */
  const kept: Uint8Array[] = [];
  let keptBytes = 0;
  let lost = 0;
  let lastError: unknown;
  let inTrouble = false;
  let waiting = false;

  const keep = (bytes: Uint8Array) => {
    kept.push(bytes);
    keptBytes += bytes.length;
  };

  const writeKept = () => {
    for (let first = kept[0]; first !== undefined; first = kept[0]) {
      const written = write(first);
      keptBytes -= written;
      if (written >= first.length) kept.shift();
      else kept[0] = first.subarray(written);
    }
  };

  /** @returns whether everything is written */
  const writeAll = (): boolean => {
    try {
      writeKept();
      if (lost === 0) return true;
      const news = Buffer.from(lostLine({ count: lost, error: lastError }));
      const written = write(news);
      lost = 0;
      if (written < news.length) keep(news.subarray(written));
      writeKept();
      return true;
    } catch (error) {
      lastError = error;
      return false;
    }
  };

  const trouble = () => {
    if (inTrouble) return;
    inTrouble = true;
    onTrouble(lastError);
  };

  const attempt = () => {
    if (writeAll()) {
      if (inTrouble) onTrouble(undefined);
      inTrouble = false;
      return;
    }
    const slowReader = isSlowReader(lastError);
    if (!slowReader) trouble();
    if (waiting) return;
    waiting = true;
    later(
      () => {
        waiting = false;
        attempt();
      },
      slowReader ? slowReaderMs : retryMs,
    );
  };

  return {
    write: (line) => {
      const bytes = Buffer.from(line);
      if (lost > 0) attempt();
      // After a lost line nothing is kept until the news of it is written: the lines stay in their order.
      if (lost > 0 || (keptBytes > 0 && keptBytes + bytes.length > keptMax)) {
        lost += 1;
        trouble();
        return;
      }
      keep(bytes);
      attempt();
    },
    end: () => {
      for (let tries = 1; !writeAll() && isSlowReader(lastError) && tries < endTries; tries += 1)
        sleep(slowReaderMs);
      return kept.length + lost;
    },
  };
}

/** The pipe is full. Source: write(2). */
function isSlowReader(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}
