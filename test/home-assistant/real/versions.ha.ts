// How revisions are shown. Home Assistant itself compares the versions, for thousands of pairs that need no broker.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import * as z from 'zod/mini';
import { applicationComponents } from '../../../home-assistant/worker-application.ts';
import { makerFor } from '../../../home-assistant/device.ts';
import { openHomeAssistant, type HomeAssistant } from './client.ts';
import { access, reason } from './installation.ts';

const shownSchema = z.array(
  z.object({ installed_version: z.string(), latest_version: z.string(), update: z.boolean() }),
);

const make = makerFor('release-button', 'worker', 'main');
const [[, component] = []] = applicationComponents({
  make,
  buttons: [{ id: 'main', on: { press: 'release' } }],
  answeredByOthers: new Set(),
  applications: [
    { worker: 'main', namespace: 'argocd', name: 'shop', project: 'default', labels: {}, buttons: ['main'] },
  ],
  vouched: [],
  install: true,
});
const stateTemplate = String(component?.['value_template']);

/** `update` is computed as in the update entity of Home Assistant. */
const judge = `
{%- set ns = namespace(all=[]) -%}
{%- for value_json in cases -%}
{%- set text -%}${stateTemplate}{%- endset -%}
{%- set it = text | from_json -%}
{%- set installed, latest = version(it.installed_version), version(it.latest_version) -%}
{%- set older = installed.valid and latest.valid and not latest > installed -%}
{%- set ns.all = ns.all + [{'installed_version': it.installed_version, 'latest_version': it.latest_version,
  'update': it.installed_version != it.latest_version and not older}] -%}
{%- endfor -%}
{{ ns.all | to_json }}`;

describe.skipIf(access === undefined)(`revisions in a real Home Assistant ${reason}`, () => {
  let home: HomeAssistant;
  beforeAll(async () => {
    if (access !== undefined) home = await openHomeAssistant(access);
  });
  afterAll(() => home.close());

  const shownBy = async (pairs: readonly (readonly [string | undefined, string])[]) => {
    const cases = pairs.map(([deployed, target]) => ({
      name: 'shop',
      sync: 'OutOfSync',
      ...(deployed === undefined ? {} : { deployed: { revision: deployed } }),
      target: { revision: target },
      notes: [],
      link: 'http://127.0.0.1/shop',
    }));
    return shownSchema.parse(await home.post('/api/template', { template: judge, variables: { cases } }));
  };

  it('show the second of any two commits as an update, and neither as out of sync', async () => {
    const hash = fc.string({
      unit: fc.constantFrom(...'01234567890123456789abcdef'.split('')),
      minLength: 40,
      maxLength: 40,
    });
    const pairs = fc.sample(
      fc.tuple(hash, hash).filter(([first, second]) => first.slice(0, 7) !== second.slice(0, 7)),
      1000,
    );
    const results = await shownBy(pairs);
    expect(results).toEqual(
      pairs.map(([deployed, target]) => ({
        installed_version: `commit ${deployed.slice(0, 7)}`,
        latest_version: `commit ${target.slice(0, 7)}`,
        update: true,
      })),
    );
  });

  it('show the second of any two chart versions as an update, and an older one as out of sync', async () => {
    const number = fc.integer({ min: 0, max: 30 });
    const suffix = fc.constantFrom(
      '',
      '',
      '',
      '-rc.1',
      '-rc.2',
      '-beta1',
      '-dev',
      '-42b22a4',
      '+build.7',
      '-0.3.7',
    );
    const version = fc
      .tuple(fc.constantFrom('', 'v'), number, number, number, suffix)
      .map(([before, major, minor, patch, after]) => `${before}${major}.${minor}.${patch}${after}`);
    const pairs = fc.sample(fc.tuple(version, version), 1000);
    for (const [index, { installed_version: installed, latest_version: latest, update }] of (
      await shownBy(pairs)
    ).entries()) {
      const [deployed, target] = pairs[index] ?? [];
      expect({ update, latest }, `${String(deployed)} to ${String(target)}`).toEqual({
        update: true,
        latest: target,
      });
      expect([deployed, `${String(deployed)} (out of sync)`]).toContain(installed);
    }
    expect(
      await shownBy([
        ['1.2.3', '1.10.0'],
        ['1.2.3-rc.1', '1.2.3-rc.2'],
        ['1.10.0', '1.2.3'],
      ]),
    ).toEqual([
      { installed_version: '1.2.3', latest_version: '1.10.0', update: true },
      { installed_version: '1.2.3-rc.1', latest_version: '1.2.3-rc.2', update: true },
      { installed_version: '1.10.0 (out of sync)', latest_version: '1.2.3', update: true },
    ]);
  });

  it('show anything else in words that are never compared as versions', async () => {
    const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
    const commit = '1234567890'.repeat(4);
    expect(
      await shownBy([
        [undefined, commit],
        [digest, `${commit},1.2.3`],
        ['20240102', 'main'],
        [commit, commit],
      ]),
    ).toEqual([
      { installed_version: 'not deployed', latest_version: 'commit 1234567', update: true },
      { installed_version: 'revision sha256:0123456', latest_version: 'commit 1234567, 1.2.3', update: true },
      { installed_version: 'revision 20240102', latest_version: 'revision main', update: true },
      { installed_version: 'commit 1234567 (out of sync)', latest_version: 'commit 1234567', update: true },
    ]);
  });
});
