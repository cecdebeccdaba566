// The real `docker` and `docker compose`, with the project's own files.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import * as z from 'zod/mini';

const root = join(import.meta.dirname, '../..');

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly err: string;
}

const longest = 9 * 60_000;

type Environment = Readonly<Record<string, string>>;

/** @param cwd the folder with the compose file, by default the project */
export function docker(args: readonly string[], env: Environment = {}, cwd = root): Ran {
  const { status, stdout, stderr, error } = spawnSync('docker', args, {
    cwd,
    encoding: 'utf8',
    timeout: longest,
    env: { ...process.env, ...env },
  });
  return { code: status, stdout: stdout ?? '', err: error === undefined ? stderr : String(error) };
}

/** @throws Error with the message of Docker if the command fails */
export function dockerOk(args: readonly string[], env: Environment = {}, cwd = root): string {
  const { code, stdout, err } = docker(args, env, cwd);
  if (code !== 0) throw new Error(`docker ${args.join(' ')} ended with ${String(code)}: ${err}${stdout}`);
  return stdout;
}

/** Builds the image of the compose file. */
export function buildImage(): void {
  // The build uses the network of the host, because only that may know a proxy or a mirror of the packages.
  dockerOk(['compose', '-f', 'docker-compose.yml', '-f', 'test/compose/build-network.yaml', 'build']);
}

/** The images of this project that have no name. */
export function namelessImages(): readonly string[] {
  const label = 'label=org.opencontainers.image.title=release-button';
  return dockerOk(['images', '--quiet', '--filter', 'dangling=true', '--filter', label])
    .split('\n')
    .filter((id) => id !== '');
}

/** Whether a Docker engine with compose answers. A CI must have one. */
export const hasDocker: boolean = (() => {
  const answers = [docker(['version']), docker(['compose', 'version'])];
  const failed = answers.find(({ code }) => code !== 0);
  if (failed === undefined) return true;
  if (process.env['CI'] !== undefined)
    throw new Error(`no Docker engine with compose, and with CI set no test is skipped: ${failed.err}`);
  return false;
})();

const containerSchema = z.object({
  Config: z.object({ User: z.string(), Env: z.array(z.string()) }),
  HostConfig: z.object({
    ReadonlyRootfs: z.boolean(),
    Privileged: z.boolean(),
    CapAdd: z.nullable(z.array(z.string())),
    CapDrop: z.nullable(z.array(z.string())),
    SecurityOpt: z.nullable(z.array(z.string())),
    PortBindings: z.record(z.string(), z.array(z.object({ HostIp: z.string(), HostPort: z.string() }))),
  }),
  State: z.object({
    Status: z.string(),
    Pid: z.number(),
    ExitCode: z.number(),
    Health: z.optional(z.object({ Status: z.string() })),
  }),
  RestartCount: z.number(),
});
type Container = z.infer<typeof containerSchema>;

export function inspect(ids: readonly string[]): readonly Container[] {
  return z.array(containerSchema).parse(JSON.parse(dockerOk(['inspect', ...ids])));
}
