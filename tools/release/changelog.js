// `npm run --silent release:notes [-- VERSION]`: prints the section of CHANGELOG.md for a version, by default for the current one.
import { end, sectionOf, version } from './project.js';

const [wanted = version] = process.argv.slice(2);
const section = sectionOf(wanted);
if (section === undefined) end(`CHANGELOG.md has no section for ${wanted}`);
process.stdout.write(`${section.text}\n`);
