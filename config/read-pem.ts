// Reads a file of certificates that the configuration names, when a process starts.
import { readFileSync } from 'node:fs';
import { certificateFault } from './certificates.ts';

/** The configuration names a file that cannot be used. */
export class FileError extends Error {
  override readonly name = 'FileError';
}

/** @throws FileError if the file cannot be read, or contains no certificate */
export function readPem(path: string, key: string): string {
  const pem = readText(path, key);
  const fault = certificateFault(pem);
  if (fault !== undefined) throw new FileError(`${key}: the file ${path} ${fault.message}: ${fault.remedy}`);
  return pem;
}

function readText(path: string, key: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new FileError(`${key}: the file ${path} cannot be read (${code}). Name a readable PEM file`);
  }
}
