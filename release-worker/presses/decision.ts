// The decision about a press, and its texts.
import { selects } from '../../config/selects.ts';
import { whatThereIs } from '../../messages/nearest.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { Access } from '../drift/access.ts';
import type { Obstacle } from '../drift/drifted.ts';
import type { Registry } from '../drift/registry.ts';
import { nameList } from '../name-list.ts';
import { candidatesOf } from '../releases/plan.ts';
import type { PlannedApp } from '../releases/release.ts';
import type { ButtonConfig } from '../buttons.ts';
import type { Objection } from './rules.ts';

export type Decision =
  | { readonly outcome: 'accepted'; readonly apps: readonly PlannedApp[]; readonly message: string }
  /** no release: Argo CD refreshes these applications */
  | { readonly outcome: 'accepted'; readonly refresh: readonly AppRecord[]; readonly message: string }
  | { readonly outcome: 'nothing-to-release'; readonly message: string }
  | ({ readonly outcome: 'rejected' } & Objection);

export function reject(reason: Objection['reason'], message: string): Decision {
  return { outcome: 'rejected', reason, message };
}

/** The broker stores whether releases are frozen. This worker could not read it. */
export const cutOff: Decision = reject(
  'broker-unreachable',
  'the connection to the broker was cut before this worker could read there whether releases are frozen; press again',
);

export function nothing(message: string): Decision {
  return { outcome: 'nothing-to-release', message };
}

/** Keys of all applications that the button selects. */
export function selectedBy(
  { registry }: { readonly registry: Pick<Registry, 'all' | 'get'> },
  { select }: ButtonConfig,
): readonly string[] {
  return candidatesOf(registry, (app) => selects(select, app), undefined).map(keyOf);
}

/** @param selected keys of all applications that the button selects */
export function nothingSelected(only: readonly string[] | undefined, selected: readonly string[]): Decision {
  const [first] = only ?? [];
  return nothing(
    only === undefined || first === undefined || selected.length === 0
      ? 'the button selects no application that Argo CD shows'
      : `the button does not select ${nameList(only)}; check the names, and \`select\` of the button. ${whatThereIs(first, selected)}`,
  );
}

/** @param keys the applications that the obstacle blocks */
export function inTheWay(reason: Obstacle, keys: readonly string[], access: Pick<Access, 'stateOf'>): string {
  if (reason === 'not-permitted')
    return `the account of the token may not sync ${nameList(keys)}; its RBAC policy needs "applications, sync"`;
  const states = keys.map((key) => access.stateOf(key));
  const description = states.find((one) => one?.windowDescription !== undefined)?.windowDescription;
  const quoted = description === undefined ? '' : ` (${description})`;
  return `a sync window of Argo CD${quoted} does not allow it now: ${nameList(keys)}`;
}
