// Finds the series and labels in a PromQL expression. It knows the syntax that we use; promtool checks all of it.
import { documentedMetrics } from '../../tools/documented-metrics.ts';

interface ExpressionParts {
  /** names of series, each with the labels that its matchers compare */
  readonly series: readonly { readonly name: string; readonly labels: readonly string[] }[];
  /** labels that the expression groups by */
  readonly grouping: readonly string[];
  /** the labels that remain; undefined: all labels of the series, except the removed ones */
  readonly keptLabels: readonly string[] | undefined;
  readonly removed: readonly string[];
}

const keywords = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan']);

function partsOf(expression: string): ExpressionParts {
  const plain = expression.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/\[[^\]]*\]/g, '');
  const groups = [...plain.matchAll(/\b(by|without|on|ignoring)\s*\(([^)]*)\)/g)].map(
    ([, kind = '', list = '']) => ({ kind, labels: list.split(',').map((label) => label.trim()) }),
  );
  const rest = plain.replace(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, ' ');
  const series = [...rest.matchAll(/([a-zA-Z_:][\w:]*)(\s*\(|\{[^}]*\})?/g)].flatMap(
    ([, name = '', after = '']) => {
      if (after.trimStart().startsWith('(') || keywords.has(name)) return [];
      return [
        { name, labels: [...after.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label) },
      ];
    },
  );
  const by = groups.filter(({ kind }) => kind === 'by');
  return {
    series,
    grouping: groups.flatMap(({ labels }) => labels),
    keptLabels: by.length === 0 ? undefined : by.flatMap(({ labels }) => labels),
    removed: groups.filter(({ kind }) => kind === 'without').flatMap(({ labels }) => labels),
  };
}

/** Labels that a target gets in deploy/monitoring/prometheus.yaml, and that the process itself does not have. */
const targetLabels = ['job', 'instance', 'process'];

/** Every possible name of a series, with its labels. */
export async function knownSeries(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const known = new Map<string, ReadonlySet<string>>([['up', new Set(targetLabels)]]);
  for (const { name, type, labels } of (await documentedMetrics()).flatMap(({ metrics }) => metrics)) {
    const labelNames = [...targetLabels, ...labels.map((label) => label.name)];
    if (type !== 'histogram') known.set(name, new Set(labelNames));
    else {
      known.set(`${name}_bucket`, new Set([...labelNames, 'le']));
      for (const suffix of ['sum', 'count']) known.set(`${name}_${suffix}`, new Set(labelNames));
    }
  }
  return known;
}

/** The mistakes in an expression, and in the labels that a text beside it shows. */
export function faultsOf(
  expression: string,
  textLabels: readonly string[],
  known: ReadonlyMap<string, ReadonlySet<string>>,
): readonly string[] {
  const { series, grouping, keptLabels, removed } = partsOf(expression);
  const availableLabels = new Set(series.flatMap(({ name }) => [...(known.get(name) ?? [])]));
  const reaches = (label: string) =>
    availableLabels.has(label) &&
    !removed.includes(label) &&
    (keptLabels === undefined || keptLabels.includes(label));
  return [
    ...(series.length === 0 ? ['asks for no series'] : []),
    ...series.filter(({ name }) => !known.has(name)).map(({ name }) => `there is no series ${name}`),
    ...series.flatMap(({ name, labels }) =>
      labels
        .filter((label) => known.get(name)?.has(label) === false)
        .map((label) => `${name} has no label ${label}`),
    ),
    ...grouping
      .filter((label) => !availableLabels.has(label))
      .map((label) => `groups by ${label}, which nothing has`),
    ...textLabels
      .filter((label) => !reaches(label))
      .map((label) => `shows ${label}, which is not there any more`),
  ].map((fault) => `${expression}: ${fault}`);
}
