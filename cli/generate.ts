// Writes docs/metrics.md anew; run by `npm run generate` after a metric or an alert has changed.
import { readFile, writeFile } from 'node:fs/promises';
import { metricsPagePath, renderMetricsPage, rulesPath } from './metrics-page.ts';

await writeFile(metricsPagePath, await renderMetricsPage(await readFile(rulesPath, 'utf8')));
