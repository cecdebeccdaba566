// Follows one sync of ours to its end: by what the stream tells the registry, with a look by GET when in doubt.
import { shortened } from '../../messages/shortened.ts';
import { messageOf } from '../../service/log.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import { followOther } from './follow-other.ts';
import { createAppUpdates, gone, lookNow } from './app-updates.ts';
import type { FollowOptions } from './app-updates.ts';
import type { AppEnd } from './release.ts';
import { verify } from './verify.ts';

/** How the last operation of an application looks to a release. */
type View =
  | { readonly state: 'unclear' }
  | { readonly state: 'not-ours' }
  | { readonly state: 'pending' | 'running' | 'succeeded' | 'failed'; readonly message: string };

/** The API server answers from a cache: only several looks in a row say that the operation is not ours. */
const looksUntilSure = 3;

export function viewOf(record: AppRecord | undefined, releaseId: string): View {
  if (record?.detail === undefined) return { state: 'unclear' };
  const { operation, message } = record.detail;
  if (operation.releaseId !== releaseId) return { state: 'not-ours' };
  switch (record.phase) {
    case 'Pending':
      return { state: 'pending', message: 'Argo CD has accepted the sync and not started it yet' };
    case 'Succeeded':
      return { state: 'succeeded', message };
    case 'Failed':
    case 'Error':
      return { state: 'failed', message };
    default:
      // Running, Terminating; between attempts `finishedAt` is set and the phase stays Running.
      return { state: 'running', message };
  }
}

/** Argo CD leaves some operations lying for 30 to 40 s, unless somebody has it look at the application. In milliseconds. */
const pendingMs = 5_000;

/** Resolves to undefined when `signal` ended it. */
export async function followSync(options: FollowOptions): Promise<AppEnd | undefined> {
  const { clock, app, releaseId, deadline, signal, terminate, onProgress } = options;
  const ending = createTermination(options);
  const waking = createWaking(options);
  const updates = createAppUpdates(options);
  let strange = 0;
  let hasHeard = false;
  let last = 'Argo CD has not said anything about it';

  for (;;) {
    if (signal.aborted) return undefined;
    if (terminate?.aborted === true && !hasHeard) {
      hasHeard = true;
      // Somebody waits now, and Argo CD may refuse it for the moment.
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
      if (view.state === 'running') last = (await ending.tell()) ?? last;
    }
    if (clock.monotonic() >= deadline)
      return {
        outcome: 'timed-out',
        message: `not over within worker.release.appTimeoutMs; Argo CD said last: ${last}; it may still carry the sync out, and \`release-button terminate --app ${keyOf(app)}\` ends it`,
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
      // Only the last operation is kept: what is deployed must tell.
      return followOther(options, {
        otherwise: 'failed',
        why: 'another operation took its place before its end was seen',
      });
  }
}

/** Has Argo CD look once at an application whose operation it has not begun in a while. */
function createWaking(options: FollowOptions): {
  /** @returns how long it is to be waited for before the next look here, in milliseconds */
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
      // Not waited for: where the controller is down, it is not answered. What it brings is an update in the registry.
      lookNow(options, 'normal').catch(() => {});
      return Infinity;
    },
  };
}

/** Tells Argo CD once that the sync is to end; where that failed, again at the next update. */
function createTermination({ argocd, app, terminate }: FollowOptions): {
  tell(): Promise<string | undefined>;
} {
  let told = false;
  return {
    tell: async () => {
      if (told || terminate?.aborted !== true) return undefined;
      told = true;
      try {
        await argocd.terminate(app);
        return 'Argo CD was told to terminate the sync';
      } catch (error) {
        // Refused where it has just ended; whatever comes next shows it.
        told = false;
        return messageOf(error);
      }
    },
  };
}

/** The resource's own message says more than that tasks were not successful; it stands in the whole object only. */
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

/** What a person reads of a message, in characters. */
const messageLength = 500;
