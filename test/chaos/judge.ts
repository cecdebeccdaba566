// Judges the presses: each has at most one result, an accepted press leads to one POST for each application, and there is
// no POST without an accepted press.
import { parse, type MessageLog } from './message-log.ts';
import { main, refreshTimeoutMs } from './installation.ts';
import type { Press } from './pressing.ts';
import type { Post } from './relay.ts';
import type { Away, Played } from './rounds.ts';
import { environmentOf, kindOf, type Environment } from './schedule.ts';

export interface Judgement {
  readonly attempted: number;
  readonly accepted: number;
  /** the reasons of rejections, or that there was nothing to release, each with its count */
  readonly refused: ReadonlyMap<string, number>;
  /** presses that did not reach the broker, as their sender was told */
  readonly dropped: number;
  /** presses that reached a broker, but no worker that stayed alive */
  readonly unanswered: number;
  readonly posts: number;
  /** applications of accepted presses that were never sent, and were reported as such */
  readonly neverSent: number;
  /** results that are only in the journal, because nobody was connected to receive them */
  readonly unheard: number;
  readonly longestMs: number;
  readonly problems: {
    readonly results: readonly string[];
    readonly posts: readonly string[];
    readonly late: readonly string[];
  };
}

/** A worker or broker that is about to die may lose presses from shortly before. In milliseconds. */
const takenAlongMs = 2_500;
/**
 * The longest time from a press to its POST, in milliseconds: the maximum age of a press, a refresh, and a check of who
 * is in charge.
 */
const latestPostMs = 10_000 + refreshTimeoutMs + 5_000;
/**
 * The longest time from the journal line about a POST to its first byte, in milliseconds. Between them, the worker checks
 * that the POST is still wanted.
 */
const sendingMs = 250;

/**
 * Judges the presses of one environment.
 * @param posts the POSTs at its own Argo CD
 */
export function judgePresses(
  environment: Environment,
  played: Pick<Played, 'presses' | 'ledgers' | 'away' | 'wallOffset'>,
  heard: Pick<MessageLog, 'all'>,
  posts: readonly Post[],
): Judgement {
  const { wallOffset } = played;
  const ledger = played.ledgers[environment];
  const presses = played.presses.filter(({ button }) => button === environment);
  // A part of the other environment excuses nothing here.
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

  const pressesById = new Map<string, Press>();
  for (const press of presses) {
    const { id, fate, round } = press;
    if (id === undefined) {
      dropped += 1;
      continue;
    }
    pressesById.set(id, press);
    const resultCount = results.get(id)?.size ?? 0;
    const lines = ledger.presses.get(id) ?? [];
    const pressName = `the press ${id} of round ${round} (${press.source}, ${fate})`;
    if (round === 0) problems.results.push(`${pressName} was made by nobody`);
    // The same result may come again if the worker died before its delivery was confirmed.
    if (resultCount > 1) problems.results.push(`${pressName} got ${resultCount} different results`);
    if (lines.length > 1) problems.results.push(`${pressName} was counted ${lines.length} times`);
    const [line] = lines;
    if (line !== undefined) {
      if (line.outcome !== 'accepted') {
        const reason = line.reason ?? line.outcome;
        refused.set(reason, (refused.get(reason) ?? 0) + 1);
      }
      if (resultCount === 0 && ledger.answered.has(id)) unheard += 1;
      else if (resultCount === 0) problems.results.push(`${pressName} was ${line.outcome} and got no result`);
    } else if (resultCount > 0) {
      // A broker that was killed has forgotten its retained messages. Until the worker of the button is back, another
      // worker answers that nobody has the button. Only the journal of that worker has a line for it.
      const [result = ''] = results.get(id) ?? [];
      if (parse(result)['reason'] === 'unknown-button' && isExcused(press, away, ['broker']))
        refused.set('unknown-button', (refused.get('unknown-button') ?? 0) + 1);
      else problems.results.push(`${pressName} got a result without a line in the journal`);
    } else if (fate === 'dropped') dropped += 1;
    else {
      unanswered += 1;
      if (!isExcused(press, away, ['broker', 'worker']))
        problems.results.push(`${pressName} got no result although all were there`);
    }
    if (fate === 'dropped' && press.source === 'button' && line?.outcome === 'accepted')
      problems.results.push(`${pressName} was said to be dropped, and has released`);
  }

  const postsByTarget = new Map<string, Post[]>();
  for (const post of posts) {
    const key = `${post.releaseId} ${post.app}`;
    postsByTarget.set(key, [...(postsByTarget.get(key) ?? []), post]);
    const press = pressesById.get(post.pressId);
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
    if (!pressesById.has(line.pressId))
      problems.posts.push(`the press ${line.pressId} was accepted and made by nobody`);
    for (const { namespace, name } of line.release?.apps ?? []) {
      const key = `${releaseId} ${namespace}/${name}`;
      const posts = postsByTarget.get(key) ?? [];
      const end = ledger.ends.get(key);
      const target = `${namespace}/${name} of press ${line.pressId}`;
      if (posts.length > 1) problems.posts.push(`${target} was sent ${posts.length} times`);
      if (end === undefined) problems.posts.push(`${target} has no end`);
      const [post] = posts;
      if (post !== undefined)
        longestMs = Math.max(longestMs, post.at - (pressesById.get(line.pressId)?.at ?? post.at));
      if (post !== undefined || end === undefined) continue;
      neverSent += 1;
      if (end.good === true && end.outcome !== 'already-in-sync')
        problems.posts.push(`${target} was never sent and is reported as ${end.outcome}`);
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

/** A worker that is paused between its last check and the first byte sends when it continues. */
export function isCaughtSending(at: number, away: readonly Away[]): boolean {
  return away.some(({ part, from }) => kindOf(part) === 'worker' && from > at - 1 && from < at + sendingMs);
}

export function inAll(judgements: readonly Judgement[]): Judgement {
  const sum = (countOf: (judgement: Judgement) => number) =>
    judgements.reduce((total, judgement) => total + countOf(judgement), 0);
  const refused = new Map<string, number>();
  for (const [reason, count] of judgements.flatMap((judgement) => [...judgement.refused]))
    refused.set(reason, (refused.get(reason) ?? 0) + count);
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
