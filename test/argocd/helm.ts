// Helm repositories: the commits of a chart are its versions.
import type { RepositoryDescription, Source } from '../../argocd-simulator/description.ts';
import { createRepositories, type Repositories } from '../../argocd-simulator/repositories.ts';

/** Any other text is a range. Every range in our tests includes the newest version. */
const wholeVersion = /^v?\d+\.\d+\.\d+$/;

type Description = RepositoryDescription & { chart?: string };

export function createRepositoriesWithCharts(descriptions: readonly Description[]): Repositories {
  const keyOf = (url: string, chart: string) => `${url} ${chart}`;
  const repositories = createRepositories(
    descriptions.map(({ url, chart, ...rest }) => ({
      ...rest,
      url: chart === undefined ? url : keyOf(url, chart),
    })),
  );

  /** The source of the repository that has the versions of the chart. */
  function versionsOf({ chart, ...source }: Source): Source {
    return chart === undefined
      ? source
      : { ...source, repoURL: keyOf(source.repoURL, chart), targetRevision: 'HEAD' };
  }

  function nextVersion(source: Source): string {
    const newest = repositories.resolve(versionsOf(source)) ?? '';
    const [, majorMinor = '1.0.', patch = '0'] = /^(v?\d+\.\d+\.)(\d+)$/.exec(newest) ?? [];
    return `${majorMinor}${Number(patch) + 1}`;
  }

  return {
    resolve(source, revision) {
      if (source.chart === undefined) return repositories.resolve(source, revision);
      const requestedRevision = revision ?? source.targetRevision ?? 'HEAD';
      const versions = versionsOf(source);
      if (!wholeVersion.test(requestedRevision)) return repositories.resolve(versions);
      return repositories.find(versions, requestedRevision)?.revision;
    },
    content: (source, revision) => repositories.content(versionsOf(source), revision),
    find: (source, revision) => repositories.find(versionsOf(source), revision),
    commit(source, now, details = {}) {
      const version = source.chart === undefined ? {} : { revision: nextVersion(source) };
      return repositories.commit(versionsOf(source), now, { ...version, ...details });
    },
  };
}
