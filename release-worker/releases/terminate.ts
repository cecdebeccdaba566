// The request to end what runs: `release/terminate`.
import { releaseTerminate } from '../../messages/release.ts';
import type { Link } from '../../service/link/link.ts';
import type { Log } from '../../service/log.ts';
import type { Replies } from '../replies.ts';
import { takeRequests } from '../requests.ts';
import type { Runner } from './runner.ts';

/** Subscribes. */
export function takeTerminations(options: {
  readonly link: Link;
  readonly runner: Pick<Runner, 'terminate'>;
  readonly replies: Replies;
  readonly log: Log;
  /** another worker may be meant, and answers */
  readonly others: () => boolean;
}): void {
  const { link, runner, replies, log } = options;
  takeRequests({ link, replies, log, channel: releaseTerminate, params: {} }, (request, about) => {
    const { applications, releases } = runner.terminate(request.app);
    if (applications === 0) {
      if (options.others()) return;
      const what =
        request.app === undefined ? 'no release is running' : `no release of ${request.app} is running`;
      replies.answer(about, request.id, {
        ok: false,
        message: `${what}, so there is nothing to terminate`,
      });
      return;
    }
    const message = `terminating ${applications} application${applications === 1 ? '' : 's'} of ${releases.length === 1 ? 'the running release' : `${releases.length} running releases`}`;
    log.warn({ releases, app: request.app }, message);
    replies.answer(about, request.id, { ok: true, message });
  });
}
