// `npm run release:github`: creates the release on GitHub for the tag of this version, with its section of CHANGELOG.md. Needs
// GitHub's command `gh`, logged in.
import { end, isPrerelease, repository, repositoryIsMissing, run, sectionOf, version } from './project.js';

if (repository === undefined) end(repositoryIsMissing);
const section = sectionOf(version);
if (section === undefined) end(`CHANGELOG.md has no section for ${version}`);
run(
  'gh',
  [
    'release',
    'create',
    `v${version}`,
    `--repo=${repository}`,
    '--verify-tag',
    `--title=release-button ${version}`,
    '--notes-file=-',
    ...(isPrerelease ? ['--prerelease'] : []),
  ],
  { input: `${section.text}\n`, stdio: ['pipe', 'inherit', 'inherit'] },
);
