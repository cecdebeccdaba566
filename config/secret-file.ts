// Reads secrets from files, as Docker, Kubernetes and systemd provide them.
import { resolve } from 'node:path';
import { readText, remedyFor, type FileText } from './read-text.ts';
import type { Given } from './given.ts';
import type { Problem } from './problems/problem.ts';

const maximumSecretBytes = 64 * 1024;

/** Reads a secret from the file that a source names. */
export async function readSecretFile(
  path: string,
  { value: file, origin }: Given,
  cwd: string,
): Promise<{ readonly given: Given } | { readonly problems: readonly Problem[] }> {
  const shown = typeof file === 'string' && looksLikePath(file) ? file : undefined;
  const problem = (message: string, remedy: string, value: Pick<Problem, 'value'>) => ({
    problems: [{ key: `${path}File`, origin, ...value, message, remedy }],
  });
  if (typeof file !== 'string' || file === '')
    return problem('must be the path of a file', 'write for example `/run/secrets/release-button`', {});
  const value = { value: shown ?? '(not shown: it may be the secret itself)' };
  const read = await readSecret(resolve(cwd, file));
  if (read.text === undefined) {
    const relative = shown !== undefined && !shown.startsWith('/') ? ` (relative to ${cwd})` : '';
    return problem(
      `the file with the secret ${read.message}${relative}`,
      remedyFor(read.code, 'name the file that contains the secret and nothing else'),
      value,
    );
  }
  if (read.text === '')
    return problem('the file with the secret is empty', 'write the secret into it, in one line', value);
  return { given: { value: read.text, origin: `${shown ?? 'a file'}, named by ${origin}` } };
}

/** The file's text without the line breaks at its end. */
export async function readSecret(file: string): Promise<FileText> {
  const read = await readText(file, maximumSecretBytes);
  return read.text === undefined ? read : { text: read.text.replace(/[\r\n]+$/, '') };
}

/** If somebody writes the secret itself in place of the path, it must not appear in a log. */
function looksLikePath(text: string): boolean {
  return text.length <= 200 && (/^(\/|\.\.?\/)/.test(text) || /^[a-z0-9._-]+(\/[a-z0-9._-]+)+$/.test(text));
}
