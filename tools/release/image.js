// `npm run release:image [-- --push]`: builds the image for all platforms. With --push, it publishes the image with SBOM and
// provenance; without, it only shows that the image can be built. Needs Docker with buildx, and for --push a login to ghcr.io.
// Other options go to `docker buildx build`: `-- --platform=linux/amd64 --load` builds an image for this machine.
import { end, isPrerelease, repository, repositoryIsMissing, run, version } from './project.js';

/** node:22-bookworm-slim exists for each platform. The build runs no program of the target, so it needs no emulation. */
const platforms = 'linux/amd64,linux/arm64,linux/arm/v7';

const options = process.argv.slice(2);
const push = options.includes('--push');
if (push && repository === undefined) end(repositoryIsMissing);

const git = (...args) => run('git', args, { stdio: ['ignore', 'pipe', 'inherit'] }).trim();
const commit = git('rev-parse', 'HEAD');
const label = (name, value) => ['--label', `org.opencontainers.image.${name}=${value}`];
const labels = [
  ...label('version', version),
  ...label('revision', commit),
  ...label('created', git('show', '--no-patch', '--format=%cI', commit)),
];
if (repository !== undefined) labels.push(...label('source', `https://github.com/${repository}`));

// Version 1.2.3 also gets the tags 1.2 and latest. A prerelease gets only its own tag.
const tags = isPrerelease ? [version] : [version, version.replace(/\.\d+$/, ''), 'latest'];
// Names of images have no capital letters.
const names = tags.flatMap((tag) => ['--tag', `ghcr.io/${repository?.toLowerCase()}:${tag}`]);
const attestations = ['--sbom=true', '--provenance=mode=max'];

run('docker', [
  'buildx',
  'build',
  ...(options.some((option) => option.startsWith('--platform')) ? [] : [`--platform=${platforms}`]),
  ...labels,
  ...(push ? [...names, ...attestations] : []),
  ...options,
  '.',
]);
