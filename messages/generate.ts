// Writes what is generated from the rows into docs/; run by `npm run generate` after a row has changed.
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { pagePath, renderDocuments, schemasPath } from './documents.ts';

const files = renderDocuments(await readFile(pagePath, 'utf8'));
await mkdir(schemasPath, { recursive: true });
for (const name of await readdir(schemasPath)) {
  const path = `${schemasPath}/${name}`;
  if (!files.has(path)) await rm(path);
}
for (const [path, content] of files) await writeFile(path, content);
