// Secrets in files, as Docker, Kubernetes and systemd hand them over.
import { resolve } from 'node:path';
import { readText, type FileText } from './files.ts';
import type { Given } from './layers.ts';
import { mask, type Problem } from './problems.ts';

const maximumSecretBytes = 64 * 1024;

type Resolved = { readonly given: Given } | { readonly problem: Problem };

/** Reads the secret where a file is named. */
export async function resolveSecret(path: string, given: Given, cwd: string): Promise<Resolved> {
  const key = given.inFile ? `${path}File` : path;
  const { origin, clash, value: file } = given;
  if (clash !== undefined) {
    return {
      problem: {
        key: path,
        origin: `${origin} and ${clash}`,
        value: mask,
        message: 'is set twice: directly and by a file',
        remedy: `remove one of them, best the direct one (${origin})`,
      },
    };
  }
  if (!given.inFile) return { given };
  if (typeof file !== 'string' || file === '') {
    return {
      problem: {
        key,
        origin,
        message: 'must be the path of a file',
        remedy: 'write for example `/run/secrets/release-button`',
      },
    };
  }
  const shown = looksLikePath(file) ? file : undefined;
  const problem = (message: string, remedy: string): Resolved => ({
    problem: {
      key,
      origin,
      value: shown ?? '(not shown: it may be the secret itself)',
      message,
      remedy,
    },
  });
  const read = await readSecret(resolve(cwd, file));
  if (read.text === undefined) {
    const relative = shown !== undefined && !shown.startsWith('/') ? ` (relative to ${cwd})` : '';
    return problem(
      `the file with the secret ${read.message}${relative}`,
      read.code === 'EACCES' || read.code === 'EPERM'
        ? 'let the user that runs release-button read it'
        : 'name the file that contains the secret and nothing else',
    );
  }
  if (read.text === '')
    return problem('the file with the secret is empty', 'write the secret into it, in one line');
  return { given: { value: read.text, origin: `${shown ?? 'a file'}, named by ${origin}` } };
}

/** The file's text without the line breaks at its end. */
export async function readSecret(file: string): Promise<FileText> {
  const read = await readText(file, maximumSecretBytes);
  return read.text === undefined ? read : { text: read.text.replace(/[\r\n]+$/, '') };
}

/** Whoever puts the secret itself where the path belongs should not find it in a log. */
function looksLikePath(text: string): boolean {
  return text.length <= 200 && (/^(\/|\.\.?\/)/.test(text) || /^[a-z0-9._-]+(\/[a-z0-9._-]+)+$/.test(text));
}
