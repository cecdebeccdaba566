// The one table of all recordings of Argo CD: what the client must make of each.
import { expectedAnswers } from './expected-answers.ts';
import { expectedRefusals } from './expected-refusals.ts';
import { expectedStreams } from './expected-streams.ts';

/** What was measured has no playback: where what it says is held. */
export const measured: Readonly<Record<string, string>> = {
  'list-gzip': 'its body was not kept: contract.test.ts compresses another',
  'measurements-100-applications': 'sizes and times: the benchmarks have their own',
  'measurements-cut-post':
    'a POST without an answer is `unsure`: failures.test.ts, and recovery.test.ts looks for its ids',
  'measurements-infos-limits':
    'our three infos are short: release.test.ts, and ids of presses are bounded by their schema',
  'measurements-stream-start-gap': 'a list follows each burst: watch.test.ts, and stream-faults.test.ts',
  'server-restart-sigkill': 'a restart with other contents: stream-faults.test.ts',
  'server-restart-sigterm': 'a restart with other contents: stream-faults.test.ts',
  'sync-concurrent': 'the losers are `in-progress`, as sync-while-running is',
  'tls-handshake': 'certificates for other names: tls.test.ts',
};

type Row =
  | { readonly refused: (typeof expectedRefusals)[string]; readonly leaves?: never }
  | { readonly refused?: never; readonly leaves: readonly string[] };

export const expected: ReadonlyMap<string, Row> = new Map<string, Row>([
  ...Object.entries(expectedRefusals).map(([name, refused]) => [name, { refused }] as const),
  ...Object.entries({ ...expectedAnswers, ...expectedStreams }).map(
    ([name, leaves]) => [name, { leaves }] as const,
  ),
]);

/** Names that stand in more than one part of the table. */
export function namedTwice(): string[] {
  const names = [expectedAnswers, expectedRefusals, expectedStreams, measured].flatMap((part) =>
    Object.keys(part),
  );
  return names.filter((name, at) => names.indexOf(name) !== at);
}
