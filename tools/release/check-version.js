// `npm run release:check [-- TAG]`: checks whether this checkout can be released, under this tag. Lists everything that is wrong.
import {
  end,
  namedVersions,
  packageJson,
  read,
  repository,
  repositoryIsMissing,
  sectionOf,
  version,
} from './project.js';

const [tag] = process.argv.slice(2);
const faults = [];

if (tag !== undefined && tag !== `v${version}`)
  faults.push(`the tag is ${tag}, but package.json has version ${version}: the tag must be v${version}`);

const lock = JSON.parse(read('package-lock.json'));
if (lock.version !== version || lock.packages[''].version !== version)
  faults.push(
    `package-lock.json has version ${lock.version}, but package.json has ${version}: run \`npm install --package-lock-only\``,
  );

const section = sectionOf(version);
if (section === undefined)
  faults.push(`CHANGELOG.md has no section for ${version}: add the heading "## [${version}] - YYYY-MM-DD"`);
else {
  if (section.date === undefined)
    faults.push(
      `the section for ${version} in CHANGELOG.md has no date: write "## [${version}] - YYYY-MM-DD"`,
    );
  if (section.text === '') faults.push(`the section for ${version} in CHANGELOG.md is empty`);
}
const unreleased = sectionOf('Unreleased');
if (unreleased !== undefined && unreleased.text !== '')
  faults.push(
    `CHANGELOG.md has entries under "Unreleased": move them to the section for ${version}, because the tag contains them`,
  );

for (const { path, versions } of namedVersions())
  for (const named of versions.filter((named) => named !== version))
    faults.push(`${path} names version ${named} of the package or the image: write ${version}`);

if (repository === undefined) faults.push(repositoryIsMissing);
if (packageJson.private === true)
  faults.push('package.json says "private": true, so npm would not publish it');

if (faults.length > 0) end(...faults);
process.stdout.write(`${version} of ${repository} can be released\n`);
