// Versions of Argo CD, as `/api/version` tells them: `v3.4.7+7d0a2c5`, `v3.6.0-rc1+…`.

type Version = readonly [major: number, minor: number, patch: number];

/** The oldest version that the tests are held against (`test/argocd-recordings/versions/`). */
const oldest: Version = [2, 14, 0];

/** What is found of a server that is too old, and what to do about it; undefined of one that is not, as far as it can be told. */
export function tooOld(
  version: string,
  server: string,
): { readonly found: string; readonly remedy: string } | undefined {
  if (isAtLeast(version, oldest) !== false) return undefined;
  return {
    found: `Argo CD ${version} at ${server} is older than 2.14, the oldest version that this is tested with: what it leaves out or words otherwise may be misread`,
    remedy: 'upgrade Argo CD to 2.14 or newer',
  };
}

/**
 * Whether the server is that new; a pre-release is older than its release. Undefined where the text is no version, as
 * that of a server that somebody has built themselves may be.
 */
function isAtLeast(text: string, wanted: Version): boolean | undefined {
  const [, major, minor, patch, preRelease] = /^v?(\d+)\.(\d+)\.(\d+)(-[^+]+)?(?:\+|$)/.exec(text) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return undefined;
  const found = [Number(major), Number(minor), Number(patch)] as const;
  for (const [index, wantedPart] of wanted.entries()) {
    const part = found[index] ?? 0;
    if (part !== wantedPart) return part > wantedPart;
  }
  return preRelease === undefined;
}
