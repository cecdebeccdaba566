// docs/configuration.md is current and complete.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { processNames, processSections } from '../../cli/processes.ts';
import { renderConfigurationPage } from '../../tools/configuration-page.ts';
import { leavesIn, loadSections, sectionNames } from '../../config/sections.ts';

const path = new URL('../../docs/configuration.md', import.meta.url);

test('the page matches the declarations (otherwise: npm run generate)', async () => {
  expect(await readFile(path, 'utf8')).toBe(await renderConfigurationPage());
});

test('the page has a row for every key, and for every key in the entries of a list', async () => {
  const page = await renderConfigurationPage();
  for (const { path: key, variable, setting } of leavesIn(await loadSections(sectionNames))) {
    expect(page).toMatch(new RegExp(`^\\| \`${key}\`.*\`${variable}\``, 'm'));
    for (const name of Object.keys(setting.items ?? {})) expect(page).toContain(`| \`${name}\` |`);
  }
});

test('the page lists the sections that each process reads', async () => {
  const page = await renderConfigurationPage();
  for (const name of processNames) {
    if (name === 'start') continue;
    const sections = processSections[name].map((section) => `\`${section}\``).join(', ');
    expect(page).toContain(`| \`${name}\` | ${sections} |`);
  }
  expect(page).toContain('| `start`, `doctor` | all |');
  expect([...processSections.start].toSorted()).toEqual([...sectionNames].toSorted());
});
