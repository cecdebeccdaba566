// `npm run release:npm [-- --dry-run]`: publishes the package. A prerelease gets the tag `next`. Provenance needs a CI that npm
// trusts, so elsewhere only a dry run works.
import { end, isPrerelease, repository, repositoryIsMissing, run } from './project.js';

const isDry = process.argv.includes('--dry-run');
if (repository === undefined && !isDry) end(repositoryIsMissing);
run('npm', [
  'publish',
  '--access=public',
  `--tag=${isPrerelease ? 'next' : 'latest'}`,
  isDry ? '--dry-run' : '--provenance',
]);
