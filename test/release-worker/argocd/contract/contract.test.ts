// The contract with a real Argo CD. An HTTP server plays each recorded answer to the real client, byte by byte, and the
// result must be the one in the tables beside this file. Each recording has exactly one row in them.
import { describe, expect, it } from 'vitest';
import { applicationSchema } from '../../../../release-worker/argocd/application-schema.ts';
import { recordOf } from '../../../../release-worker/argocd/record.ts';
import type { AppRecord } from '../../../../release-worker/argocd/application.ts';
import { fixedSecret } from '../../../../release-worker/argocd/secret-source.ts';
import { createRegistry } from '../../../../release-worker/drift/registry.ts';
import { hurriedClock } from '../../../support/hurried-clock.ts';
import { until } from '../../../support/wait.ts';
import { follow, idleMs, silentMs } from '../follow.ts';
import { nothingUnexpected } from '../nothing-unexpected.ts';
import { answeredAs, clientOf, played, serve, type Answer } from '../playback.ts';
import { recordedNames, recording, recordings, type Recording } from '../recordings.ts';
import { askFor, isAskedByUs, refusalOf } from '../situations.ts';
import * as answers from './answers.ts';
import * as leftOut from './not-played.ts';
import * as refused from './refusals.ts';
import * as streamed from './streams.ts';
import * as versions from './versions.ts';
import { grouped, inWords } from './words.ts';

nothingUnexpected();

const refusals = { ...refused.refusals, ...versions.refusals };
const applications = { ...answers.applications, ...versions.applications };
const lists = { ...answers.lists, ...versions.lists };
const streams = { ...streamed.streams, ...versions.streams };
const notPlayed = { ...leftOut.notPlayed, ...versions.notPlayed };
const tables = { refusals, applications, lists, values: answers.values, streams, notPlayed };

describe('the tables', () => {
  const rows = Object.values(tables).flatMap((table) => Object.keys(table));

  it('have exactly one row for each recording', () => {
    expect(rows.sort()).toEqual(recordedNames);
    expect(recordedNames).toHaveLength(337 + 8 + 94);
  });

  it('cover every request of the client', () => {
    const asked = [...recordings.values()].filter((one) => one.kind === 'stream' || isAskedByUs(one));
    expect(asked.filter(({ name }) => notPlayed[name] !== undefined).map(({ name }) => name)).toEqual([]);
  });
});

/** Sends the recorded request to a server that answers as recorded. */
async function outcomeOf(name: string): Promise<unknown> {
  const one = recording(name);
  // Reads are retried, and a refresh waits, so this takes some time.
  const hurried = { clock: hurriedClock(100), requestTimeoutMs: 100_000 };
  if (one.request.path === '/api/v1/session') {
    const { url } = await serve((response, asked) => {
      answeredAs(asked.path === one.request.path ? name : 'userinfo-with-token')(response, asked);
    });
    const credentials = { username: 'button', password: fixedSecret('<password>') };
    return clientOf(url, { ...hurried, credentials }).account();
  }
  const { url } = await serve(isAskedByUs(one) ? playedWithRest(one) : answeredAs(name));
  return askFor(clientOf(url, hurried), one);
}

/** The windows of a project need two requests. The one that was not recorded is answered without windows. */
function playedWithRest(one: Recording): Answer {
  const { pathname } = new URL(one.request.path, 'http://recorded');
  if (!/^\/api\/v1\/projects\/./.test(pathname)) return played(one);
  return (response, asked) => {
    if (asked.path === pathname) played(one)(response, asked);
    else if (asked.path.endsWith('/globalprojects')) answeredAs('globalprojects-none')(response, asked);
    else answeredAs('project-of-one')(response, asked);
  };
}

async function refusedStream(name: string) {
  const { url } = await serve(played(name));
  return follow(clientOf(url)).end;
}

describe('a refusal', () => {
  it.each(Object.entries(refusals))('%s', async (name, [kind, status, words]) => {
    const refusal = await (recording(name).kind === 'stream'
      ? refusedStream(name)
      : refusalOf(outcomeOf(name)));
    expect(refusal).toMatchObject({ kind, status });
    expect(refusal.message).toMatch(words);
  });
});

describe('an answer', () => {
  it.each(Object.entries(applications))('%s is the application %s', async (name, words) => {
    const outcome = await outcomeOf(name);
    // The client only checks that the sync was accepted, but the application in the answer can be read as well.
    const whole = recordOf(applicationSchema.parse(recording(name).response.body));
    if (recording(name).request.method === 'POST') expect(outcome).toBeUndefined();
    else expect(outcome).toEqual(whole);
    expect(inWords(whole)).toBe(words);
  });

  it.each(Object.entries(lists))('%s is a list', async (name, groups) => {
    const outcome = await outcomeOf(name);
    expect(grouped(recordsOf(outcome))).toEqual(groups);
  });

  it.each(Object.entries(answers.values))('%s is %j', async (name, value) => {
    expect(await outcomeOf(name)).toEqual(value);
  });
});

function recordsOf(outcome: unknown): AppRecord[] {
  if (!Array.isArray(outcome)) throw new Error('it is no list');
  return outcome;
}

/** One JSON object per line: the answer if server-sent events were not requested. */
function isLines({ response }: Recording): boolean {
  return response.headers['content-type'] === 'application/json';
}

/** The same events as server-sent events. */
function asEvents(one: Recording): Recording {
  const lines = (one.response.lines ?? []).flatMap(({ atMs, text }) => [
    { atMs, text: `data: ${text} ` },
    { atMs, text: '' },
    { atMs, text: '' },
  ]);
  return { ...one, response: { ...one.response, headers: { 'content-type': 'text/event-stream' }, lines } };
}

const ends = {
  silence: /has been silent for 45 s$/,
  nothing: /has sent nothing for 600 s since it was opened$/,
  cut: /could not follow the event stream/,
};

describe('a stream', () => {
  it.each(Object.entries(streams))('%s', async (name, [how, groups, unreadable = 0]) => {
    const one = isLines(recording(name)) ? asEvents(recording(name)) : recording(name);
    const registry = createRegistry();
    const served = await serve(played(one));
    let events = 0;
    const followed = follow(clientOf(served.url), {
      onEvent: (type, record) => {
        events += 1;
        registry.event(type, record);
      },
    });
    const { lines = [] } = one.response;
    const sent = lines.filter(({ text }) => text.startsWith('data: ')).length;
    let ended = false;
    const end = followed.end.finally(() => {
      ended = true;
    });
    await until(
      'all events',
      () => events + followed.unreadable.length === sent && served.asked.length === 1,
    );
    if (how !== 'cut')
      await until('the end', () => {
        // Another keep-alive may follow.
        followed.clock.advance(how === 'nothing' ? silentMs : idleMs);
        return ended;
      });

    expect(await end).toMatchObject({ kind: 'unavailable', message: expect.stringMatching(ends[how]) });
    expect(grouped(registry.all())).toEqual(groups);
    expect(followed.unreadable).toHaveLength(unreadable);
    await until('the connection to be closed', () => served.connections() === 0);
  });

  const lines = Object.keys(streams).filter((name) => isLines(recording(name)));

  it.each(lines)('%s is refused as one event per line', async (name) => {
    expect(await refusedStream(name)).toMatchObject({ kind: 'not-argocd', status: 200 });
  });
});
