// `node tools/build.js [--force]`: compiles and bundles the project into dist/. Without --force, it does nothing if dist/ was built
// from the same sources and packages.
// Every npm script that needs dist/ runs this script first, so it tells newcomers what is missing. A Node.js that is too old for
// the project must be able to run it (12 and later), so it uses no recent syntax and no `node:` imports.
import { spawnSync } from 'child_process';
import { createHash } from 'crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'fs';
import { dirname, join, relative } from 'path';
import { fileURLToPath } from 'url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
/** Says what dist/ was built from, and what is in it. Written last, so that an interrupted build never counts as complete. */
const stampFile = join(dist, 'build.json');
/** Exit code for usage and configuration, as in cli/exit.ts. */
const usageError = 2;

const { engines } = readJson(join(root, 'package.json'));
const needed = engines.node.replace('>=', '');
if (isOlder(process.versions.node, needed))
  end(
    `needs Node.js ${needed} or later, but this is Node.js ${process.versions.node} (${process.execPath}). ` +
      'Install a newer version, for example from https://nodejs.org/en/download',
  );
if (process.argv.includes('--force') || !isCurrent()) build();

function build() {
  const tsc = program('typescript', 'tsc');
  const rolldown = program('rolldown', 'rolldown');
  checkWritable();
  process.stderr.write('building…\n');
  const inputs = hashOfInputs();
  run(tsc, ['-p', 'tsconfig.build.json'], 'inherit');
  run(rolldown, ['-c'], openSync(join(dist, 'bundle.log'), 'w'));
  writeFileSync(stampFile, `${JSON.stringify({ inputs, outputs: stateOfOutputs() })}\n`);
}

function isOlder(version, wanted) {
  const [major, minor] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = wanted.split('.').map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}

/** Compares contents, not times, because the checkout of another branch changes the times. */
function isCurrent() {
  try {
    const { inputs, outputs } = readJson(stampFile);
    const found = stateOfOutputs();
    return inputs === hashOfInputs() && Object.keys(outputs).every((file) => found[file] === outputs[file]);
  } catch {
    return false;
  }
}

function hashOfInputs() {
  const files = [
    'package.json',
    'package-lock.json',
    // The installed packages, which may differ from package-lock.json.
    'node_modules/.package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'rolldown.config.js',
    'tools/build.js',
  ].map((file) => join(root, file));
  for (const folder of readJson(join(root, 'tsconfig.build.json')).include)
    files.push(...filesIn(join(root, folder)));
  const hash = createHash('sha256');
  for (const file of files.filter((file) => existsSync(file)).sort(byCodeUnit)) {
    const content = readFileSync(file);
    hash.update(`${relative(root, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

function byCodeUnit(one, other) {
  return one < other ? -1 : 1;
}

/** Size and permissions by path. They reveal a removed or truncated file, and a command that is no longer executable. */
function stateOfOutputs() {
  const state = {};
  for (const file of filesIn(dist)) {
    const { size, mode } = statSync(file);
    if (file !== stampFile) state[relative(dist, file)] = `${size} ${mode.toString(8)}`;
  }
  return state;
}

/** Empty if the folder is missing, as some folders are while an image is built. */
function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).reduce((files, entry) => {
    const path = join(folder, entry.name);
    return files.concat(entry.isDirectory() ? filesIn(path) : [path]);
  }, []);
}

/** Without this check, the compiler would report each file that it cannot write. */
function checkWritable() {
  try {
    mkdirSync(dist, { recursive: true });
    writeFileSync(stampFile, '{}\n');
    for (const file of filesIn(dist)) {
      accessSync(dirname(file), constants.W_OK);
      accessSync(file, constants.W_OK);
    }
  } catch (error) {
    end(
      `the build cannot write ${error.path} (${error.code}): give yourself permission to write to dist/, ` +
        `or copy the folder to a place where you may write, and start there: cp -r ${root} ~/release-button`,
    );
  }
}

/** The path of a program in a package. */
function program(name, command) {
  const folder = join(root, 'node_modules', name);
  if (!existsSync(folder)) {
    const all = process.env.NODE_ENV === 'production' ? ' --include=dev' : '';
    end(`the packages that build it are missing (${name}): run \`npm ci${all}\` first`);
  }
  const { bin } = readJson(join(folder, 'package.json'));
  return join(folder, typeof bin === 'string' ? bin : bin[command]);
}

function run(path, args, stdout) {
  const { status } = spawnSync(process.execPath, [path, ...args], {
    cwd: root,
    stdio: ['ignore', stdout, 'inherit'],
  });
  // The program has already printed what is wrong.
  if (status !== 0) process.exit(status || 1);
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function end(text) {
  process.stderr.write(`release-button: ${text}\n`);
  process.exit(usageError);
}
