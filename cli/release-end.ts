// Waits for the end of a release and prints how it ended.
import { releaseLast, type Release, type ReleaseOutcome } from '../messages/release.ts';
import type { Link } from '../service/link/link.ts';
import { noAnswer, notSucceeded, print } from './exit.ts';
import { printable } from './printable.ts';

const exitCodes: Readonly<Record<ReleaseOutcome, number>> = {
  succeeded: 0,
  failed: notSucceeded,
  partly: notSucceeded,
  'timed-out': notSucceeded,
  interrupted: notSucceeded,
};

interface ReleaseEnds {
  /** Resolves to undefined if the release does not end in this time, in milliseconds. */
  of(releaseId: string, ms: number): Promise<Release | undefined>;
}

/** Subscribes to the ends of releases. Call it before the press: a short release may end before the press is answered. */
export function releaseEnds(link: Pick<Link, 'subscribe'>): ReleaseEnds {
  const last = new Map<string, Release>();
  let look = () => {};
  link.subscribe(releaseLast.filter(), (release, { params }) => {
    if (release !== undefined) last.set(params.worker, release);
    look();
  });
  return {
    of: (releaseId, ms) =>
      new Promise((resolve) => {
        const finish = (release: Release | undefined) => {
          clearTimeout(timer);
          look = () => {};
          resolve(release);
        };
        const timer = setTimeout(() => finish(undefined), ms);
        look = () => {
          const ended = [...last.values()].find(({ id }) => id === releaseId);
          if (ended?.outcome !== undefined) finish(ended);
        };
        look();
      }),
  };
}

/** Prints how the release ended. @returns the exit code */
export function tellEnd(release: Release | undefined, releaseId: string): number {
  if (release?.outcome === undefined) {
    print(
      `release ${releaseId} has not ended within the time of --wait, or the message about its end was lost. It may continue: \`release-button watch\` shows it`,
    );
    return noAnswer;
  }
  const { outcome, apps, truncated } = release;
  print(`${outcome}: the ${release.action} of button ${release.button} has ended`);
  for (const { namespace, name, outcome: end, phase, message } of apps)
    print(
      printable(`  ${namespace}/${name}: ${end ?? phase}${message === undefined ? '' : ` (${message})`}`),
    );
  if (truncated) print('  and more applications, too many for the message');
  return exitCodes[outcome];
}
