// `npm run generate`: writes the pages, schemas and examples that are generated from code.
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { examplePath, renderExample } from './configuration-example.ts';
import { configurationPagePath, renderConfigurationPage } from './configuration-page.ts';
import { renderDocuments, schemasPath } from './contract-documents.ts';
import { renderRights, rightsPagePath } from './home-assistant-rights.ts';
import { metricsPagePath, renderMetricsPage, rulesPath } from './metrics-page.ts';
import { mqttPagePath } from './mqtt-page.ts';

const read = (path: string) => readFile(path, 'utf8');

const files = new Map([
  ...renderDocuments(await read(mqttPagePath)),
  [examplePath, await renderExample()],
  [configurationPagePath, await renderConfigurationPage()],
  [metricsPagePath, await renderMetricsPage(await read(rulesPath))],
  [rightsPagePath, renderRights(await read(rightsPagePath))],
]);
await mkdir(schemasPath, { recursive: true });
for (const name of await readdir(schemasPath)) {
  const path = `${schemasPath}/${name}`;
  if (!files.has(path)) await rm(path);
}
for (const [path, content] of files) await writeFile(path, content);
