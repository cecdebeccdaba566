// Reads the certificate files that a configuration names, so that a wrong one is reported before anything connects.
import { resolve } from 'node:path';
import { certificateFault, isCertificate, maximumPemBytes } from './certificates.ts';
import { readText, remedyFor } from './read-text.ts';
import { originOf, type GivenByPath } from './given.ts';
import type { Problem } from './problems/problem.ts';
import type { Leaf } from './sections.ts';

export async function certificateProblems(
  leaves: readonly Leaf[],
  given: GivenByPath,
  cwd: string,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const { path, setting } of leaves) {
    const own = given.get(path);
    const file = own?.value;
    if (setting.certificates !== true || typeof file !== 'string' || file === '') continue;
    const fault = await faultOf(resolve(cwd, file));
    if (fault === undefined) continue;
    problems.push({
      key: path,
      origin: originOf(own, []),
      value: JSON.stringify(file),
      message: `the file ${fault.message}${file.startsWith('/') ? '' : ` (relative to ${cwd})`}`,
      remedy: fault.remedy,
    });
  }
  return problems;
}

async function faultOf(file: string) {
  const read = await readText(file, maximumPemBytes);
  if (read.text !== undefined) return certificateFault(read.text);
  const { code, message, bytes } = read;
  if (bytes !== undefined && isCertificate(bytes))
    return {
      message: 'is a certificate in DER, but must be in PEM',
      remedy: `convert it: \`openssl x509 -inform der -in ${file} -out ca.pem\``,
    };
  return {
    message,
    remedy: remedyFor(code, 'name a file with certificates (PEM)'),
  };
}
