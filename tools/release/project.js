// What the release scripts share: facts about the project, and how to run a program and to end.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Exit code for usage and configuration, as in cli/exit.ts. */
const usageError = 2;

export function read(path) {
  return readFileSync(join(root, path), 'utf8');
}

export function write(path, text) {
  writeFileSync(join(root, path), text);
}

export const packageJson = JSON.parse(read('package.json'));
export const { version } = packageJson;

export const isPrerelease = version.includes('-');

/** `owner/name` on GitHub; undefined if package.json names no repository there. */
export const repository = (() => {
  const { repository } = packageJson;
  const address = typeof repository === 'string' ? repository : repository?.url;
  return /^(?:github:|(?:git\+)?(?:https|ssh):\/\/(?:git@)?github\.com\/)?([\w-]+\/[\w.-]+?)(?:\.git)?$/.exec(
    address ?? '',
  )?.[1];
})();

export const repositoryIsMissing =
  'package.json names no repository on GitHub: ' +
  'add "repository": "https://github.com/OWNER/NAME" with the address of your repository (docs/releasing.md, "Set up once")';

/** The date of a version in CHANGELOG.md, and the text under its heading. */
export function sectionOf(wanted) {
  for (const section of read('CHANGELOG.md').split(/^## /m).slice(1)) {
    const [heading, ...lines] = section.split('\n');
    const [, name, date] = /^\[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?$/.exec(heading) ?? [];
    if (name === wanted) return { date, text: lines.join('\n').trim() };
  }
  return undefined;
}

/** A version of the package or the image, in a line that readers paste. */
const namedVersion = /(?<=release-button-|release-button:|newTag: )\d+\.\d+\.\d+(?:-[a-z]+\.\d+)?/g;

/** The versions in pages, manifests and the compose file, by file. */
export function namedVersions() {
  const folders = ['docs', 'deploy'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
  );
  return ['README.md', 'docker-compose.yml', ...folders.filter((file) => /\.(md|ya?ml)$/.test(file))]
    .map((path) => ({ path, versions: [...new Set(read(path).match(namedVersion))] }))
    .filter(({ versions }) => versions.length > 0);
}

export function setNamedVersions(wanted) {
  for (const { path } of namedVersions()) write(path, read(path).replaceAll(namedVersion, wanted));
}

/** Runs a program. If its exit code is not 0, ends with this code. */
export function run(program, args, options = {}) {
  // On Windows, npm is a script, and only a shell can start it.
  const shell = process.platform === 'win32' && program === 'npm';
  const { status, error, stdout } = spawnSync(program, args, {
    cwd: root,
    stdio: 'inherit',
    encoding: 'utf8',
    shell,
    ...options,
  });
  if (error !== undefined) end(`cannot run ${program}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
  return stdout;
}

export function end(...faults) {
  for (const fault of faults) process.stderr.write(`release: ${fault}\n`);
  process.exit(usageError);
}
