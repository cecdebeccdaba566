// Loads a configuration in an empty directory, with the file, variables and flags of a test.
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadConfig, type LoadOptions, type LoadResult } from '../../config/load.ts';
import { ConfigError, type Problem } from '../../config/problems/problem.ts';
import { sectionNames, type SectionName } from '../../config/sections.ts';

/** The smallest selection of a worker's button, because without one the sections do not load. */
const selectAll = '[{select: {all: true}}]';
const required = { RELEASE_BUTTON_WORKER_BUTTONS: selectAll };

export interface Given {
  readonly sections?: readonly SectionName[];
  readonly required?: readonly RequiredLeaf[];
  readonly oneOf?: NonNullable<LoadOptions<SectionName>['oneOf']>;
  /** the content of config/release-button.yaml */
  readonly file?: string | Uint8Array;
  readonly configFile?: string;
  /** other files, by their paths relative to the working directory */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly env?: NodeJS.ProcessEnv;
  readonly flags?: Readonly<Record<string, string>>;
  readonly defaults?: NonNullable<LoadOptions<SectionName>['defaults']>;
  readonly forced?: NonNullable<LoadOptions<SectionName>['forced']>;
}

type RequiredLeaf = 'argocd.server' | 'argocd.token' | 'mqtt.url';

export async function directory(files: Readonly<Record<string, string | Uint8Array>> = {}): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'release-button-config-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  await writeFiles(path, files);
  return path;
}

async function writeFiles(cwd: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(cwd, name)), { recursive: true });
    await writeFile(join(cwd, name), content);
  }
}

export async function load(given: Given = {}): Promise<LoadResult<SectionName>> {
  const { file, files, env = {}, flags = {}, sections = sectionNames, ...rest } = given;
  const cwd = await directory({
    ...files,
    ...(file !== undefined && { 'config/release-button.yaml': file }),
  });
  return loadConfig({ cwd, env: { ...required, ...env }, flags, sections, ...rest });
}

/** The problems of an invalid configuration, and the message that a person reads. */
export async function failure(
  given: Given,
): Promise<{ readonly problems: readonly Problem[]; readonly message: string }> {
  try {
    await load(given);
  } catch (error) {
    if (error instanceof ConfigError) return { problems: error.problems, message: error.message };
    throw error;
  }
  throw new Error('the configuration was accepted');
}

export async function onlyProblem(given: Given): Promise<Problem> {
  const { problems, message } = await failure(given);
  const [problem] = problems;
  if (problem === undefined || problems.length > 1) throw new Error(`expected one problem: ${message}`);
  return problem;
}

export function leaf(result: LoadResult<SectionName>, path: string) {
  const foundLeaf = result.leaves.find((candidate) => candidate.path === path);
  if (!foundLeaf) throw new Error(`no leaf ${path}`);
  return foundLeaf;
}

/** A certificate that belongs to nobody, for code that only reads it. */
export function authority(): string {
  return readFileSync(new URL('../support/authority.pem', import.meta.url), 'utf8');
}
