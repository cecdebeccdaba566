// Runs every block of commands in the pages as a newcomer would: in order, in a fresh clone, with real processes. The
// output must be what the page shows. blocks.ts explains the marks for blocks that differ or cannot be run here.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { command } from '../support/processes.ts';
import { hasCurl, hasMosquitto, hasScript } from '../support/programs.ts';
import { blocksOf, pages, root } from './blocks.ts';
import { canSeparate, createPlace, isRepository } from './place.ts';

const withBlocks = pages.map((page) => ({ page, blocks: blocksOf(page) }));
const blocks = withBlocks.flatMap((page) => page.blocks);
const notRun = blocks.filter(({ needs }) => needs !== undefined);

afterAll(() => {
  const reasons = notRun.map(({ at, needs }) => `  ${at}: needs ${needs?.program}: ${needs?.reason}\n`);
  process.stdout.write(
    `\ncommand blocks in the pages: ${blocks.length - notRun.length} run, ${notRun.length} not run:\n${reasons.join('')}`,
  );
});

const runnable = canSeparate && isRepository && hasMosquitto && hasScript && hasCurl;

describe
  .skipIf(!runnable)
  .concurrent(
    'the commands of a page succeed (skipped without the right to a network of its own, git, mosquitto-clients, script or curl)',
    () => {
      const run = withBlocks.filter((page) => page.blocks.some(({ needs }) => needs === undefined));
      it.for(run)('$page', async ({ page, blocks }, { onTestFinished }) => {
        const shell = await createPlace({ installed: page !== 'README.md' });
        onTestFinished(shell.clear);
        for (const block of blocks) if (block.needs === undefined) await shell.run(block);
      });
    },
  );

describe('a block that is not run here', () => {
  const each = notRun.map((block) => [block.at, block.commands] as const);

  it.each(each)('%s is correct for a shell', (_, commands) => {
    const input = commands.replaceAll(/<[\w ]+>/g, 'placeholder');
    const { stderr } = spawnSync('bash', ['-n'], { input, encoding: 'utf8' });
    expect(stderr).toBe('');
  });

  it.each(each)('%s names existing files of the repository', (_, commands) => {
    const namedFiles =
      commands.match(/(?<![\w./-])(?:deploy|docs|config|test)\/[\w./-]+|(?<= )\.env\.example/g) ?? [];
    expect(
      namedFiles.filter((path) => path !== 'config/release-button.yaml' && !existsSync(join(root, path))),
    ).toEqual([]);
  });

  it.each(each)('%s gives existing flags of release-button', (_, commands) => {
    const lines = commands.matchAll(
      /(?<=^|[ \n"])(?<!(?:-n|--account) )release-button ([a-z][a-z-]+)((?: [^\n|&;]+)?)/g,
    );
    for (const [, verb = '', rest = ''] of lines) {
      const help = execFileSync(process.execPath, [command, verb, '--help-all'], { encoding: 'utf8' });
      for (const [flag] of rest.matchAll(/--[a-z][a-z-]+/g)) expect(help).toContain(flag);
    }
  });
});
