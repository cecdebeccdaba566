// Describes which applications Argo CD cannot compare, and why. Pure.
import { shortened } from '../../messages/shortened.ts';
import { toLocalTime } from '../../messages/time.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';

/** The longest part of a condition to show, because Argo CD quotes whole commands in it. In characters. */
const causeLength = 300;

/** Argo CD's error about the application, if the stream or a whole object has reported one. */
export function causeOf(app: AppRecord | undefined): string | undefined {
  if (app?.compared === false) return 'Argo CD has not compared it yet';
  const condition = app?.detail?.condition ?? '';
  if (condition === '') return undefined;
  return shortened(condition, causeLength);
}

/**
 * `argocd/shop was out of sync at 2026-01-01 14:02 +01:00 and cannot be compared now: <cause> (and 2 more)`. Undefined if
 * there are none.
 * @param at milliseconds since the epoch
 */
export function lostInWords(
  lost: readonly { readonly key: string; readonly at: number }[],
  get: (key: string) => AppRecord | undefined,
): string | undefined {
  const [first, ...others] = lost;
  if (first === undefined) return undefined;
  const cause = causeOf(get(first.key));
  return [
    `${first.key} was out of sync at ${toLocalTime(first.at)} and cannot be compared now`,
    ...(cause === undefined ? [] : [`: ${cause}`]),
    ...(others.length === 0 ? [] : [` (and ${others.length} more)`]),
  ].join('');
}

/** `argocd/shop: <cause>`, for the first application with a known cause. Undefined: no cause is known. */
export function firstCause(unknown: Iterable<AppRecord>): string | undefined {
  for (const app of unknown) {
    const cause = causeOf(app);
    if (cause !== undefined) return `${keyOf(app)}: ${cause}`;
  }
  return undefined;
}
