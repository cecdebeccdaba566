// The unit tests that cannot work on macOS or Windows, with the reason. There they are skipped, and listed at the end.

interface Unfit {
  readonly file: string;
  /** A reason for macOS holds on Windows too. */
  readonly system: 'macos' | 'windows';
  readonly reason: string;
}

const unfit: readonly Unfit[] = [
  { file: 'test/ci/run.test.ts', system: 'macos', reason: '.ci/run is for Debian: bash 5 and apt-get' },
  { file: 'test/deploy/systemd.test.ts', system: 'macos', reason: 'systemd runs on Linux only' },
  {
    file: 'test/doctor/state-directory.test.ts',
    system: 'macos',
    reason: 'it asks for a directory in /proc',
  },
  { file: 'test/gpio-agent/kernel.test.ts', system: 'macos', reason: "it calls Linux' C library" },
  { file: 'test/gpio-agent/lights-off.test.ts', system: 'macos', reason: 'it opens GPIO lines of Linux' },
  { file: 'test/gpio-agent/rpio-load.test.ts', system: 'macos', reason: 'rpio compiles on Linux only' },
  {
    file: 'test/gpio-agent/rpio-native.test.ts',
    system: 'macos',
    reason: 'it needs a Linux mount namespace',
  },
  {
    file: 'test/gpio-agent/rpio-native-driver.test.ts',
    system: 'macos',
    reason: 'it needs a Linux mount namespace',
  },
  { file: 'test/gpio-agent/uapi.test.ts', system: 'macos', reason: 'it compiles against linux/gpio.h' },
  {
    file: 'test/home-assistant/announced-file.test.ts',
    system: 'macos',
    reason: 'it asks for a directory in /proc',
  },
  { file: 'test/release-worker/presses/intake.test.ts', system: 'macos', reason: 'it fills /dev/full' },
  { file: 'test/release-worker/releases/journal.test.ts', system: 'macos', reason: 'it fills /dev/full' },
  { file: 'test/release-worker/requests.test.ts', system: 'macos', reason: 'it fills /dev/full' },
  { file: 'test/release-worker/state-directory.test.ts', system: 'macos', reason: 'it mounts a tmpfs' },
  { file: 'test/service/notify.test.ts', system: 'macos', reason: 'systemd runs on Linux only' },
  {
    file: 'test/service/state-lock.test.ts',
    system: 'macos',
    reason: 'its long socket paths go through /proc',
  },
  { file: 'test/broker/paused.test.ts', system: 'windows', reason: 'Windows has no SIGSTOP' },
  { file: 'test/config/files.test.ts', system: 'windows', reason: 'it takes permissions away by chmod' },
  { file: 'test/config/secrets.test.ts', system: 'windows', reason: 'it takes permissions away by chmod' },
  { file: 'test/gpio-agent/rpio.test.ts', system: 'windows', reason: 'it takes permissions away by chmod' },
  {
    file: 'test/release-worker/argocd/secret-files.test.ts',
    system: 'windows',
    reason: 'it makes symbolic links, as Kubernetes does',
  },
  {
    file: 'test/release-worker/freeze/freeze.test.ts',
    system: 'windows',
    reason: 'it takes permissions away by chmod',
  },
  { file: 'test/service/life-cycle-process.test.ts', system: 'windows', reason: 'Windows sends no SIGTERM' },
  { file: 'test/tools/build.test.ts', system: 'windows', reason: 'it takes permissions away by chmod' },
  {
    file: 'test/tools/release.test.ts',
    system: 'windows',
    reason: 'its stand-ins for npm and gh are shell scripts',
  },
];

/** @param platform as in `process.platform` */
export function unfitFor(platform: string): readonly Unfit[] {
  if (platform === 'linux') return [];
  return platform === 'win32' ? unfit : unfit.filter(({ system }) => system === 'macos');
}
