// The life of a process: its parts start in order and stop in reverse. SIGTERM, SIGINT, SIGQUIT and SIGHUP stop it in order
// within a deadline; an unexpected error is logged, and stops it with exit code 1.
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { messageOf } from './log.ts';

export interface Part {
  readonly name: string;
  start(): Promise<unknown> | void;
  /** Called also after a start that failed, during one that has not ended yet, and then again after it. */
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
  let starting: { readonly part: Part; readonly done: Promise<unknown> } | undefined;
  let stopping: Promise<void> | undefined;

  const stopOne = async (part: Part) => {
    try {
      await part.stop();
    } catch (error) {
      log.error({ err: error }, `${part.name} did not stop cleanly: ${messageOf(error)}`);
    }
  };
  const stopAll = async () => {
    for (let part = started.pop(); part !== undefined; part = started.pop()) {
      const underWay = starting?.part === part ? starting.done : undefined;
      await stopOne(part);
      if (underWay === undefined) continue;
      // What its start has still built after that must go too.
      await underWay.catch(() => undefined);
      await stopOne(part);
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
          const done = Promise.resolve(part.start());
          starting = { part, done };
          await done;
        } catch (error) {
          starting = undefined;
          await stop();
          throw error;
        }
        starting = undefined;
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
const defaultStopDeadlineMs = 9_000;

/** 128 and the number of SIGINT, as shells count. */
const interruptedCode = 130;

const stopSignals = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;
const bugs = ['uncaughtException', 'unhandledRejection'] as const;

/**
 * Runs until a signal or a bug ends it. Exit codes: 0 after SIGTERM, SIGINT, SIGQUIT or SIGHUP, 1 after a bug or when
 * a part does not stop in time. A second signal ends it at once, but not SIGHUP: of one closed terminal the kernel and
 * the shell may send one each, also after the Ctrl-C before it.
 * @param options.hangUpIgnored why the process outlives its terminal; without it SIGHUP stops it
 * @param options.stopDeadlineMs milliseconds for all parts to stop, default 9000
 * @throws whatever the start of a part throws, after the others have been stopped
 */
export async function runUntilSignal(options: {
  readonly parts: Parts;
  readonly clock: Clock;
  readonly log: Log;
  readonly edge: ProcessEdge;
  readonly hangUpIgnored?: string | undefined;
  readonly stopDeadlineMs?: number;
}): Promise<void> {
  const { parts, clock, log, edge, hangUpIgnored, stopDeadlineMs = defaultStopDeadlineMs } = options;
  let ending = false;

  const end = (code: number) => {
    if (ending) {
      edge.exit(code === 0 ? interruptedCode : code);
      return;
    }
    ending = true;
    const deadline = clock.setTimeout(() => {
      say('fatal', `not everything stopped within ${stopDeadlineMs / 1000} s: ending anyway`);
      edge.exit(1);
    }, stopDeadlineMs);
    const exit = () => {
      deadline.cancel();
      if (code === 0) say('info', 'stopped');
      edge.exit(code);
    };
    parts.stop().then(exit, exit);
  };
  // A log that cannot be written any more (its reader has gone) must not keep the process from ending.
  const say = (level: 'info' | 'fatal', text: string, error?: unknown) => {
    try {
      if (error === undefined) log[level](text);
      else log[level]({ err: error }, text);
    } catch {
      // There is nowhere left to say it.
    }
  };
  const onSignal = (signal: unknown) => {
    say('info', ending ? `${String(signal)} again: ending at once` : `${String(signal)}: stopping`);
    end(0);
  };
  const onBug = (error: unknown) => {
    say('fatal', `unexpected error, ending: ${messageOf(error)}`, error);
    end(1);
  };

  const onHangUp = (signal: unknown) => {
    if (hangUpIgnored !== undefined) say('info', `${String(signal)}: this process goes on: ${hangUpIgnored}`);
    else if (!ending) onSignal(signal);
  };

  for (const signal of stopSignals) edge.on(signal, onSignal);
  edge.on('SIGHUP', onHangUp);
  for (const bug of bugs) edge.on(bug, onBug);
  try {
    await parts.start();
  } catch (error) {
    if (ending) return;
    for (const signal of stopSignals) edge.off(signal, onSignal);
    edge.off('SIGHUP', onHangUp);
    for (const bug of bugs) edge.off(bug, onBug);
    throw error;
  }
}
