// Versions of Argo CD as `/api/version` returns them: `v3.4.7+7d0a2c5`, `v3.6.0-rc1+…`.

type Version = readonly [major: number, minor: number, patch: number];

/** The oldest version that the tests cover (`test/argocd-recordings/versions/`). */
const oldest: Version = [2, 14, 0];

/** @returns undefined when the version is new enough, or cannot be read */
export function tooOld(
  version: string,
  server: string,
): { readonly found: string; readonly remedy: string } | undefined {
  if (isAtLeast(version, oldest) !== false) return undefined;
  return {
    found: `Argo CD ${version} at ${server} is older than 2.14, the oldest tested version: the worker may misread its answers`,
    remedy: 'upgrade Argo CD to 2.14 or newer',
  };
}

/**
 * A pre-release is older than its release.
 * @returns undefined when the text is no version, as for a server that somebody built themselves
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
