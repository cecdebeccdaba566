// Versions of Argo CD, as `/api/version` tells them: `v3.4.7+7d0a2c5`, `v3.6.0-rc1+…`.

type Version = readonly [major: number, minor: number, patch: number];

/**
 * Whether the server is that new; a pre-release is older than its release. Undefined where the text is no version, as
 * that of a server that somebody has built themselves may be.
 */
export function isAtLeast(text: string, wanted: Version): boolean | undefined {
  const [, major, minor, patch, preRelease] = /^v?(\d+)\.(\d+)\.(\d+)(-[^+]+)?(?:\+|$)/.exec(text) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return undefined;
  const found = [Number(major), Number(minor), Number(patch)] as const;
  for (const [index, wantedPart] of wanted.entries()) {
    const part = found[index] ?? 0;
    if (part !== wantedPart) return part > wantedPart;
  }
  return preRelease === undefined;
}
