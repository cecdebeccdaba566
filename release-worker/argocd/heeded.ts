// A client whose failures somebody hears of, whoever made the call: what one part finds out about Argo CD concerns all.
import type { ArgoCd } from './client.ts';
import { ArgoCdError } from './errors.ts';

export interface Heed {
  /** Argo CD has answered what was asked. */
  readonly onAnswer: () => void;
  /** Called before the caller gets the error. `change`: the call was to change something in Argo CD. */
  readonly onFailure: (error: ArgoCdError, change: boolean) => void;
  /** why Argo CD is known to be away; what nobody waits for is not even asked then */
  readonly away: () => string | undefined;
}

export function heeded(argocd: ArgoCd, { onAnswer, onFailure, away }: Heed): ArgoCd {
  const heed =
    <Args extends readonly unknown[], Answer>(ask: (...args: Args) => Promise<Answer>, change = false) =>
    async (...args: Args): Promise<Answer> => {
      try {
        const answer = await ask(...args);
        onAnswer();
        return answer;
      } catch (error) {
        if (error instanceof ArgoCdError) onFailure(error, change);
        throw error;
      }
    };
  const inTheBackground = <Args extends readonly unknown[], Answer>(
    ask: (...args: Args) => Promise<Answer>,
  ) => {
    const asked = heed(ask);
    return async (...args: Args): Promise<Answer> => {
      const why = away();
      if (why !== undefined) throw new ArgoCdError({ kind: 'unreachable', message: why });
      return asked(...args);
    };
  };
  return {
    ...argocd,
    get: heed(argocd.get),
    sync: heed(argocd.sync, true),
    terminate: heed(argocd.terminate, true),
    syncDetail: heed(argocd.syncDetail),
    ownSyncPolicy: heed(argocd.ownSyncPolicy),
    maySync: inTheBackground(argocd.maySync),
    maySyncAll: inTheBackground(argocd.maySyncAll),
    syncWindows: inTheBackground(argocd.syncWindows),
    projectWindows: inTheBackground(argocd.projectWindows),
    revisionMetadata: inTheBackground(argocd.revisionMetadata),
  };
}
