// Writes what is generated into docs/home-assistant.md; run by `npm run generate`.
import { readFile, writeFile } from 'node:fs/promises';
import { pagePath, renderRights } from './rights.ts';

await writeFile(pagePath, renderRights(await readFile(pagePath, 'utf8')));
