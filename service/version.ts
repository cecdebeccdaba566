// Reads the version of this release-button.
import { readFileSync } from 'node:fs';

/** From package.json, which is one folder above the sources, or two above the compiled code. */
export function ownVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const found = /"version":\s*"([^"]+)"/.exec(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (found?.[1] !== undefined) return found[1];
    } catch {
      // The file is in the other place.
    }
  }
  return '0.0.0';
}
