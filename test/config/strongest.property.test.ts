// Whatever sources set a setting, the strongest source counts, and the setting has its origin.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { load } from './support.ts';

interface Subject {
  readonly path: string;
  readonly variable: string;
  readonly shared?: string;
  readonly flag: string;
  readonly fallback: unknown;
  readonly value: fc.Arbitrary<string | number | boolean>;
}

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/).filter((text) => !/^(true|false|null)$/.test(text));

const subjects: readonly Subject[] = [
  {
    path: 'mqtt.keepAliveSeconds',
    variable: 'RELEASE_BUTTON_MQTT_KEEP_ALIVE_SECONDS',
    flag: '--mqtt-keep-alive-seconds',
    fallback: 15,
    value: fc.integer({ min: 1, max: 3600 }),
  },
  {
    path: 'mqtt.topicPrefix',
    variable: 'RELEASE_BUTTON_MQTT_TOPIC_PREFIX',
    flag: '--mqtt-topic-prefix',
    fallback: 'release-button',
    value: word,
  },
  {
    path: 'log.level',
    variable: 'RELEASE_BUTTON_LOG_LEVEL',
    flag: '--log-level',
    fallback: 'info',
    value: fc.constantFrom('trace', 'debug', 'info', 'warn', 'error'),
  },
  {
    path: 'worker.release.waitHealthy',
    variable: 'RELEASE_BUTTON_WORKER_RELEASE_WAIT_HEALTHY',
    flag: '--worker-release-wait-healthy',
    fallback: false,
    value: fc.boolean(),
  },
  {
    path: 'worker.drift.maxAgeMs',
    variable: 'RELEASE_BUTTON_WORKER_DRIFT_MAX_AGE_MS',
    flag: '--worker-drift-max-age-ms',
    fallback: 60_000,
    value: fc.integer({ min: 1000, max: 100_000 }),
  },
  {
    path: 'argocd.token',
    variable: 'RELEASE_BUTTON_ARGOCD_TOKEN',
    shared: 'ARGOCD_AUTH_TOKEN',
    flag: '--argocd-token',
    fallback: undefined,
    value: word,
  },
];

/** From the weakest to the strongest. */
const layerNames = ['defaults', 'file', 'shared', 'variable', 'flag', 'forced'] as const;
type LayerName = (typeof layerNames)[number];
type Mix = Partial<Record<LayerName, string | number | boolean>>;

const mixes = fc.tuple(
  ...subjects.map(({ value, shared }) =>
    fc
      .record(
        { defaults: value, file: value, shared: value, variable: value, flag: value, forced: value },
        { requiredKeys: [] },
      )
      .map((mix): Mix => {
        const { shared: onlyWhereKnown, ...others } = mix;
        return shared === undefined || onlyWhereKnown === undefined ? others : mix;
      }),
  ),
);

/** Writes the sections, groups and keys in block style, and notes the line of each key. */
function yamlOf(values: ReadonlyMap<string, unknown>) {
  const lines: string[] = [];
  const lineOf = new Map<string, number>();
  let open: string[] = [];
  for (const [path, value] of [...values].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const keys = path.split('.');
    const groups = keys.slice(0, -1);
    groups.forEach((group, depth) => {
      if (open.slice(0, depth + 1).join('.') !== groups.slice(0, depth + 1).join('.')) {
        lines.push(`${'  '.repeat(depth)}${group}:`);
        open = groups.slice(0, depth + 1);
      }
    });
    lines.push(`${'  '.repeat(groups.length)}${keys.at(-1)}: ${JSON.stringify(value)}`);
    lineOf.set(path, lines.length);
  }
  return { text: `${lines.join('\n')}\n`, lineOf };
}

test('the strongest source wins, and its origin is named', async () => {
  await fc.assert(
    fc.asyncProperty(mixes, async (given) => {
      const pairs = subjects.map((subject, index) => ({ subject, mix: given[index] ?? {} }));
      const valuesIn = (layer: LayerName) =>
        new Map(
          pairs.flatMap(({ subject, mix }) =>
            mix[layer] === undefined ? [] : [[subject, mix[layer]] as const],
          ),
        );
      const byPath = (layer: LayerName) =>
        new Map([...valuesIn(layer)].map(([{ path }, value]) => [path, value]));
      const { text, lineOf } = yamlOf(byPath('file'));
      const variables: (readonly [string, string])[] = [
        ...[...valuesIn('shared')].map(([{ shared }, value]) => [shared ?? '', String(value)] as const),
        ...[...valuesIn('variable')].map(([{ variable }, value]) => [variable, String(value)] as const),
      ];
      const result = await load({
        file: text,
        env: Object.fromEntries(variables),
        flags: Object.fromEntries([...byPath('flag')].map(([path, value]) => [path, String(value)])),
        defaults: { origin: 'weak', values: Object.fromEntries(byPath('defaults')) },
        forced: { origin: 'strong', values: Object.fromEntries(byPath('forced')) },
      });
      for (const { subject, mix } of pairs) {
        const strongest = layerNames.findLast((layer) => mix[layer] !== undefined);
        const origins = {
          defaults: 'weak',
          file: `config/release-button.yaml:${lineOf.get(subject.path)}`,
          shared: subject.shared,
          variable: subject.variable,
          flag: subject.flag,
          forced: 'strong',
        };
        const parsed = subject.path
          .split('.')
          .reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), result.config);
        const resolved = result.leaves.find(({ path }) => path === subject.path);
        expect(parsed).toBe(strongest === undefined ? subject.fallback : mix[strongest]);
        expect(resolved?.origin).toBe(strongest === undefined ? 'default' : origins[strongest]);
      }
    }),
    { numRuns: 100 },
  );
});
