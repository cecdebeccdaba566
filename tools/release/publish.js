// `npm run release:npm [-- --dry-run]`: publishes the package, a prerelease under the tag `next`.
// Provenance needs a CI that npm trusts, so only a dry run works elsewhere.
import { end, isPrerelease, repository, repositoryIsMissing, run } from './project.js';

const isDry = process.argv.includes('--dry-run');
if (repository === undefined && !isDry) end(repositoryIsMissing);
run('npm', [
  'publish',
  '--access=public',
  `--tag=${isPrerelease ? 'next' : 'latest'}`,
  isDry ? '--dry-run' : '--provenance',
]);
