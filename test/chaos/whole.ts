// Checks the retained messages: each topic belongs to the contract and to a retained kind, each payload can be parsed,
// and no message is missing or left over.
import { channels } from '../../messages/all.ts';
import { main, witness } from './installation.ts';
import { environments, type Environment } from './schedule.ts';
import { applications } from './world.ts';

interface Row {
  readonly template: string;
  readonly isState: boolean;
  readonly matches: (topic: string) => boolean;
  readonly problem: (payload: string) => string | undefined;
}

const rows: readonly Row[] = Object.values(channels).map((row) => ({
  template: row.template,
  isState: row.delivery.kind === 'state',
  matches: (topic) => row.filter().match(topic) !== undefined,
  problem: (payload) => {
    const decoded = row.codec.decode(Buffer.from(payload));
    return decoded.ok ? undefined : decoded.error;
  },
}));

const ofAgent = ['agent/main/availability', 'agent/main/info'];
const ofEnvironment = (id: Environment) => [
  `button/${id}/signal`,
  `button/${id}/state`,
  `led/${id}/state`,
  `worker/${id}/drift`,
  `worker/${id}/freeze/state`,
  `worker/${id}/release/current`,
  `worker/${id}/availability`,
  `worker/${id}/info`,
  ...applications.map((key) => `worker/${id}/app/${key}`),
];

/** @param released the environments in which a release has finished, so that its last release is retained too */
export function problemsOf(
  retained: ReadonlyMap<string, string>,
  released: readonly Environment[],
): readonly string[] {
  const expected = new Set([
    ...[...ofAgent, ...environments.flatMap(ofEnvironment)].map((topic) => `${main}/${topic}`),
    ...released.map((id) => `${main}/worker/${id}/release/last`),
    ...[...ofAgent, ...ofEnvironment('main')].map((topic) => `${witness}/${topic}`),
  ]);
  const problems: string[] = [];
  for (const topic of expected) if (!retained.has(topic)) problems.push(`${topic} is missing`);
  for (const [topic, payload] of retained) {
    if (!expected.has(topic)) problems.push(`${topic} is left over: ${payload}`);
    const below = topic.slice(topic.indexOf('/') + 1);
    const fitting = rows.filter((row) => row.matches(below));
    const [row] = fitting;
    if (row === undefined || fitting.length > 1)
      problems.push(`${topic} fits ${fitting.length} rows of the contract`);
    else if (!row.isState) problems.push(`${topic} is retained, but ${row.template} is an event`);
    else {
      const problem = row.problem(payload);
      if (problem !== undefined) problems.push(`${topic}: ${problem}`);
    }
    if (topic.endsWith('/availability') && payload !== 'online') problems.push(`${topic} says ${payload}`);
  }
  return problems;
}
