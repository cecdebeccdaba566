// The course of an operation with everything that the recordings contain: an outage, a sync window, a hook, attempts, and
// a sync of selected resources. The pauses between the steps are those of the recordings, unless a comment says
// otherwise.
import {
  timestamp,
  type ApplicationObject,
  type ApplicationStatus,
  type ResourceResult,
} from '../../argocd-simulator/application.ts';
import type { ApplicationRecord, Cluster } from '../../argocd-simulator/cluster.ts';
import {
  headsOf,
  resourceKey,
  resourcesOf,
  shownRevisions,
  type Compare,
} from '../../argocd-simulator/comparison.ts';
import type { Course, Endings, Run } from '../../argocd-simulator/operations.ts';
import type { Repositories } from '../../argocd-simulator/repositories.ts';
import { apply, operationRevisions, syncResult } from '../../argocd-simulator/sync-result.ts';
import type { Timers } from '../../argocd-simulator/timers.ts';
import type { Conditions } from './conditions.ts';
import type { Details } from './details.ts';
import {
  applyPartly,
  clockTime,
  failureRows,
  goDuration,
  hookOf,
  hookRow,
  leftToPrune,
  loadProblem,
  namespaceMissing,
  outcomeRows,
  selectedResources,
} from './sync-outcome.ts';

export function createTestCourse(
  parts: {
    cluster: Cluster;
    repositories: Repositories;
    timers: Timers;
    compare: Compare;
    conditions: Conditions;
    details: Details;
    /** A sync window also delays an accepted operation, such as a rollback, until the window closes. */
    isBlocked(record: ApplicationRecord): boolean;
  },
  endings: Endings,
): Course {
  const { cluster, repositories, timers, compare, conditions, details } = parts;
  const now = (): string => timestamp(timers.now());

  async function untilUnblocked(run: Run): Promise<void> {
    while (parts.isBlocked(run.record)) await run.pause(1_000);
  }

  async function runHook(run: Run): Promise<void> {
    const { record, operation } = run;
    const hook = hookOf(details.descriptionOf(record));
    if (!hook || operation.sync.dryRun || operation.sync.syncStrategy?.apply || operation.sync.resources)
      return;
    const row = hookRow(record, hook, operation, timers.now());
    await run.pause(150);
    cluster.update(record, (object) => withHook(object, row));
    // Argo CD checks its hooks every 2 s. This one is checked sooner, so that tests do not wait.
    await run.pause(hook.neverEnds ? 2000 : 500);
    run.show({
      message: `waiting for completion of hook ${row.group}/${row.kind}/${row.name}`,
      syncResult: syncResult(operation, [row]),
    });
    if (hook.neverEnds) await new Promise<never>(() => {});
    await run.pause(500);
    cluster.update(record, withoutHooks);
  }

  /**
   * Runs the attempts that fail.
   * @returns true if the operation is over
   */
  async function failed(run: Run): Promise<boolean> {
    const { record, operation } = run;
    const { limit = 0, backoff } = operation.retry;
    for (let retries = 0; ; retries += 1) {
      const failure = details.descriptionOf(record).fails ?? namespaceMissing(record, operation);
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
        const retried = retries > 0 ? ` (retried ${retries} times).` : '';
        await endings.failed(run, failure.phase, `${failure.message}${retried}`, rows);
        return true;
      }
      const base = goDuration(backoff?.duration) ?? 5000;
      const wait = Math.min(
        base * (backoff?.factor ?? 2) ** retries,
        goDuration(backoff?.maxDuration) ?? 180_000,
      );
      const at = clockTime(timers.now() + wait);
      run.show({
        finishedAt: now(),
        retryCount: retries + 1,
        message: `${failure.message}. Retrying attempt #${retries + 1} at ${at}.`,
        syncResult: syncResult(operation, rows),
      });
      await run.pause(wait);
      run.forget('finishedAt');
      run.show({ message: `Retrying operation. Attempt #${retries + 1}` });
      await run.pause(27);
    }
  }

  /** Puts the applied resources into the cluster, and waits for their health, before the operation ends. */
  async function showPartly(run: Run, rows: ResourceResult[]): Promise<void> {
    const [first] = rows.filter(({ status }) => status === 'Synced');
    if (!first) return;
    showFirstResource(run.record);
    await run.pause(32);
    const rowsInProgress = rows.map((each) =>
      each.status === 'Synced' ? { ...each, hookPhase: 'Running' } : each,
    );
    run.show({
      message: `waiting for healthy state of ${first.group}/${first.kind}/${first.name}`,
      syncResult: syncResult(run.operation, rowsInProgress),
    });
    await run.pause(43);
  }

  /** A first sync shows its first resource and the health before the operation ends. */
  function showFirstResource(record: ApplicationRecord): void {
    const status = compare(record, shownRevisions(record), now());
    cluster.update(record, (object) => withFirstResource(object, status));
  }

  /** Puts the selected resources into the cluster, and shows them as Argo CD does. */
  async function applySelected({ record, operation, pause }: Run): Promise<void> {
    const firstTime = record.live.size === 0;
    const revisions = operationRevisions(operation);
    const revisionsBefore = shownRevisions(record).join();
    const movedOn =
      revisions.join() === revisionsBefore && revisionsBefore !== headsOf(record, repositories).join();
    apply(record, operation, repositories, selectedResources(record, operation));
    const description = details.descriptionOf(record);
    const [first] = resourcesOf(record);
    if (first && description.changedAgain) record.live.set(resourceKey(first), 'changed in the cluster');
    const toPrune = leftToPrune(description, operation);
    if (toPrune) details.set(record, { ...description, pruneNeeded: toPrune });
    if (movedOn || operation.sync.prune) {
      endings.compared(record, revisions);
      await pause(37);
    } else if (firstTime) {
      showFirstResource(record);
      await pause(43);
    }
  }

  return {
    async run(run) {
      const { record, operation } = run;
      await run.pause(12);
      await conditions.controllerUp();
      run.begin();
      if (parts.isBlocked(record)) {
        const message = 'Sync operation blocked by sync window';
        run.show({ message, syncResult: syncResult(operation) });
        await untilUnblocked(run);
      }
      const error = loadProblem(details.descriptionOf(record), operation, repositories);
      if (error !== undefined) {
        await run.pause(50);
        run.end('Error', `ComparisonError: ${error}`);
        await run.pause(50);
        endings.reconciled(record);
        return;
      }
      await runHook(run);
      await run.pause(record.behaviour.syncMs ?? 300);
      if (await failed(run)) return;
      const rows = outcomeRows(record, details.descriptionOf(record), operation, repositories);
      if (operation.sync.dryRun) {
        run.end('Succeeded', 'successfully synced (no more tasks)', rows);
        return;
      }
      const hooks = run.state.syncResult?.resources?.filter((each) => each.hookType !== undefined) ?? [];
      await applySelected(run);
      await endings.succeeded(run, [...hooks.map((each) => ({ ...each, hookPhase: 'Succeeded' })), ...rows]);
    },
    async terminated(run) {
      run.show({ phase: 'Terminating' });
      await run.pause(48);
      await untilUnblocked(run);
      const rows = run.state.syncResult?.resources?.map((each) =>
        each.hookType ? { ...each, hookPhase: 'Failed', message: 'Terminated' } : each,
      );
      run.end('Failed', 'Operation terminated', rows);
      await run.pause(57);
      cluster.update(run.record, withoutHooks);
      endings.reconciled(run.record);
    },
  };
}

/** Shows the hook among the resources while it runs. */
function withHook(object: ApplicationObject, hook: ResourceResult): ApplicationObject {
  const { group, version, kind, namespace, name, images } = hook;
  const hookResource = {
    group,
    version,
    kind,
    namespace,
    name,
    health: { status: 'Progressing' },
    hook: true,
  };
  const resources = [...(object.status.resources ?? []), hookResource];
  return { ...object, status: { ...object.status, resources, summary: images ? { images } : {} } };
}

function withoutHooks(object: ApplicationObject): ApplicationObject {
  const { resources } = object.status;
  if (!resources) return object;
  const rest = resources.filter((each) => !each.hook);
  return { ...object, status: { ...object.status, resources: rest, summary: {} } };
}

/** What a sync shows before it ends: the first resource and the health of a comparison. */
function withFirstResource(
  object: ApplicationObject,
  { resources, health }: ApplicationStatus,
): ApplicationObject {
  const [first] = resources ?? [];
  const mixed = (object.status.resources ?? []).map((each) =>
    first && resourceKey(each) === resourceKey(first) ? first : each,
  );
  return { ...object, status: { ...object.status, resources: mixed, health } };
}
