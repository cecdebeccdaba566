// The output of `--json`, as documented in docs/doctor-json.md.
import { toTime } from '../messages/time.ts';
import type { Row } from './row.ts';
import { isWell } from './table.ts';

export interface Report {
  readonly version: string;
  /** The time of the check, in RFC 3339 */
  readonly at: string;
  /** The checked process: `start`, `release-worker` or `gpio-agent` */
  readonly process: string;
  /** True if no check failed */
  readonly ok: boolean;
  readonly checks: readonly Row[];
}

export function reportOf(
  rows: readonly Row[],
  about: { version: string; now: number; process: string },
): Report {
  return {
    version: about.version,
    at: toTime(about.now),
    process: about.process,
    ok: isWell(rows),
    checks: rows,
  };
}
