// Writes the log to its file descriptor. If that fails (a full disk, a reader that has ended or does not read, a closed terminal),
// it must not end or delay the process.
import { Buffer } from 'node:buffer';

export interface LogOutput {
  /** Never throws and never waits. @param line includes its line break */
  write(line: string): void;
  /** The last chance before the process ends. @returns the number of lines that were not written */
  end(): number;
}

/** The lines that were lost in one place of the log. */
export interface LostLines {
  readonly count: number;
  /** The result of the last attempt to write */
  readonly error: unknown;
}

export interface LogOutputOptions {
  /** Like `fs.writeSync`: returns the number of written bytes, or throws a system error. */
  readonly write: (bytes: Uint8Array) => number;
  /** The line that reports lost lines, with its line break. */
  readonly lostLine: (lost: LostLines) => string;
  /** Called at the first failure, and with undefined when everything is written again. Must neither throw nor log. */
  readonly onTrouble: (error: unknown) => void;
  /** Calls back once. Must not keep the process alive. */
  readonly later: (callback: () => void, ms: number) => void;
  /** Sleeps. Only used at the end of the process. */
  readonly sleep: (ms: number) => void;
  /** At most this many bytes wait to be written. Later lines are lost and counted. */
  readonly keptMax?: number;
}

/** In bytes: a few hundred lines, which is little compared with the memory of a Raspberry Pi Zero. */
const defaultKeptMax = 256 * 1024;
/** The wait before the next attempt, in milliseconds. A slow reader soon has room again, a full disk does not. */
const slowReaderMs = 50;
const retryMs = 1_000;
/** At the end of the process, a slow reader gets this many attempts. */
const endTries = 20;

export function createLogOutput(options: LogOutputOptions): LogOutput {
  const { write, lostLine, onTrouble, later, sleep, keptMax = defaultKeptMax } = options;
  /** Lines that wait to be written. The first entry may be the rest of a line whose beginning has been written. */
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

  /** @returns true if everything is written */
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
      // After a lost line, nothing is kept until the report of the loss is written. So the lines stay in order.
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
