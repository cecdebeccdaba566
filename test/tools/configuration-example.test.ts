// The example file is current and correct.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { renderExample } from '../../tools/configuration-example.ts';
import { leavesIn, loadSections, sectionNames } from '../../config/sections.ts';
import { parseYaml } from '../../config/yaml/parse.ts';
import { authority, load } from '../config/support.ts';

const path = new URL('../../config/release-button.example.yaml', import.meta.url);
const uncommented = (text: string) => text.replace(/^##.*$/gm, '').replace(/^#/gm, '');

test('matches the declarations (otherwise: npm run generate)', async () => {
  expect(await readFile(path, 'utf8')).toBe(await renderExample());
});

test('sets nothing while it is unchanged', () => {
  return expect(renderExample().then(parseYaml)).resolves.toMatchObject({ value: null });
});

test('is a valid configuration with every key if its comment signs are removed', async () => {
  const ca = authority();
  // A secret excludes its file, and Argo CD's token excludes its name and password.
  const file = uncommented(await renderExample()).replace(/^ *(password|token|headers)File: .*$/gm, '');
  const [before = '', argocd = ''] = file.split(/^(?=argocd:)/m);
  const set = new Set<string>();
  const keys = new Set<string>();
  for (const uncommentedKeys of [/^ *token: .*$/m, /^ *(username|password): .*$/gm]) {
    const given = {
      files: { 'argocd-ca.pem': ca, 'broker-ca.pem': ca },
      file: before + argocd.replace(uncommentedKeys, ''),
      env: { RELEASE_BUTTON_WORKER_BUTTONS: '' },
    };
    for (const { path: key, origin } of (await load(given)).leaves) {
      keys.add(key);
      if (origin.startsWith('config/release-button.yaml:')) set.add(key);
    }
  }
  expect([...set].toSorted()).toEqual([...keys].toSorted());
});

test('shows the default of every key that has one', async () => {
  const parsed = parseYaml(uncommented(await renderExample()));
  if ('faults' in parsed) throw new Error('expected a value');
  const { config } = await load();
  const at = (value: unknown, keys: readonly string[]) =>
    keys.reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), value);
  for (const { path: key, setting, type } of leavesIn(await loadSections(sectionNames))) {
    if (setting.optional || type === 'list') continue;
    expect(at(parsed.value, key.split('.')), key).toEqual(at(config, key.split('.')));
  }
  expect(at(parsed.value, ['agent', 'buttons', '0'])).toEqual({
    ...config.agent.buttons[0],
    title: 'Release',
    chip: 'usb-expander',
    releaseDebounceMs: 100,
  });
  expect(at(parsed.value, ['agent', 'leds', '0'])).toEqual({ ...config.agent.leds[0], chip: 'usb-expander' });
  expect(at(parsed.value, ['worker', 'buttons', '0'])).toEqual({
    ...config.worker.buttons[0],
    select: { projects: ['shop'] },
    title: 'Release the shop',
    retry: { limit: 3, backoffMs: 5000, factor: 2, maxBackoffMs: 180_000 },
  });
});

test('explains every key, and has the range of every number', async () => {
  const text = (await renderExample()).replace(/\n##\s+/g, ' ');
  for (const { doc, allowed, type } of leavesIn(await loadSections(sectionNames))) {
    expect(doc.length).toBeGreaterThan(10);
    expect(text).toContain(doc);
    if (type === 'number') expect(text).toContain(`Takes ${allowed}.`);
  }
});
