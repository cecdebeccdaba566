// Programs that some tests need and that are not npm packages. If one is missing, its tests are skipped, except in a CI
// on Linux, which must run all tests.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const hasMosquitto: boolean = ['mosquitto_pub', 'mosquitto_sub'].every((program) =>
  has(program, ['--help']),
);

/** The broker itself, which is a separate package. */
export const hasMosquittoBroker: boolean = ['mosquitto', 'mosquitto_passwd'].every((program) =>
  has(program, ['-h']),
);

/** Makes certificates for tests of TLS. */
export const hasOpenssl: boolean = has('openssl', ['version']);

/** Sends requests to HTTP servers, as the pages do. */
export const hasCurl: boolean = has('curl', ['--version']);

/** Makes a repository and a clone of it. */
export const hasGit: boolean = has('git', ['--version']);

/** Makes a terminal, for programs that read keys. Part of util-linux's `bsdutils`, which every Debian has. */
export const hasScript: boolean = has('script', ['--version']);

/** Opens what Node.js cannot: a terminal, or a datagram socket at a path. */
export const hasPython: boolean = has('python3', ['--version']);

/** Debian package systemd; neither program needs a running systemd. */
export const hasSystemdNotify: boolean = has('systemd-notify', ['--version']) && hasPython;
export const hasSystemdAnalyze: boolean = has('systemd-analyze', ['--version']);

/** Checks metrics, rules and configurations in the same way as Prometheus. */
export const hasPromtool: boolean = has('promtool', ['--version']);

/** The Prometheus server, from the same package. */
export const hasPrometheus: boolean = has('prometheus', ['--version']);

/** The library that changes the wall clock of one process (Debian package faketime). Undefined if it is not installed. */
export const faketimeLibrary: string | undefined = has('faketime', ['--version'])
  ? readdirSync('/usr/lib')
      .map((entry) => `/usr/lib/${entry}/faketime/libfaketimeMT.so.1`)
      .find((path) => existsSync(path))
  : undefined;

/**
 * Whether this user may mount a file system in memory that is small enough to fill. Root may, except in most containers.
 */
export const canMount: boolean = mounts();

/** Whether npm can download a package that is not in its cache. A function, because the answer takes a second. */
export function hasRegistry(packageName: string): boolean {
  const { status, stderr } = spawnSync(
    'npm',
    ['view', packageName, 'version', '--prefer-online', '--fetch-retries=0', '--fetch-timeout=10000'],
    { encoding: 'utf8' },
  );
  return status === 0 || skipping('no package registry answers', stderr);
}

function mounts(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'release-button-mount-'));
  try {
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory]);
    if (status === 0) spawnSync('umount', [directory]);
    return status === 0;
  } finally {
    rmdirSync(directory);
  }
}

function has(program: string, probe: string[]): boolean {
  const { error } = spawnSync(program, probe, { stdio: 'ignore' });
  return error === undefined || skipping(`${program} is not installed`, error);
}

/** @throws Error if a program is missing where CI must run all tests */
function skipping(reason: string, cause: unknown): false {
  if (process.env['CI'] === undefined || process.platform !== 'linux') return false;
  throw new Error(`${reason}, and with CI set no test is skipped`, { cause });
}
