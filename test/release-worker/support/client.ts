// The real client with a token that stays, the system's clock, and no log: what most tests want of it.
import { createArgoCd } from '../../../release-worker/argocd/client.ts';
import type { ArgoCd } from '../../../release-worker/argocd/client.ts';
import type { HttpOptions } from '../../../release-worker/argocd/http.ts';
import { fixedSecret } from '../../../release-worker/argocd/secret-source.ts';
import { systemClock } from '../../../service/clock.ts';
import { silentLog } from '../../../service/log.ts';

export type ClientOptions = Partial<HttpOptions> & { readonly server: string; readonly token?: string };

export function clientWith({ token = 'simulated', ...options }: ClientOptions): ArgoCd {
  return createArgoCd({
    credentials: { token: fixedSecret(token) },
    insecure: false,
    requestTimeoutMs: 10_000,
    clock: systemClock(),
    random: () => 0,
    log: silentLog(),
    ...options,
  });
}
