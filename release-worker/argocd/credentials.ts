// How the worker authenticates at Argo CD: with a configured token, or with the token of a session (`session.ts`).
import type { SecretSource } from './secret-source.ts';

export interface Credentials {
  /** @throws ArgoCdError when there is no token; then nothing was sent except perhaps a request for a token */
  token(): Promise<string>;
  /** Argo CD has accepted this token. */
  accepted(token: string): void;
  /** Argo CD has refused this token: the next `token()` gets another one. */
  refused(token: string): void;
  /** what a person can do about a token that Argo CD refuses */
  readonly remedy: string;
}

const make = 'Create a new token (argocd account generate-token --account <name>)';

/** @param file the file that the token is read from, if there is one */
export function tokenCredentials(source: SecretSource<string>, file?: string): Credentials {
  return {
    token: () => source.current(),
    accepted: () => {},
    refused: () => source.expire(),
    remedy:
      file === undefined
        ? `${make} and set ARGOCD_AUTH_TOKEN or ARGOCD_AUTH_TOKEN_FILE`
        : `${make} and write it into ${file} (argocd.tokenFile, ARGOCD_AUTH_TOKEN_FILE): the worker reads the file again`,
  };
}
