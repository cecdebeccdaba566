// What actionlint (`npm run check:workflows`) does not check: pinned actions, time limits, permissions, and that each
// step is a script of this repository.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod/mini';
import packageJson from '../package.json' with { type: 'json' };

const root = join(import.meta.dirname, '..');
const folder = join(root, '.github/workflows');
const permissions = z.record(z.string(), z.enum(['read', 'write']));
const step = z.object({
  uses: z.optional(z.string()),
  run: z.optional(z.string()),
  with: z.optional(z.record(z.string(), z.unknown())),
});
const workflow = z.object({
  on: z.record(z.string(), z.unknown()),
  permissions,
  concurrency: z.object({ group: z.string() }),
  jobs: z.record(
    z.string(),
    z.object({
      'timeout-minutes': z.optional(z.number()),
      permissions: z.optional(permissions),
      uses: z.optional(z.string()),
      steps: z.optional(z.array(step)),
    }),
  ),
});
const workflows = readdirSync(folder).map((name) => {
  const text = readFileSync(join(folder, name), 'utf8');
  return { name, text, ...workflow.parse(parse(text)) };
});

describe.each(workflows)('the workflow $name', ({ text, on, permissions, jobs }) => {
  const steps = Object.values(jobs).flatMap(({ steps = [] }) => steps);

  it('pins each action by its commit, and names the version in a comment', () => {
    const uses = [...text.matchAll(/uses: (.+)$/gm)].map(([, action = '']) => action);
    const pinned = /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$|^\.\/\.github\/workflows\/[a-z]+\.yml$/;
    expect(uses.filter((action) => !pinned.test(action))).toEqual([]);
  });

  it('gives each job a time limit', () => {
    const endless = Object.entries(jobs).filter(
      ([, job]) => job.uses === undefined && job['timeout-minutes'] === undefined,
    );
    expect(endless).toEqual([]);
  });

  it('runs only scripts of this repository, npm ci and docker login', () => {
    const runs = steps.flatMap(({ run }) => run ?? []);
    const isOurs = (run: string) => {
      const script = /^npm run ([a-z:]+)( |$)/.exec(run)?.[1];
      if (script !== undefined) return script in packageJson.scripts;
      if (run.startsWith('.ci/')) return existsSync(join(root, run.split(' ')[0] ?? ''));
      return /^npm ci( |$)|^docker login /.test(run);
    };
    expect(runs.filter((run) => !isOurs(run))).toEqual([]);
  });

  it('leaves the token in no checkout', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.filter((checkout) => checkout.with?.['persist-credentials'] !== false)).toEqual([]);
  });

  it('uses no secret, and has no write permission by default', () => {
    expect(text).not.toContain('secrets.');
    expect(Object.values(permissions)).not.toContain('write');
    if ('pull_request' in on)
      for (const job of Object.values(jobs))
        expect(Object.values(job.permissions ?? {})).not.toContain('write');
    expect(on).not.toHaveProperty('pull_request_target');
  });
});

it('only jobs of the release may write, each only what it publishes', () => {
  const writing = workflows.flatMap(({ name, jobs }) =>
    Object.entries(jobs).flatMap(([job, { permissions = {} }]) =>
      Object.entries(permissions)
        .filter(([, level]) => level === 'write')
        .map(([scope]) => `${name} ${job} ${scope}`),
    ),
  );
  expect(writing).toEqual([
    'release.yml image packages',
    'release.yml npm id-token',
    'release.yml github contents',
  ]);
});
