// The life of a process. Its parts start in order and stop in reverse. SIGTERM, SIGINT, SIGQUIT and SIGHUP stop the process
// in order within a deadline. An unexpected error is logged and stops it with exit code 1.
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { messageOf } from './log.ts';

export interface Part {
  readonly name: string;
  start(): Promise<unknown> | void;
  /** Also called after a failed start. During a running start it is called at once, and again after the start. */
  stop(): Promise<void> | void;
}

export interface Parts {
  /** Starts the parts in order. If one fails, stops those already started and throws the error. */
  start(): Promise<void>;
  /** Stops the parts in reverse. Logs a part that fails to stop, and stops the others. Can be called twice. */
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
      // The start may have opened more in the meantime, and that must stop too.
      await underWay.catch(() => undefined);
      await stopOne(part);
    }
  };
  const stop = () => (stopping ??= stopAll());

  return {
    start: async () => {
      for (const part of parts) {
        if (stopping !== undefined) return;
        // The part is listed before it has started, so that a failed or interrupted start is undone too.
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

/** The used part of `process`. A test passes its own. */
export interface ProcessEdge {
  on(event: string, listener: (value: unknown) => void): unknown;
  off(event: string, listener: (value: unknown) => void): unknown;
  exit(code: number): void;
}

/** Docker's default gives a process 10 s after SIGTERM. The rest is for the last line of the log. */
const defaultStopDeadlineMs = 9_000;

/** 128 plus the number of SIGINT, as in shells. */
const interruptedCode = 130;

const stopSignals = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;
const bugs = ['uncaughtException', 'unhandledRejection'] as const;

/**
 * Runs until a signal or a bug ends the process. Exit codes: 0 after SIGTERM, SIGINT, SIGQUIT or SIGHUP; 1 after a bug, or if
 * a part does not stop in time. A second signal ends the process at once, except SIGHUP: the kernel and the shell may each
 * send one for the same closed terminal, even after Ctrl+C.
 * @param options.hangUpIgnored why the process ignores SIGHUP. Undefined: SIGHUP stops the process
 * @param options.stopDeadlineMs milliseconds for all parts to stop, default 9000
 * @throws the error of a part that fails to start, after the others have stopped
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
  // An error of the log must not keep the process alive.
  const say = (level: 'info' | 'fatal', text: string, error?: unknown) => {
    try {
      if (error === undefined) log[level](text);
      else log[level]({ err: error }, text);
    } catch {
      // There is nowhere left to report it.
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
    if (hangUpIgnored !== undefined) say('info', `${String(signal)} is ignored: ${hangUpIgnored}`);
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
