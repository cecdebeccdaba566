// `npm run release:version -- VERSION`: writes a new version into package.json, package-lock.json, CHANGELOG.md, and the lines that
// readers paste. It commits nothing.
import { end, packageJson, read, sectionOf, setNamedVersions, version, write } from './project.js';

const [wanted = ''] = process.argv.slice(2);
if (!/^\d+\.\d+\.\d+(-[a-z]+\.\d+)?$/.test(wanted))
  end(
    `"${wanted}" is not a version: write for example \`npm run release:version -- 1.2.3\`, or 1.3.0-rc.1 for a prerelease. The current version is ${version}`,
  );
if (sectionOf(wanted) !== undefined) end(`CHANGELOG.md already has a section for ${wanted}`);
const unreleased = sectionOf('Unreleased');
if (unreleased === undefined || unreleased.text === '')
  end('CHANGELOG.md has nothing under "## [Unreleased]": write there what is new in this version');

const json = (value) => `${JSON.stringify(value, null, 2)}\n`;
write('package.json', json({ ...packageJson, version: wanted }));
const lock = JSON.parse(read('package-lock.json'));
lock.packages[''].version = wanted;
write('package-lock.json', json({ ...lock, version: wanted }));
const today = new Date().toISOString().slice(0, 10);
write(
  'CHANGELOG.md',
  read('CHANGELOG.md').replace('## [Unreleased]\n', () => `## [Unreleased]\n\n## [${wanted}] - ${today}\n`),
);
setNamedVersions(wanted);
