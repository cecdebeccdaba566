// As whom we ask Argo CD: by a token that somebody made, or by one of a session (`session.ts`).
import type { SecretSource } from './secret-source.ts';

export interface Credentials {
  /** @throws ArgoCdError where none can be had; no request has been sent then but one for a token */
  token(): Promise<string>;
  /** Argo CD has accepted this one. */
  accepted(token: string): void;
  /** Argo CD does not accept this one: the next `token()` looks for another. */
  refused(token: string): void;
  /** what a person does about a token that is not accepted */
  readonly remedy: string;
}

const make = 'Make a new one (argocd account generate-token --account <name>)';

/** @param file where it is read again */
export function tokenCredentials(source: SecretSource<string>, file?: string): Credentials {
  return {
    token: () => source.current(),
    accepted: () => {},
    refused: () => source.expire(),
    remedy:
      file === undefined
        ? `${make} and set ARGOCD_AUTH_TOKEN or ARGOCD_AUTH_TOKEN_FILE`
        : `${make} and write it into ${file} (argocd.tokenFile, ARGOCD_AUTH_TOKEN_FILE): it is read again by itself`,
  };
}
