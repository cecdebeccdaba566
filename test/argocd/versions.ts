// The differences between the versions of Argo CD that can be simulated, as recorded from 2.14.21, 3.1.16, 3.4.7, 3.5.1 and
// 3.6.
import { newestVersion } from '../../argocd-simulator/simulator.ts';

export interface SimulatedVersion {
  /** as `/api/version` returns it */
  readonly text: string;
  /** whether a list can select project, source, sources and policy of a specification, and the revision compared with */
  readonly selectsMembers: boolean;
  /** whether it is a server error if a list selects the specification and also its members */
  readonly failsAtSpecWithMembers: boolean;
  /** whether the operation of an application with one source repeats that source */
  readonly repeatsSource: boolean;
  /** the end of the refusal of an unknown revision, after the text that Argo CD could not resolve */
  readonly revisionNotFound: string;
}

/** @throws RangeError if the text is no version */
export function versionOf(text: string): SimulatedVersion {
  const [, major, minor] = /^v?(\d+)\.(\d+)\.\d+$/.exec(text) ?? [];
  if (major === undefined || minor === undefined)
    throw new RangeError(`"${text}" is no version of Argo CD to simulate: give it as ${newestVersion}`);
  const isAtLeast = (wantedMajor: number, wantedMinor: number): boolean =>
    Number(major) > wantedMajor || (Number(major) === wantedMajor && Number(minor) >= wantedMinor);
  return {
    text: `v${text.replace(/^v/, '')}+simulated`,
    selectsMembers: isAtLeast(3, 5),
    failsAtSpecWithMembers: isAtLeast(3, 5) && !isAtLeast(3, 6),
    repeatsSource: isAtLeast(3, 2),
    revisionNotFound: isAtLeast(3, 6) ? ': revision not found' : '',
  };
}
