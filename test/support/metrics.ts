// Reads the metrics of a scrape: from the name and labels of each series to its value.
import type { Registry } from 'prom-client';

export type Series = ReadonlyMap<string, number>;

/** The keys are as in `name{label="value"}`, with the labels sorted by name. */
export function seriesOf(text: string): Series {
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const [, name = '', labels = '', value = ''] =
          /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
        const sorted = [...labels.matchAll(/\w+="(?:[^"\\]|\\.)*"/g)].map(([label]) => label).sort();
        return [sorted.length === 0 ? name : `${name}{${sorted.join(',')}}`, Number(value)];
      }),
  );
}

export async function scrape(from: Registry | string): Promise<Series> {
  return seriesOf(
    typeof from === 'string' ? await (await fetch(`${from}/metrics`)).text() : await from.metrics(),
  );
}
