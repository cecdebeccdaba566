// Fetches one application. The answer goes into the registry, in the order of the requests.
import type { AppRecord } from '../argocd/application.ts';
import type { AppName, ArgoCd } from '../argocd/client.ts';
import type { Registry } from './registry.ts';

/** @throws ArgoCdError as `ArgoCd.get` does; the registry does not change then */
export async function fetchApp(
  where: { readonly argocd: Pick<ArgoCd, 'get'>; readonly registry: Registry },
  app: AppName,
  refresh?: 'normal' | 'hard',
  timeoutMs?: number,
): Promise<AppRecord> {
  const ticket = where.registry.ticket();
  const record = await where.argocd.get(app, refresh, timeoutMs);
  where.registry.whole(ticket, record);
  return record;
}
