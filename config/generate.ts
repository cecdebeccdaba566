// Writes what is made from the declarations: the example file and the page of all keys; run by `npm run generate`.
import { writeFile } from 'node:fs/promises';
import { renderExample } from './example.ts';
import { renderPage } from './page.ts';

await writeFile('config/release-button.example.yaml', await renderExample());
await writeFile('docs/configuration.md', await renderPage());
