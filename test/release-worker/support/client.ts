// The real client with a fixed token, the system's clock, and no log: what most tests need.
import { createArgoCd, type ArgoCd } from '../../../release-worker/argocd/client.ts';
import type { HttpOptions } from '../../../release-worker/argocd/http.ts';
import { fixedSecret, type SecretSource } from '../../../release-worker/argocd/secret-source.ts';
import { systemClock } from '../../../service/clock.ts';
import { silentLog } from '../../../service/log.ts';

export type ClientOptions = Partial<Omit<HttpOptions, 'ca'>> & {
  readonly server: string;
  readonly token?: string;
  readonly ca?: string | SecretSource<string>;
};

export function clientWith({ token = 'simulated', ca, ...options }: ClientOptions): ArgoCd {
  return createArgoCd({
    credentials: { token: fixedSecret(token) },
    insecure: false,
    requestTimeoutMs: 10_000,
    clock: systemClock(),
    random: () => 0,
    log: silentLog(),
    ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? fixedSecret(ca) : ca }),
    ...options,
  });
}
