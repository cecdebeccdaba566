// A client that tells an observer about each answer and failure, whoever made the call. A failure of one caller is
// information about Argo CD for all callers.
import type { ArgoCd } from './client.ts';
import { ArgoCdError } from './errors.ts';

export interface Observer {
  /** Argo CD has answered. */
  readonly onAnswer: () => void;
  /** Called before the caller gets the error. `change`: the call would have changed something in Argo CD. */
  readonly onFailure: (error: ArgoCdError, change: boolean) => void;
  /** why Argo CD is known to be unreachable; background calls then fail with this text, without a request */
  readonly away: () => string | undefined;
}

type Ask<Args extends readonly unknown[], Answer> = (...args: Args) => Promise<Answer>;

export function observed(argocd: ArgoCd, { onAnswer, onFailure, away }: Observer): ArgoCd {
  const observe =
    <Args extends readonly unknown[], Answer>(ask: Ask<Args, Answer>, change = false): Ask<Args, Answer> =>
    async (...args) => {
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
    ask: Ask<Args, Answer>,
  ): Ask<Args, Answer> => {
    const asked = observe(ask);
    return async (...args) => {
      const why = away();
      if (why !== undefined) throw new ArgoCdError({ kind: 'unreachable', message: why });
      return asked(...args);
    };
  };
  return {
    ...argocd,
    get: observe(argocd.get),
    sync: observe(argocd.sync, true),
    terminate: observe(argocd.terminate, true),
    syncDetail: observe(argocd.syncDetail),
    ownSyncPolicy: observe(argocd.ownSyncPolicy),
    maySync: inTheBackground(argocd.maySync),
    maySyncAll: inTheBackground(argocd.maySyncAll),
    syncWindows: inTheBackground(argocd.syncWindows),
    projectWindows: inTheBackground(argocd.projectWindows),
    revisionMetadata: inTheBackground(argocd.revisionMetadata),
  };
}
