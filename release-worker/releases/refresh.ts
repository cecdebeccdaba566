// A press that only refreshes: Argo CD looks at Git again, and the result arrives as drift.
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { ArgoCd } from '../argocd/client.ts';
import { fetchApp } from '../drift/fetch-app.ts';
import type { Registry } from '../drift/registry.ts';
import { eachLimited } from '../each-limited.ts';

/** Resolves when Argo CD has been asked about all applications. Never rejects. */
export async function refreshAll(
  options: {
    readonly argocd: Pick<ArgoCd, 'get'>;
    readonly registry: Registry;
    readonly log: Log;
    readonly concurrency: number;
    readonly refreshTimeoutMs: number;
  },
  apps: readonly AppRecord[],
): Promise<void> {
  const { argocd, registry, log, concurrency, refreshTimeoutMs } = options;
  await eachLimited(apps, concurrency, async (app) => {
    try {
      await fetchApp({ argocd, registry }, app, 'normal', refreshTimeoutMs);
    } catch (error) {
      log.warn({ app: keyOf(app) }, messageOf(error));
    }
  });
}
