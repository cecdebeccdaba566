// The polling client for comparison: it reads the same list with got and JSON.parse, once or repeatedly, and prints how many
// applications are out of sync. Arguments: server, milliseconds between the starts of two polls (0: once).
import { got } from 'got';
import { listFields } from '../release-worker/argocd/field-selection.ts';

const [server = '', everyMs = '0'] = process.argv.slice(2);

const poll = async () => {
  const text = await got(`${server}/api/v1/applications`, {
    searchParams: { fields: listFields },
    headers: { authorization: 'Bearer simulated', accept: 'application/json' },
  }).text();
  const parsed: unknown = JSON.parse(text);
  process.stdout.write(`bytes ${text.length} out of sync ${outOfSync(parsed)};\n`);
};

function outOfSync(list: unknown): number {
  const items = member(list, 'items');
  if (!Array.isArray(items)) throw new Error('the answer is not a list');
  return items.filter((item) => member(member(member(item, 'status'), 'sync'), 'status') === 'OutOfSync')
    .length;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

await poll();
if (Number(everyMs) > 0) setInterval(() => void poll(), Number(everyMs));
