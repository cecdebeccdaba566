// The git side: branches, commits, and which paths a commit changes.
import { createHash } from 'node:crypto';
import { timestamp } from './application.ts';
import type { Commit, RepositoryDescription, Source } from './description.ts';

export interface Repositories {
  /** The commit of a branch name, HEAD or a commit id; undefined: no such branch. */
  resolve(source: Source, revision?: string): string | undefined;
  /** Equal for two revisions if nothing below the source's path differs between them. */
  content(source: Source, revision: string): string;
  find(source: Source, revision: string): Commit | undefined;
  /** Adds a new head to the branch; `elsewhere`: it changes nothing below the source's path. */
  commit(
    source: Source,
    now: number,
    details?: { message?: string; revision?: string; elsewhere?: boolean },
  ): Commit;
}

/** A full or abbreviated commit id. `resolve` returns it unchanged. */
const commitId = /^[0-9a-f]{7,40}$/;

const authors = [
  'Developer <developer@example.com>',
  'Reviewer <reviewer@example.com>',
  'Dependency Updates <updates@example.com>',
];
const messages = [
  'Raise the request timeout',
  'Use the new image',
  'Add a readiness probe',
  'Lower the memory limit',
  'Fix a typo in the settings',
  'Rotate the cache key',
  'Turn on structured logging',
  'Update dependencies',
];

/** A commit id that is the same in every run. */
export function commitIdOf(...parts: (string | number)[]): string {
  return createHash('sha1').update(parts.join('\n')).digest('hex');
}

/** Author and message number `n` from a small fixed set. */
export function commitText(n: number): { author: string; message: string } {
  return {
    author: authors[n % authors.length] ?? 'Developer <developer@example.com>',
    message: messages[n % messages.length] ?? 'Change a setting',
  };
}

export function createRepositories(descriptions: readonly RepositoryDescription[]): Repositories {
  type Repository = { branch: string; commits: Commit[]; positions: Map<string, number> };
  const repositories = new Map<string, Repository>();
  for (const { url, branch, commits } of descriptions) {
    const positions = new Map(commits.map((commit, position) => [commit.revision, position]));
    repositories.set(url, { branch, commits: [...commits], positions });
  }

  // A source without a described repository gets one with a single commit.
  function repositoryOf(source: Source): Repository {
    const stored = repositories.get(source.repoURL);
    if (stored && stored.commits.length > 0) return stored;
    const revision = commitIdOf(source.repoURL, 0);
    const first = { revision, date: '2026-01-05T09:00:00Z', ...commitText(0) };
    const created: Repository = {
      branch:
        stored?.branch ?? (source.targetRevision === 'HEAD' ? 'main' : (source.targetRevision ?? 'main')),
      commits: [first],
      positions: new Map([[first.revision, 0]]),
    };
    repositories.set(source.repoURL, created);
    return created;
  }

  return {
    resolve(source, revision) {
      const repository = repositoryOf(source);
      const wanted = revision ?? source.targetRevision ?? 'HEAD';
      if (wanted === 'HEAD' || wanted === repository.branch) return repository.commits.at(-1)?.revision;
      return commitId.test(wanted) ? wanted : undefined;
    },
    content(source, revision) {
      const repository = repositoryOf(source);
      const position = repository.positions.get(revision);
      if (position === undefined) return revision;
      for (let at = position; at >= 0; at -= 1) {
        const commit = repository.commits[at];
        if (commit && (commit.touches?.includes(source.path ?? '') ?? true)) return commit.revision;
      }
      return 'before the first commit';
    },
    find({ repoURL }, revision) {
      const repository = repositories.get(repoURL);
      return repository?.commits[repository.positions.get(revision) ?? -1];
    },
    commit(source, now, details = {}) {
      const repository = repositoryOf(source);
      const n = repository.commits.length;
      const text = commitText(n);
      const commit = {
        revision: details.revision ?? commitIdOf(source.repoURL, n, now),
        author: text.author,
        date: timestamp(now),
        message: details.message ?? text.message,
        touches: details.elsewhere === true ? [] : [source.path ?? ''],
      };
      repository.positions.set(commit.revision, n);
      repository.commits.push(commit);
      return commit;
    },
  };
}
