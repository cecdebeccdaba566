// Requests to terminate what is running: `worker/<worker>/terminate`.
import { releaseTerminate } from '../../messages/release.ts';
import type { Link } from '../../service/link/link.ts';
import type { Log } from '../../service/log.ts';
import type { Replies } from '../replies.ts';
import { takeRequests } from '../requests.ts';
import { nameList } from '../name-list.ts';
import type { RunningReleases, Termination } from './running.ts';
import type { LeftoverSyncs } from './leftover-syncs.ts';

/** Subscribes. */
export function takeTerminations(options: {
  readonly link: Link;
  readonly worker: string;
  readonly running: Pick<RunningReleases, 'terminate'>;
  /** syncs that ended releases have left in Argo CD */
  readonly leftoverSyncs: Pick<LeftoverSyncs, 'terminate'>;
  readonly replies: Replies;
  readonly log: Log;
  /** what is being released now, in words */
  readonly goesOn: () => readonly string[];
}): void {
  const { link, worker, leftoverSyncs, replies, log } = options;
  takeRequests({ link, replies, log, channel: releaseTerminate, params: { worker } }, (request, about) => {
    const running = options.running.terminate(request.app);
    const left = leftoverSyncs.terminate(request.app);
    if (running.applications + left.applications === 0) {
      const goesOn = options.goesOn();
      const what =
        request.app === undefined
          ? 'no release is running, and no sync of an earlier one'
          : `no release of ${request.app} is running, and no sync of an earlier one`;
      replies.answer(about, request.id, {
        ok: false,
        message: `${what}, so there is nothing to terminate${goesOn.length === 0 ? '' : `. Under way: ${nameList(goesOn)}`}`,
      });
      return;
    }
    const message = `terminating ${inWords(running, left)}`;
    log.warn({ releases: [...running.releases, ...left.releases], app: request.app }, message);
    replies.answer(about, request.id, { ok: true, message });
  });
}

function inWords(running: Termination, left: Termination): string {
  const applications = (count: number) => `${count} application${count === 1 ? '' : 's'}`;
  const parts = [
    ...(running.applications === 0
      ? []
      : [
          `${applications(running.applications)} of ${running.releases.length === 1 ? 'the running release' : `${running.releases.length} running releases`}`,
        ]),
    ...(left.applications === 0
      ? []
      : [`the sync of ${applications(left.applications)} that release ${left.releases.join(', ')} has left`]),
  ];
  const waiting = [...running.waiting, ...left.waiting];
  return `${parts.join(' and ')}${waiting.length === 0 ? '' : `. Argo CD has not started ${nameList(waiting)} and cannot terminate it before; the worker terminates it as soon as Argo CD has started it`}`;
}
