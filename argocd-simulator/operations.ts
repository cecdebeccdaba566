// How an operation runs: set and pending, Running, its attempts, its end, and the comparison afterwards.
// Delays between the steps are those of the recordings where no comment says otherwise.
import { omit, timestamp } from './application.ts';
import type { Operation, OperationState, Phase, ResourceResult } from './application.ts';
import type { ApplicationRecord, Cluster } from './cluster.ts';
import { compared, headsOf, rollsOut, shownRevisions } from './comparison.ts';
import type { Conditions } from './conditions.ts';
import { withFirstResource, withHistory, withHook, withoutHooks, withState } from './operation-status.ts';
import type { Repositories } from './repositories.ts';
import {
  applyPartly,
  applyRows,
  applyToCluster,
  clockTime,
  failureRows,
  goDuration,
  hookOf,
  hookRow,
  loadProblem,
  namespaceMissing,
  operationRevisions,
  syncResult,
} from './sync-result.ts';
import type { Timers } from './timers.ts';

export interface Operations {
  /** Takes an operation on; the answer to the request is the object right afterwards. */
  accept(record: ApplicationRecord, operation: Operation): void;
  /** False: nothing is running. */
  terminate(record: ApplicationRecord): boolean;
}

export function createOperations(parts: {
  cluster: Cluster;
  repositories: Repositories;
  timers: Timers;
  conditions: Conditions;
  /** by a sync window: what was accepted all the same (a rollback) waits for its end */
  isBlocked(record: ApplicationRecord): boolean;
}): Operations {
  const { cluster, repositories, timers, conditions } = parts;

  /** One operation's run. A cancelled one never gets past its next pause. */
  type Run = {
    record: ApplicationRecord;
    operation: Operation;
    state: OperationState;
    pause(ms: number): Promise<void>;
  };

  const now = (): string => timestamp(timers.now());

  function setState(run: Run, change: Partial<OperationState>): void {
    run.state = { ...run.state, ...change };
    cluster.update(run.record, (object) => withState(object, run.state));
  }

  function end(run: Run, phase: Phase, message: string, resources?: ResourceResult[]): void {
    run.state = {
      ...run.state,
      phase,
      message,
      syncResult: syncResult(run.operation, resources),
      finishedAt: now(),
    };
    delete run.record.terminate;
    cluster.update(run.record, (object) => withState(omit(object, 'operation'), run.state));
  }

  function compareWith(record: ApplicationRecord, revisions: readonly string[], progressing = false): void {
    cluster.update(record, (object) => ({
      ...object,
      status: compared({ ...record, object }, revisions, repositories, now(), progressing),
    }));
  }
  function reconciled(record: ApplicationRecord): void {
    cluster.update(record, (object) => ({ ...object, status: { ...object.status, reconciledAt: now() } }));
  }

  async function run(run: Run): Promise<void> {
    const { record, operation } = run;
    await run.pause(12);
    await conditions.controllerUp();
    run.state = { ...run.state, startedAt: now() };
    setState(run, { phase: 'Running' });
    if (parts.isBlocked(record)) {
      const message = 'Sync operation blocked by sync window';
      setState(run, { message, syncResult: syncResult(operation) });
      await untilUnblocked(run);
    }
    const error = loadProblem(record, operation, repositories);
    if (error !== undefined) {
      await run.pause(50);
      end(run, 'Error', `ComparisonError: ${error}`);
      await run.pause(50);
      reconciled(record);
      return;
    }
    await runHook(run);
    await run.pause(record.behaviour.syncMs ?? 300);
    if (await failed(run)) return;
    await succeed(run);
  }

  async function untilUnblocked(run: Run): Promise<void> {
    while (parts.isBlocked(run.record)) await run.pause(1_000);
  }

  async function runHook(run: Run): Promise<void> {
    const { record, operation } = run;
    const hook = hookOf(record);
    if (!hook || operation.sync.dryRun || operation.sync.syncStrategy?.apply || operation.sync.resources)
      return;
    const row = hookRow(record, hook, operation, timers.now());
    await run.pause(150);
    cluster.update(record, (object) => withHook(object, row));
    // Argo CD looks at its hooks every 2 s; a hook that ends is shorter here, for the one who watches.
    await run.pause(hook.neverEnds ? 2000 : 500);
    setState(run, {
      message: `waiting for completion of hook ${row.group}/${row.kind}/${row.name}`,
      syncResult: syncResult(operation, [row]),
    });
    if (hook.neverEnds) await new Promise<never>(() => {});
    await run.pause(500);
    cluster.update(record, withoutHooks);
  }

  /** The attempts that fail; true: the operation is over. */
  async function failed(run: Run): Promise<boolean> {
    const { record, operation } = run;
    const { limit = 0, backoff } = operation.retry;
    for (let retries = 0; ; retries += 1) {
      const failure = record.behaviour.fails ?? namespaceMissing(record, operation);
      if (
        !failure ||
        operation.sync.dryRun ||
        (failure.attempts !== undefined && retries >= failure.attempts)
      )
        return false;
      const rows = failureRows(record, failure, operation);
      applyPartly(record, failure, operation, repositories);
      if (failure.applied.length > 0) await showPartly(run, rows);
      if (retries >= limit) {
        if (retries > 0) run.state = { ...run.state, retryCount: retries };
        end(
          run,
          failure.phase,
          `${failure.message}${retries > 0 ? ` (retried ${retries} times).` : ''}`,
          rows,
        );
        await run.pause(35);
        compareWith(record, headsOf(record, repositories));
        reconciled(record);
        return true;
      }
      const base = goDuration(backoff?.duration) ?? 5000;
      const wait = Math.min(
        base * (backoff?.factor ?? 2) ** retries,
        goDuration(backoff?.maxDuration) ?? 180_000,
      );
      const at = clockTime(timers.now() + wait);
      setState(run, {
        finishedAt: now(),
        retryCount: retries + 1,
        message: `${failure.message}. Retrying attempt #${retries + 1} at ${at}.`,
        syncResult: syncResult(operation, rows),
      });
      await run.pause(wait);
      run.state = omit(run.state, 'finishedAt');
      setState(run, { message: `Retrying operation. Attempt #${retries + 1}` });
      await run.pause(27);
    }
  }

  /** What gets through is there, and waited for, before the operation is over. */
  async function showPartly(run: Run, rows: ResourceResult[]): Promise<void> {
    const [first] = rows.filter(({ status }) => status === 'Synced');
    if (!first) return;
    showFirstResource(run.record);
    await run.pause(32);
    const waiting = rows.map((each) => (each.status === 'Synced' ? { ...each, hookPhase: 'Running' } : each));
    setState(run, {
      message: `waiting for healthy state of ${first.group}/${first.kind}/${first.name}`,
      syncResult: syncResult(run.operation, waiting),
    });
    await run.pause(43);
  }

  async function succeed(run: Run): Promise<void> {
    const { record, operation } = run;
    const { sync } = operation;
    const rows = applyRows(record, operation, repositories);
    const hooks = run.state.syncResult?.resources?.filter((each) => each.hookType !== undefined) ?? [];
    const kept = hooks.map((each) => ({ ...each, hookPhase: 'Succeeded' }));
    if (sync.dryRun) {
      end(run, 'Succeeded', 'successfully synced (no more tasks)', rows);
      return;
    }
    const firstTime = record.live.size === 0;
    const revisions = operationRevisions(operation);
    const shown = shownRevisions(record).join();
    const movedOn = revisions.join() === shown && shown !== headsOf(record, repositories).join();
    applyToCluster(record, operation, repositories);
    if (movedOn || sync.prune) {
      compareWith(record, revisions);
      await run.pause(37);
    } else if (firstTime) {
      showFirstResource(record);
      await run.pause(43);
    }
    if (!sync.resources) {
      const { startedAt } = run.state;
      cluster.update(record, (object) => withHistory(record, object, operation, startedAt, now()));
    }
    await run.pause(19);
    const done =
      rows.length > 0 ? 'successfully synced (all tasks run)' : 'successfully synced (no more tasks)';
    end(run, 'Succeeded', done, [...kept, ...rows]);
    await run.pause(movedOn ? 220 : 40);
    const rolling = rollsOut(record) && rows.some((each) => !each.message.endsWith(' unchanged'));
    const rolloutMs = rolling ? (record.behaviour.rolloutMs ?? 0) : 0;
    compareWith(record, headsOf(record, repositories), rolloutMs > 0);
    await run.pause(30);
    reconciled(record);
    if (rolloutMs === 0) return;
    await run.pause(rolloutMs);
    compareWith(record, shownRevisions(record));
  }

  /** A first sync shows its first resource, and health, before it is over. */
  function showFirstResource(record: ApplicationRecord): void {
    const status = compared(record, shownRevisions(record), repositories, now());
    cluster.update(record, (object) => withFirstResource(object, status));
  }

  return {
    accept(record, operation) {
      cluster.update(record, (object) => ({
        ...object,
        status: omit(object.status, 'operationState'),
        operation,
      }));
      let cancel: (() => void) | undefined;
      const started: Run = {
        record,
        operation,
        state: { operation, phase: 'Running', startedAt: now() },
        pause: (ms) =>
          new Promise((resolve) => {
            cancel = timers.after(ms, resolve);
          }),
      };
      record.cancelRun = () => cancel?.();
      record.terminate = () => {
        cancel?.();
        void terminated(started);
      };
      void run(started);
    },
    terminate(record) {
      if (!record.object.operation || !record.object.status.operationState || !record.terminate) return false;
      record.terminate();
      return true;
    },
  };

  async function terminated(run: Run): Promise<void> {
    setState(run, { phase: 'Terminating' });
    await run.pause(48);
    await untilUnblocked(run);
    const rows = run.state.syncResult?.resources?.map((each) =>
      each.hookType ? { ...each, hookPhase: 'Failed', message: 'Terminated' } : each,
    );
    end(run, 'Failed', 'Operation terminated', rows);
    await run.pause(57);
    cluster.update(run.record, withoutHooks);
    reconciled(run.record);
  }
}
