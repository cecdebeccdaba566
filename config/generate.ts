// Writes config/release-button.example.yaml anew; run by `npm run generate` after a declaration has changed.
import { writeFile } from 'node:fs/promises';
import { renderExample } from './example.ts';

await writeFile('config/release-button.example.yaml', await renderExample());
