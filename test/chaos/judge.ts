// Judges the presses: each has at most one result, an accepted one leads to one POST for each application, and no POST comes
// without an accepted press.
import { parse, type Heard } from './heard.ts';
import { main, refreshTimeoutMs } from './installation.ts';
import type { Press } from './pressing.ts';
import type { Post } from './relay.ts';
import type { Away, Played } from './rounds.ts';
import { environmentOf, kindOf, type Environment } from './schedule.ts';

export interface Judgement {
  readonly attempted: number;
  readonly accepted: number;
  /** reasons of rejections (or that there was nothing to release), each with its count */
  readonly refused: ReadonlyMap<string, number>;
  /** did not reach the broker, as its sender was told */
  readonly dropped: number;
  /** reached a broker, but no worker that stayed alive */
  readonly unanswered: number;
  readonly posts: number;
  /** applications of accepted presses that were never sent, and were reported so */
  readonly neverSent: number;
  /** results that are only in the journal: nobody was connected to receive them */
  readonly unheard: number;
  readonly longestMs: number;
  readonly problems: {
    readonly results: readonly string[];
    readonly posts: readonly string[];
    readonly late: readonly string[];
  };
}

/** A worker or broker that is about to die may lose presses from shortly before. */
const takenAlongMs = 2_500;
/** From the press to the POST: the maximum age of a press, a refresh, and a check of who is in charge. In milliseconds. */
const latestPostMs = 10_000 + refreshTimeoutMs + 5_000;
/** From the journal line about the POST, over the last check that it is still wanted, to its first byte. In milliseconds. */
const sendingMs = 250;

/** The presses of one environment. @param posts at its own Argo CD */
export function judgePresses(
  environment: Environment,
  played: Pick<Played, 'presses' | 'ledgers' | 'away' | 'wallOffset'>,
  heard: Pick<Heard, 'all'>,
  posts: readonly Post[],
): Judgement {
  const { wallOffset } = played;
  const ledger = played.ledgers[environment];
  const presses = played.presses.filter(({ button }) => button === environment);
  // Nothing of the other environment excuses anything here.
  const away = played.away.filter(({ part }) => (environmentOf(part) ?? environment) === environment);
  const problems = { results: [] as string[], posts: [] as string[], late: [] as string[] };
  const refused = new Map<string, number>();
  let [dropped, unanswered, unheard] = [0, 0, 0];

  const results = new Map<string, Set<string>>();
  for (const { payload } of heard.all(`${main}/button/${environment}/result`)) {
    const { pressId } = parse(payload);
    if (typeof pressId !== 'string') continue;
    results.set(pressId, (results.get(pressId) ?? new Set()).add(payload));
  }

  const known = new Map<string, Press>();
  for (const press of presses) {
    const { id, fate, round } = press;
    if (id === undefined) {
      dropped += 1;
      continue;
    }
    known.set(id, press);
    const own = results.get(id)?.size ?? 0;
    const lines = ledger.presses.get(id) ?? [];
    const what = `the press ${id} of round ${round} (${press.source}, ${fate})`;
    if (round === 0) problems.results.push(`${what} was made by nobody`);
    // The same result may come again if the worker died before its delivery was confirmed.
    if (own > 1) problems.results.push(`${what} got ${own} different results`);
    if (lines.length > 1) problems.results.push(`${what} was counted ${lines.length} times`);
    const [line] = lines;
    if (line !== undefined) {
      if (line.outcome !== 'accepted') {
        const why = line.reason ?? line.outcome;
        refused.set(why, (refused.get(why) ?? 0) + 1);
      }
      if (own === 0 && ledger.answered.has(id)) unheard += 1;
      else if (own === 0) problems.results.push(`${what} was ${line.outcome} and got no result`);
    } else if (own > 0) {
      // A broker that was killed has forgotten what it had retained. Until the worker of the button is back, another worker
      // answers that nobody has it, and writes that down.
      const [result = ''] = results.get(id) ?? [];
      if (parse(result)['reason'] === 'unknown-button' && isExcused(press, away, ['broker']))
        refused.set('unknown-button', (refused.get('unknown-button') ?? 0) + 1);
      else problems.results.push(`${what} got a result without a line in the journal`);
    } else if (fate === 'dropped') dropped += 1;
    else {
      unanswered += 1;
      if (!isExcused(press, away, ['broker', 'worker']))
        problems.results.push(`${what} got no result although all were there`);
    }
    if (fate === 'dropped' && press.source === 'button' && line?.outcome === 'accepted')
      problems.results.push(`${what} was said to be dropped, and has released`);
  }

  const counts = new Map<string, Post[]>();
  for (const post of posts) {
    const key = `${post.releaseId} ${post.app}`;
    counts.set(key, [...(counts.get(key) ?? []), post]);
    const press = known.get(post.pressId);
    if (press === undefined || !ledger.accepted.has(post.releaseId)) {
      problems.posts.push(`a POST for ${post.app} belongs to no accepted press`);
      continue;
    }
    const ms = post.at - press.at;
    if (ms > latestPostMs && !isCaughtSending((ledger.sending.get(key) ?? Infinity) - wallOffset, away))
      problems.late.push(`${post.app} was sent ${Math.round(ms)} ms after the press of round ${press.round}`);
  }

  let neverSent = 0;
  let longestMs = 0;
  for (const [releaseId, line] of ledger.accepted) {
    if (!known.has(line.pressId))
      problems.posts.push(`the press ${line.pressId} was accepted and made by nobody`);
    for (const { namespace, name } of line.release?.apps ?? []) {
      const key = `${releaseId} ${namespace}/${name}`;
      const sent = counts.get(key) ?? [];
      const end = ledger.ends.get(key);
      const what = `${namespace}/${name} of press ${line.pressId}`;
      if (sent.length > 1) problems.posts.push(`${what} was sent ${sent.length} times`);
      if (end === undefined) problems.posts.push(`${what} has no end`);
      const [post] = sent;
      if (post !== undefined)
        longestMs = Math.max(longestMs, post.at - (known.get(line.pressId)?.at ?? post.at));
      if (post !== undefined || end === undefined) continue;
      neverSent += 1;
      if (end.good === true && end.outcome !== 'already-in-sync')
        problems.posts.push(`${what} was never sent and is reported as ${end.outcome}`);
    }
    if (!ledger.finished.has(releaseId))
      problems.posts.push(`the release of press ${line.pressId} has no end`);
  }

  return {
    attempted: presses.length,
    accepted: ledger.accepted.size,
    refused,
    dropped,
    unanswered,
    posts: posts.length,
    neverSent,
    unheard,
    longestMs,
    problems,
  };
}

function isExcused(press: Press, away: readonly Away[], by: readonly ReturnType<typeof kindOf>[]): boolean {
  return away.some(
    ({ part, from, to }) => by.includes(kindOf(part)) && press.at > from - takenAlongMs && press.at < to,
  );
}

/** A worker that is paused between its last check and the first byte can only send when it continues. */
export function isCaughtSending(at: number, away: readonly Away[]): boolean {
  return away.some(({ part, from }) => kindOf(part) === 'worker' && from > at - 1 && from < at + sendingMs);
}

export function inAll(judgements: readonly Judgement[]): Judgement {
  const sum = (of: (judgement: Judgement) => number) =>
    judgements.reduce((total, judgement) => total + of(judgement), 0);
  const refused = new Map<string, number>();
  for (const [why, count] of judgements.flatMap((judgement) => [...judgement.refused]))
    refused.set(why, (refused.get(why) ?? 0) + count);
  return {
    attempted: sum(({ attempted }) => attempted),
    accepted: sum(({ accepted }) => accepted),
    refused,
    dropped: sum(({ dropped }) => dropped),
    unanswered: sum(({ unanswered }) => unanswered),
    posts: sum(({ posts }) => posts),
    neverSent: sum(({ neverSent }) => neverSent),
    unheard: sum(({ unheard }) => unheard),
    longestMs: Math.max(...judgements.map(({ longestMs }) => longestMs)),
    problems: {
      results: judgements.flatMap(({ problems }) => problems.results),
      posts: judgements.flatMap(({ problems }) => problems.posts),
      late: judgements.flatMap(({ problems }) => problems.late),
    },
  };
}
