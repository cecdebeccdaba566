// The course of an operation: accepted, running, ended, and then compared again.
// The pauses between the steps are those of the recordings in test/argocd-recordings.
import {
  omit,
  timestamp,
  type ApplicationObject,
  type Operation,
  type OperationState,
  type Phase,
  type ResourceResult,
} from './application.ts';
import type { ApplicationRecord, Cluster } from './cluster.ts';
import { headsOf, rollsOut, shownRevisions, type Compare } from './comparison.ts';
import { historyEntry } from './create-application.ts';
import type { Repositories } from './repositories.ts';
import { apply, appliedRows, failedRow, operationRevisions, syncResult } from './sync-result.ts';
import type { Timers } from './timers.ts';

export interface Operations {
  /** Accepts an operation. Immediately afterwards, the object is the answer to the request. */
  accept(record: ApplicationRecord, operation: Operation): void;
  /** @returns false if no operation is running */
  terminate(record: ApplicationRecord): boolean;
}

/** The run of one operation. A cancelled run never gets past its next pause. */
export interface Run {
  readonly record: ApplicationRecord;
  readonly operation: Operation;
  readonly state: OperationState;
  pause(ms: number): Promise<void>;
  /** Makes the state Running, from now on. */
  begin(): void;
  show(change: Partial<OperationState>): void;
  /** Removes a member of the state that no longer holds. The streams learn of it with the next update. */
  forget(member: 'finishedAt'): void;
  end(phase: Phase, message: string, resources?: ResourceResult[]): void;
}

/** The steps of an operation, from beginning to end. */
export interface Course {
  run(run: Run): Promise<void>;
  /** Replaces the rest of `run` once a client terminates the operation. */
  terminated(run: Run): Promise<void>;
}

/** The last steps, which every course has. */
export interface Endings {
  reconciled(record: ApplicationRecord): void;
  /** Compares and stores the result. */
  compared(record: ApplicationRecord, revisions: readonly string[], progressing?: boolean): void;
  failed(run: Run, phase: Phase, message: string, resources: ResourceResult[]): Promise<void>;
  /** Adds an entry to the history for what was applied, and ends the operation with success. */
  succeeded(run: Run, resources: ResourceResult[]): Promise<void>;
}

type EndingParts = { cluster: Cluster; repositories: Repositories; timers: Timers; compare: Compare };

/** Argo CD keeps ten history entries by default. */
const historyLimit = 10;

export function createEndings({ cluster, repositories, timers, compare }: EndingParts): Endings {
  const now = (): string => timestamp(timers.now());

  function reconciled(record: ApplicationRecord): void {
    cluster.update(record, (object) => ({ ...object, status: { ...object.status, reconciledAt: now() } }));
  }
  function compared(record: ApplicationRecord, revisions: readonly string[], progressing = false): void {
    cluster.update(record, (object) => ({
      ...object,
      status: compare(record, revisions, now(), progressing),
    }));
  }
  function withHistory({ record, operation, state }: Run, object: ApplicationObject): ApplicationObject {
    const history = object.status.history ?? [];
    const entry = historyEntry(record, {
      id: (history.at(-1)?.id ?? -1) + 1,
      revisions: operationRevisions(operation),
      startedAt: state.startedAt,
      now: now(),
      by: operation.initiatedBy,
    });
    return { ...object, status: { ...object.status, history: [...history, entry].slice(-historyLimit) } };
  }

  return {
    reconciled,
    compared,
    async failed(run, phase, message, resources) {
      run.end(phase, message, resources);
      await run.pause(35);
      compared(run.record, headsOf(run.record, repositories));
      reconciled(run.record);
    },
    async succeeded(run, resources) {
      const { record, operation } = run;
      // A sync of selected resources does not deploy a revision as a whole.
      if (!operation.sync.resources) cluster.update(record, (object) => withHistory(run, object));
      await run.pause(19);
      run.end(
        'Succeeded',
        resources.length > 0 ? 'successfully synced (all tasks run)' : 'successfully synced (no more tasks)',
        resources,
      );
      await run.pause(40);
      const changed = resources.some((each) => !each.hookType && !each.message.endsWith(' unchanged'));
      const rolloutMs = changed && rollsOut(record) ? (record.behaviour.rolloutMs ?? 0) : 0;
      compared(record, headsOf(record, repositories), rolloutMs > 0);
      await run.pause(30);
      reconciled(record);
      if (rolloutMs === 0) return;
      await run.pause(rolloutMs);
      compared(record, shownRevisions(record));
    },
  };
}

/** A sync that deploys everything it is asked to, or fails as a whole. */
export function createCourse(endings: Endings, repositories: Repositories): Course {
  return {
    async run(run) {
      const { record, operation } = run;
      await run.pause(12);
      run.begin();
      await run.pause(record.behaviour.syncMs ?? 300);
      const { fails } = record.behaviour;
      if (fails !== undefined) {
        await endings.failed(run, 'Failed', fails, failedRow(record, fails));
        return;
      }
      const rows = appliedRows(record, operation, repositories);
      apply(record, operation, repositories);
      await endings.succeeded(run, rows);
    },
    async terminated(run) {
      run.show({ phase: 'Terminating' });
      await run.pause(48);
      run.end('Failed', 'Operation terminated');
      await run.pause(57);
      endings.reconciled(run.record);
    },
  };
}

export function createOperations(cluster: Cluster, timers: Timers, course: Course): Operations {
  const now = (): string => timestamp(timers.now());

  function createRun(record: ApplicationRecord, operation: Operation): Run & { cancel(): void } {
    let state: OperationState = { operation, phase: 'Running', startedAt: now() };
    let cancel: (() => void) | undefined;
    const withState = (object: ApplicationObject): ApplicationObject => ({
      ...object,
      status: { ...object.status, operationState: state },
    });
    const show = (change: Partial<OperationState>): void => {
      state = { ...state, ...change };
      cluster.update(record, withState);
    };
    return {
      record,
      operation,
      get state() {
        return state;
      },
      pause: (ms) =>
        new Promise((resolve) => {
          cancel = timers.after(ms, resolve);
        }),
      cancel: () => cancel?.(),
      begin: () => show({ startedAt: now(), phase: 'Running' }),
      show,
      forget(member) {
        state = omit(state, member);
      },
      end(phase, message, resources) {
        state = {
          ...state,
          phase,
          message,
          syncResult: syncResult(operation, resources),
          finishedAt: now(),
        };
        delete record.terminate;
        cluster.update(record, (object) => withState(omit(object, 'operation')));
      },
    };
  }

  return {
    accept(record, operation) {
      cluster.update(record, (object) => ({
        ...object,
        status: omit(object.status, 'operationState'),
        operation,
      }));
      const run = createRun(record, operation);
      record.cancelRun = run.cancel;
      record.terminate = () => {
        run.cancel();
        void course.terminated(run);
      };
      void course.run(run);
    },
    terminate(record) {
      if (!record.object.operation || !record.object.status.operationState || !record.terminate) return false;
      record.terminate();
      return true;
    },
  };
}
