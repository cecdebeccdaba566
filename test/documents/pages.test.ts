// Every block of commands in the pages is run as a newcomer would: in order, in a fresh clone, with real processes. What a page
// shows of the output is what comes. blocks.ts says how a page marks what cannot be run here, and why.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { command } from '../support/processes.ts';
import { hasCurl, hasMosquitto, hasScript } from '../support/programs.ts';
import { blocksOf, pages, root } from './blocks.ts';
import { canSeparate, createPlace, isRepository } from './place.ts';

const withBlocks = pages.map((page) => ({ page, blocks: blocksOf(page) }));
const blocks = withBlocks.flatMap((one) => one.blocks);
const notRun = blocks.filter(({ needs }) => needs !== undefined);

afterAll(() => {
  const reasons = notRun.map(({ at, needs }) => `  ${at}: needs ${needs?.what}: ${needs?.reason}\n`);
  process.stdout.write(
    `\ncommand blocks in the pages: ${blocks.length - notRun.length} run, ${notRun.length} not run:\n${reasons.join('')}`,
  );
});

const runnable = canSeparate && isRepository && hasMosquitto && hasScript && hasCurl;

describe
  .skipIf(!runnable)
  .concurrent(
    'the commands of the pages (skipped without the right to a network of its own, git, mosquitto-clients, script or curl)',
    () => {
      const run = withBlocks.filter((one) => one.blocks.some(({ needs }) => needs === undefined));
      it.for(run)('$page', async ({ page, blocks }, { onTestFinished }) => {
        const place = await createPlace({ installed: page !== 'README.md' });
        onTestFinished(place.clear);
        for (const block of blocks) if (block.needs === undefined) await place.run(block);
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

  it.each(each)('%s names files of the repository that there are', (_, commands) => {
    const named =
      commands.match(/(?<![\w./-])(?:deploy|docs|config|test)\/[\w./-]+|(?<= )\.env\.example/g) ?? [];
    expect(
      named.filter((path) => path !== 'config/release-button.yaml' && !existsSync(join(root, path))),
    ).toEqual([]);
  });

  it.each(each)('%s gives release-button flags that there are', (_, commands) => {
    const lines = commands.matchAll(
      /(?<=^|[ \n"])(?<!(?:-n|--account) )release-button ([a-z][a-z-]+)((?: [^\n|&;]+)?)/g,
    );
    for (const [, verb = '', rest = ''] of lines) {
      const help = execFileSync(process.execPath, [command, verb, '--help-all'], { encoding: 'utf8' });
      for (const [flag] of rest.matchAll(/--[a-z][a-z-]+/g)) expect(help).toContain(flag);
    }
  });
});
