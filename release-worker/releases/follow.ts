// Follows one of our syncs to its end, by updates in the registry and, if none come, by GETs.
import { shortened } from '../../messages/shortened.ts';
import { messageOf } from '../../service/log.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import { followOther } from './follow-other.ts';
import { createAppUpdates, gone, lookNow } from './app-updates.ts';
import type { FollowOptions } from './app-updates.ts';
import type { AppEnd } from './release.ts';
import { verify } from './verify.ts';

/** The state of an application's last operation, as one release sees it. */
type View =
  | { readonly state: 'unclear' }
  | { readonly state: 'not-ours' }
  | { readonly state: 'pending' | 'running' | 'succeeded' | 'failed'; readonly message: string };

/** The API server answers from a cache, so one GET does not prove that the operation is not ours. Several in a row do. */
const looksUntilSure = 3;

export function viewOf(record: AppRecord | undefined, releaseId: string): View {
  if (record?.detail === undefined) return { state: 'unclear' };
  const { operation, message } = record.detail;
  if (operation.releaseId !== releaseId) return { state: 'not-ours' };
  switch (record.phase) {
    case 'Pending':
      return { state: 'pending', message: 'Argo CD has accepted the sync, but not started it yet' };
    case 'Succeeded':
      return { state: 'succeeded', message };
    case 'Failed':
    case 'Error':
      return { state: 'failed', message };
    default:
      // Running or Terminating. Between two attempts, `finishedAt` is set and the phase stays Running.
      return { state: 'running', message };
  }
}

/** Argo CD may leave an operation pending for 30 to 40 s, unless a refresh wakes it. In milliseconds. */
const pendingMs = 5_000;

/** Resolves to undefined when `signal` is aborted. */
export async function followSync(options: FollowOptions): Promise<AppEnd | undefined> {
  const { clock, app, releaseId, deadline, signal, terminate, onProgress } = options;
  const termination = createTermination(options);
  const waking = createWaking(options);
  const updates = createAppUpdates(options);
  let strange = 0;
  let hasHeard = false;
  let last = 'Argo CD has not reported anything about it';

  for (;;) {
    if (signal.aborted) return undefined;
    if (terminate?.aborted === true && !hasHeard) {
      hasHeard = true;
      // A person waits from now on, and Argo CD may refuse to terminate at first.
      updates.lookSoon();
    }
    const view = viewOf(updates.record(), releaseId);
    const untilWakingMs = waking.look(view.state === 'pending');
    if (view.state === 'succeeded') return verify(options);
    if (view.state === 'failed')
      return view.message.includes('Operation terminated')
        ? { outcome: 'terminated', message: 'the sync was terminated', good: false }
        : { outcome: 'failed', message: await failureOf(options, view.message), good: false };
    if (view.state === 'pending' || view.state === 'running') {
      strange = 0;
      last = view.message === '' ? 'the sync is running' : view.message;
      onProgress({ phase: 'running', message: last });
      if (view.state === 'running') last = (await termination.request()) ?? last;
    }
    if (clock.monotonic() >= deadline)
      return {
        outcome: 'timed-out',
        message: `not finished within worker.release.appTimeoutMs; the last message was: ${last}. Argo CD may still carry out the sync; \`release-button terminate --app ${keyOf(app)}\` ends it`,
        good: false,
      };

    const next = await updates.next(
      Math.min(deadline - clock.monotonic(), untilWakingMs),
      terminate?.aborted === true ? undefined : terminate,
    );
    if (next.by === 'gone') return gone;
    if (next.by === 'failed-look') last = messageOf(next.error);
    if (next.by !== 'look') continue;
    if (viewOf(updates.record(), releaseId).state === 'not-ours' && ++strange >= looksUntilSure)
      // Argo CD keeps only the last operation, so the deployed revision must decide.
      return followOther(options, {
        otherwise: 'failed',
        why: 'another operation replaced it before its end was seen',
      });
  }
}

/** Refreshes an application once if its operation stays pending for too long. */
function createWaking(options: FollowOptions): {
  /** @returns milliseconds until the operation has been pending for too long; then this must be called again */
  look(pending: boolean): number;
} {
  const { clock } = options;
  let since: number | undefined;
  let woken = false;
  return {
    look: (pending) => {
      if (!pending || woken) return Infinity;
      since ??= clock.monotonic();
      const leftMs = since + pendingMs - clock.monotonic();
      if (leftMs > 0) return leftMs;
      woken = true;
      // The answer is not awaited: Argo CD does not answer while its controller is down. The registry gets the result.
      lookNow(options, 'normal').catch(() => {});
      return Infinity;
    },
  };
}

/** Asks Argo CD once to terminate the sync. If that fails, the next update causes another attempt. */
function createTermination({ argocd, app, terminate }: FollowOptions): {
  /** @returns the result in words; undefined: nothing was requested */
  request(): Promise<string | undefined>;
} {
  let isRequested = false;
  return {
    request: async () => {
      if (isRequested || terminate?.aborted !== true) return undefined;
      isRequested = true;
      try {
        await argocd.terminate(app);
        return 'Argo CD was asked to terminate the sync';
      } catch (error) {
        // Argo CD refuses if the sync has just ended. The next update shows that.
        isRequested = false;
        return messageOf(error);
      }
    },
  };
}

/** Argo CD's summary only says that tasks failed. The resource's own message says why, but only a GET contains it. */
async function failureOf({ argocd, app, releaseId }: FollowOptions, message: string): Promise<string> {
  try {
    const detail = await argocd.syncDetail(app);
    const [first, ...others] = detail.failed;
    if (first === undefined || detail.releaseId !== releaseId) return message;
    const more = others.length > 0 ? ` (and ${others.length} more)` : '';
    return shortened(`${first.resource}: ${first.message}${more}`, messageLength);
  } catch {
    return message;
  }
}

/** Longest message for people, in characters. */
const messageLength = 500;
