// POST …/rollback: to an entry of the history. Unlike a sync it has no infos and no hooks, and no window refuses it.
import { withoutResourceHealth } from './application.ts';
import type { HistoryEntry, Operation } from './application.ts';
import { json, refused } from './answers.ts';
import type { Answer } from './answers.ts';
import { isAutomated } from './controller.ts';
import { readAs, reader } from './go-json.ts';
import { find, isRefusal } from './refusals.ts';
import type { Account } from './world-description.ts';
import type { SimulatedWorld } from './world.ts';

export type RollbackBody = {
  /** undefined: not given, which is refused only after everything could be read */
  id: number | undefined;
  appNamespace: string;
  project: string;
  dryRun: boolean;
  prune: boolean;
};

export function readRollbackBody(text: string): RollbackBody | { problem: string } {
  return readAs(text, (json) => {
    const request = 'ApplicationRollbackRequest';
    const body = reader(json, request, '', `application.${request}`);
    return {
      id: body.has('id') ? body.integer('id') : undefined,
      appNamespace: body.string('appNamespace'),
      project: body.string('project'),
      dryRun: body.bool('dryRun'),
      prune: body.bool('prune'),
    };
  });
}

export function rollback(world: SimulatedWorld, account: Account, name: string, body: RollbackBody): Answer {
  const { id, project } = body;
  if (id === undefined)
    return refused({ code: 13, message: 'grpc: error while marshaling: proto: required field "id" not set' });
  const namespace = body.appNamespace === '' ? 'argocd' : body.appNamespace;
  const record = find(world, account, 'sync', { name, namespace, project });
  if (isRefusal(record)) return refused(record);
  const { object } = record;
  if (object.metadata.deletionTimestamp !== undefined)
    return refused({ code: 9, message: 'application is deleting' });
  if (isAutomated(object))
    return refused({ code: 9, message: 'rollback cannot be initiated when auto-sync is enabled' });
  const entry = object.status.history?.find((each) => each.id === id);
  if (entry === undefined) {
    const message = `application ${namespace}/${name} does not have deployment with id ${id}`;
    return refused({ code: 3, message });
  }
  if (object.operation) return refused({ code: 9, message: 'another operation is already in progress' });
  world.operations.accept(record, operationOf(entry, account, body));
  return json(withoutResourceHealth(record.object));
}

function operationOf(entry: HistoryEntry, account: Account, { dryRun, prune }: RollbackBody): Operation {
  const { revision, source, sources, revisions } = entry;
  return {
    sync: {
      ...(sources || revision === undefined ? {} : { revision }),
      ...(prune ? { prune } : {}),
      ...(dryRun ? { dryRun } : {}),
      syncStrategy: { apply: {} },
      source,
      ...(sources && revisions ? { sources, revisions } : {}),
    },
    initiatedBy: { username: account.name },
    retry: {},
  };
}
