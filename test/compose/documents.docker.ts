// Runs the commands of the pages that need Docker, in order with the other commands of their page.
// test/documents/blocks.ts explains the marks.
import { createServer } from 'node:net';
import { describe, it, onTestFinished } from 'vitest';
import { blocksOf, pages } from '../documents/blocks.ts';
import { createPlace } from '../documents/place.ts';
import { hasMosquitto } from '../support/programs.ts';
import { docker, hasDocker } from './engine.ts';

const project = 'release-button-test-pages';
const withDocker = pages
  .filter((p) => p !== 'docs/install.md')
  .map((page) => ({
    page,
    blocks: blocksOf(page).filter(({ needs }) => needs === undefined || needs.program === 'docker'),
  }))
  .filter(({ blocks }) => blocks.some(({ needs }) => needs !== undefined));

/** The pages use the default ports. */
const freePorts = await Promise.all([1883, 8081].map(isFree));

describe.skipIf(!hasDocker || !hasMosquitto || freePorts.includes(false))(
  'the commands of a page with Docker succeed (skipped without a Docker engine, mosquitto-clients, or if port 1883 or 8081 is in use)',
  () => {
    it.each(withDocker)('$page', { timeout: 10 * 60_000 }, async ({ blocks }) => {
      const shell = await createPlace({
        installed: true,
        outside: {
          DOCKER_HOST: process.env['DOCKER_HOST'] ?? '',
          DOCKER_CONFIG: process.env['DOCKER_CONFIG'] ?? '',
          COMPOSE_PROJECT_NAME: project,
          // Packages may come from a proxy or a mirror that only the network of this machine knows.
          COMPOSE_FILE: 'docker-compose.yml:test/compose/build-network.yaml',
        },
      });
      onTestFinished(async () => {
        docker(['compose', '-p', project, 'down', '--volumes', '--timeout', '15']);
        await shell.clear();
      });
      for (const block of blocks) await shell.run(block);
    });
  },
);

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
