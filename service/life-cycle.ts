// The life of a process: parts start in order and stop in reverse, signals end it in time, bugs end it with a word.
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { messageOf } from './log.ts';

export interface Part {
  readonly name: string;
  start(): Promise<unknown> | void;
  stop(): Promise<void> | void;
}

export interface Parts {
  /** Starts in order; when one fails, those already started are stopped and the error is thrown. */
  start(): Promise<void>;
  /** Stops in reverse. A part that fails to stop is logged, the others still stop. Can be called twice. */
  stop(): Promise<void>;
}

export function createParts(parts: readonly Part[], log: Log): Parts {
  const started: Part[] = [];
  let stopping: Promise<void> | undefined;

  const stopAll = async () => {
    for (let part = started.pop(); part !== undefined; part = started.pop()) {
      try {
        await part.stop();
      } catch (error) {
        log.error({ err: error }, `${part.name} did not stop cleanly: ${messageOf(error)}`);
      }
    }
  };
  const stop = () => (stopping ??= stopAll());

  return {
    start: async () => {
      for (const part of parts) {
        if (stopping !== undefined) return;
        // Known as started before it has, so that a failed or interrupted start is undone too.
        started.push(part);
        try {
          await part.start();
        } catch (error) {
          await stop();
          throw error;
        }
      }
    },
    stop,
  };
}

/** The part of `process` that a life needs; a test passes its own. */
export interface ProcessEdge {
  on(event: string, listener: (value: unknown) => void): unknown;
  off(event: string, listener: (value: unknown) => void): unknown;
  exit(code: number): void;
}

/** SIGTERM must end a process within 10 s (Docker's default); the rest is for writing the last log line. */
const stopDeadlineMs = 9_000;

/**
 * Runs until a signal or a bug ends it. Exit codes: 0 after SIGTERM or SIGINT, 1 after a bug or when
 * a part does not stop in time. A second signal ends it at once.
 * @throws whatever the start of a part throws, after the others have been stopped
 */
export async function runUntilSignal(options: {
  readonly parts: Parts;
  readonly clock: Clock;
  readonly log: Log;
  readonly edge: ProcessEdge;
}): Promise<void> {
  const { parts, clock, log, edge } = options;
  let ending = false;

  const end = (code: number) => {
    if (ending) {
      edge.exit(code === 0 ? 130 : code);
      return;
    }
    ending = true;
    clock.setTimeout(() => {
      log.fatal(`not everything stopped within ${stopDeadlineMs / 1000} s: ending anyway`);
      edge.exit(1);
    }, stopDeadlineMs);
    parts.stop().then(
      () => {
        if (code === 0) log.info('stopped');
        edge.exit(code);
      },
      () => edge.exit(1),
    );
  };
  const onSignal = (signal: unknown) => {
    log.info(`${String(signal)}: stopping`);
    end(0);
  };
  const onBug = (error: unknown) => {
    log.fatal({ err: error }, `unexpected error, ending: ${messageOf(error)}`);
    end(1);
  };

  edge.on('SIGTERM', onSignal);
  edge.on('SIGINT', onSignal);
  edge.on('uncaughtException', onBug);
  edge.on('unhandledRejection', onBug);
  try {
    await parts.start();
  } catch (error) {
    for (const signal of ['SIGTERM', 'SIGINT']) edge.off(signal, onSignal);
    for (const bug of ['uncaughtException', 'unhandledRejection']) edge.off(bug, onBug);
    if (!ending) throw error;
  }
}
