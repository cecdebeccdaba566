// The contract with Argo CD: every recording is played to the client, and what comes of it is what the table says.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { follow } from '../follow.ts';
import { answering, bodyText, clientOf, serve } from '../playback.ts';
import { measurements, recording, recordings } from '../recordings.ts';
import { expected, measured, namedTwice } from './expected.ts';
import { inStates, outcomeOf } from './outcome.ts';
import { outcomeOfStream } from './stream-outcome.ts';

describe('the table', () => {
  it('has a row for each recording, and no row without one', () => {
    const names = [...recordings.keys(), ...measurements];
    const rows = [...expected.keys(), ...Object.keys(measured)];
    expect(names.filter((name) => !rows.includes(name))).toEqual([]);
    expect(rows.filter((name) => !names.includes(name))).toEqual([]);
    expect(namedTwice()).toEqual([]);
    expect(measurements.filter((name) => measured[name] === undefined)).toEqual([]);
  });
});

describe('a recording', () => {
  it.each([...expected])('%s', async (name, row) => {
    const one = recording(name);
    const outcome = await (one.kind === 'stream' ? outcomeOfStream(one) : outcomeOf(one));
    if (row.refused === undefined) {
      expect(outcome).toEqual(row.leaves);
      return;
    }
    const [kind, status, words] = row.refused;
    expect(outcome).toMatchObject({ kind, status });
    expect('message' in outcome ? outcome.message : '').toMatch(words);
  });
});

describe('a stream that is no event stream', () => {
  const lines = [...recordings.values()].filter(
    ({ kind, response }) =>
      kind === 'stream' &&
      response.status === 200 &&
      response.headers['content-type'] === 'application/json' &&
      response.headers['content-encoding'] === undefined,
  );

  it.each(lines.map(({ name }) => name))('%s is not taken for one', async (name) => {
    const { url } = await serve(answering(recording(name)));
    const { events, end } = follow(clientOf(url, { requestTimeoutMs: 1_000 }));
    expect(await end).toMatchObject({ kind: 'not-argocd', status: 200 });
    expect(events).toEqual([]);
  });
});

it('a list that came compressed is the same list', async () => {
  const { body } = recording('list-fields-selected').response;
  const { url, asked } = await serve((response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    response.end(gzipSync(bodyText(body)));
  });
  expect(inStates(await clientOf(url).list())).toEqual(expected.get('list-fields-selected')?.leaves);
  expect(asked[0]?.headers['accept-encoding']).toContain('gzip');
});
